"""Looks for descriptors that it was not given: of the judge, the results, the nursery.

outcome: FAILED
says: found \[\]
"""

import os

FOUND = []
for number in range(4, 1024):
    try:
        os.fstat(number)
        FOUND.append(number)
    except OSError:
        pass


def double(x):
    raise ValueError(f"found {FOUND}")
