"""Ends the process in a call with the exit code of success.

outcome: FAILED
says: ended itself with exit code 0
"""

import os


def double(x):
    os._exit(0)
