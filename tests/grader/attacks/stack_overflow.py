"""Recurses without end, in Python that has had its limit lifted.

outcome: FAILED
says: SIGSEGV|RecursionError|Memory
"""

import sys

sys.setrecursionlimit(2**31 - 1)


def deeper(x):
    return [*map(deeper, [x])]


def double(x):
    return deeper(x)
