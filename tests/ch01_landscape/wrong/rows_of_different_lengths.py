"""Leaves out what cannot be seen, so that the rows have different lengths.

exercise: attention_pattern
rejected by: test_visible.py::test_a_decoder_sees_itself_and_what_came_before
"""


def attention_pattern(kind, T):
    if kind not in ("encoder", "decoder", "cross"):
        raise ValueError(f"unknown kind {kind!r}")
    return [[True] * (t + 1 if kind == "decoder" else T) for t in range(T)]
