"""Catches whatever a deadline inside the process would raise, and resets its timers.

outcome: FAILED
says: did not return within
"""

import signal
import time


def double(x):
    while True:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(1)
        except BaseException:
            continue
