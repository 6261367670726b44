"""Stops itself with SIGSTOP, so that it neither answers nor ends.

outcome: FAILED
says: did not return within
"""

import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGSTOP)
