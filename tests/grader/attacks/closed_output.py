"""Closes its output, and is right.

outcome: PASSED
"""

import os
import sys

sys.stdout.close()
os.closerange(0, 3)


def double(x):
    return x + x
