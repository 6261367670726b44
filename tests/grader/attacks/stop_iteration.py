"""Raises StopIteration, which would end a loop of the judge's and with it the test.

outcome: FAILED
says: raised StopIteration
"""


def double(x):
    raise StopIteration
