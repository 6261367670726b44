"""Refuses biases only if they are not zero.

exercise: copy_v2_into_v1
rejected by: test_hidden.py::test_copying_refuses_biases
"""

import torch


def copy_v2_into_v1(v2: SelfAttention_v2, v1: SelfAttention_v1) -> SelfAttention_v1:
    pairs = [(v2.W_query, v1.W_query), (v2.W_key, v1.W_key), (v2.W_value, v1.W_value)]
    if any(layer.bias is not None and layer.bias.any() for layer, _ in pairs):
        raise ValueError("v2 has a bias in its layers (qkv_bias=True), v1 has no place for it")
    with torch.no_grad():
        for layer, matrix in pairs:
            matrix.copy_(layer.weight.T)  # (d_in, d_out)
    return v1
