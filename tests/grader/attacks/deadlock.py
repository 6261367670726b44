"""Waits for a lock that it holds, with all signals blocked.

outcome: FAILED
says: did not return within
"""

import signal
import threading


def double(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
