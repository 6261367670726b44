"""Closes every descriptor, the seam's own too.

outcome: FAILED
says: ended
"""

import os


def double(x):
    os.closerange(0, 4096)
    return x + x
