"""Answers with a list that holds itself.

outcome: FAILED
says: nests deeper
"""


def double(x):
    y = []
    y.append(y)
    return y
