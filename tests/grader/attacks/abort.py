"""Aborts.

outcome: FAILED
says: SIGABRT
"""

import os


def double(x):
    os.abort()
