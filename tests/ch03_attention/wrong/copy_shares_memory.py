"""Lets v1 look at v2's own memory, so that training one changes the other.

exercise: copy_v2_into_v1
rejected by: test_hidden.py::test_copied_weights_are_independent
"""

import torch


def copy_v2_into_v1(v2: SelfAttention_v2, v1: SelfAttention_v1) -> SelfAttention_v1:
    pairs = [(v2.W_query, v1.W_query), (v2.W_key, v1.W_key), (v2.W_value, v1.W_value)]
    if any(layer.bias is not None for layer, _ in pairs):
        raise ValueError("v2 has a bias in its layers (qkv_bias=True), v1 has no place for it")
    with torch.no_grad():
        for layer, matrix in pairs:
            matrix.data = layer.weight.data.T  # (d_in, d_out)
    return v1
