"""Gives ones and zeros where bools were asked for.

exercise: attention_pattern
rejected by: test_hidden.py::test_patterns_of_any_size
"""


def attention_pattern(kind, T):
    if kind not in ("encoder", "decoder", "cross"):
        raise ValueError(f"unknown kind {kind!r}")
    return [[int(kind != "decoder" or s <= t) for s in range(T)] for t in range(T)]
