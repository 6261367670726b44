"""Raises the grader's own exceptions, so that the trouble seems to be the grader's: no score.

outcome: FAILED
says: .
"""

from grader.errors import UnjudgedError


def double(x):
    raise UnjudgedError("the nursery has ended")
