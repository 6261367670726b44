"""Leaves a thread behind that would go on after the call, and one that forbids the end.

outcome: PASSED
"""

import threading
import time


def forever():
    while True:
        time.sleep(0.01)


threading.Thread(target=forever, daemon=False).start()


def double(x):
    threading.Thread(target=forever, daemon=False).start()
    return x + x
