"""Hides from each position of a decoder its own word as well: off by one.

exercise: attention_pattern
rejected by: test_visible.py::test_a_decoder_sees_itself_and_what_came_before
"""


def attention_pattern(kind, T):
    if kind not in ("encoder", "decoder", "cross"):
        raise ValueError(f"unknown kind {kind!r}")
    return [[kind != "decoder" or s < t for s in range(T)] for t in range(T)]
