"""Starts threads without end.

outcome: FAILED
says: threads, and was stopped|can't start new thread|memory
"""

import threading
import time

threading.stack_size(32768)


def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
