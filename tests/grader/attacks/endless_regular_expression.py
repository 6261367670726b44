"""Backtracks for longer than the sun shines, in C.

outcome: FAILED
says: did not return within
"""

import re


def double(x):
    return re.match("(a+)+b", "a" * 100)
