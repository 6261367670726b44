"""Leaves a daemon behind: forked twice, in a session of its own, deaf to signals.

outcome: FAILED
says: PermissionError
"""

import os
import signal
import time


def double(x):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in range(1, 32):
                if number not in (9, 19):
                    signal.signal(number, signal.SIG_IGN)
            time.sleep(1000)
        os._exit(0)
    return x + x
