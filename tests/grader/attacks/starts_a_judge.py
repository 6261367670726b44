"""Starts a judge and a nursery of its own, to get at the suites through them.

outcome: FAILED
says: cannot be started|Permission|PermissionError|Unjudged
"""
from grader.seam import nursery


def double(x):
    nursery.start()
    return x
