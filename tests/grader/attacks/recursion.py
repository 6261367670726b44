"""Recurses without end.

outcome: FAILED
says: RecursionError
"""


def double(x):
    return double(x)
