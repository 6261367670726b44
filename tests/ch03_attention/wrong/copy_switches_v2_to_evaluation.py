"""Leaves v2 in eval mode.

exercise: copy_v2_into_v1
rejected by: test_hidden.py::test_a_copy_can_be_trained
"""

import torch


def copy_v2_into_v1(v2: SelfAttention_v2, v1: SelfAttention_v1) -> SelfAttention_v1:
    pairs = [(v2.W_query, v1.W_query), (v2.W_key, v1.W_key), (v2.W_value, v1.W_value)]
    if any(getattr(layer, "bias", None) is not None for layer, _ in pairs):
        raise ValueError("v2 has a bias in its layers (qkv_bias=True), v1 has no place for it")
    v2.eval()
    with torch.no_grad():
        for layer, matrix in pairs:
            matrix.copy_(layer.weight.T)  # (d_in, d_out)
    return v1
