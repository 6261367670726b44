"""Draws the triangle of a decoder for every kind.

exercise: attention_pattern
rejected by: test_visible.py::test_encoder_and_cross_attention_see_everything
"""


def attention_pattern(kind, T):
    if kind not in ("encoder", "decoder", "cross"):
        raise ValueError(f"unknown kind {kind!r}")
    return [[s <= t for s in range(T)] for t in range(T)]
