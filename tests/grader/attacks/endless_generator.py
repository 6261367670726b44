"""Answers with a generator that never ends.

outcome: FAILED
says: not a plain value|expected a tensor
"""


def double(x):
    while True:
        yield x
