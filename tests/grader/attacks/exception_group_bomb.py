"""Raises exception groups nested a hundred thousand deep, with causes in a circle.

outcome: FAILED
says: .
"""


def double(x):
    error = ValueError("1")
    for _ in range(100_000):
        error = ExceptionGroup("x", [error])
    error.__cause__ = error.__context__ = error
    raise error
