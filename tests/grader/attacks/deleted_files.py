"""Fills the disk with files that are deleted while they are open.

outcome: FAILED
says: Too many open files|File too large
"""

import os


def double(x):
    kept = []
    while True:
        kept.append(open("big", "wb"))
        kept[-1].write(bytes(100_000))
        os.unlink("big")
