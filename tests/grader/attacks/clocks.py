"""Replaces the clocks, so that a deadline measured here never comes.

outcome: FAILED
says: did not return within
"""

import time

time.time = time.monotonic = time.perf_counter = lambda: 0.0


def double(x):
    while True:
        pass
