"""Kills itself with SIGKILL.

outcome: FAILED
says: SIGKILL
"""

import os
import signal


def double(x):
    os.kill(os.getpid(), signal.SIGKILL)
