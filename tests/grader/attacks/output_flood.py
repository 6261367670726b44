"""Prints without end.

outcome: FAILED
says: printed more than|did not return within
"""

import os


def double(x):
    while True:
        os.write(1, b"spam" * 10_000)
