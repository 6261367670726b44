"""Hides the end of the encoder's text in cross-attention, although that text is finished.

exercise: attention_pattern
rejected by: test_visible.py::test_encoder_and_cross_attention_see_everything
"""


def attention_pattern(kind, T):
    if kind not in ("encoder", "decoder", "cross"):
        raise ValueError(f"unknown kind {kind!r}")
    return [[kind == "encoder" or s <= t for s in range(T)] for t in range(T)]
