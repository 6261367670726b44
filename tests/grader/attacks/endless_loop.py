"""Loops without end.

outcome: FAILED
says: did not return within
"""


def double(x):
    while True:
        pass
