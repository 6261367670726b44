"""Copies the weights and silently drops the biases, so that v1 computes something else.

exercise: copy_v2_into_v1
rejected by: test_hidden.py::test_copying_refuses_biases
"""

import torch


def copy_v2_into_v1(v2: SelfAttention_v2, v1: SelfAttention_v1) -> SelfAttention_v1:
    pairs = [(v2.W_query, v1.W_query), (v2.W_key, v1.W_key), (v2.W_value, v1.W_value)]
    with torch.no_grad():
        for layer, matrix in pairs:
            matrix.copy_(layer.weight.T)  # (d_in, d_out)
    return v1
