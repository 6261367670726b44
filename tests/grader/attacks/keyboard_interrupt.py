"""Raises KeyboardInterrupt, which pytest takes for a wish of the user's.

outcome: FAILED
says: KeyboardInterrupt
"""


def double(x):
    raise KeyboardInterrupt
