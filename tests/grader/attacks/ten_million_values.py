"""Answers with ten million values.

outcome: FAILED
says: .
"""


def double(x):
    return [(None,)] * 10_000_000
