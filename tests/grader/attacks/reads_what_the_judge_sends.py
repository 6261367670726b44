"""Reads ahead on the seam for the tests' inputs and whatever else is sent.

outcome: FAILED
says: .
"""

import os


def double(x):
    os.set_blocking(3, False)
    try:
        raise ValueError(os.read(3, 1 << 20))
    except BlockingIOError:
        raise ValueError("nothing there") from None
