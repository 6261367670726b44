"""Starts a judge and a nursery of its own, to get at the suites through them.

outcome: FAILED
says: cannot be started|Permission|Error
"""

import sys


def double(x):
    sys.modules["__main__"].start()
    return x
