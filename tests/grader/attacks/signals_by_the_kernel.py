"""Has the kernel send signals for it: F_SETOWN and F_SETSIG on a pipe, timers, death of a parent.

outcome: FAILED
says: owners set: 0
"""

import fcntl
import os


def double(x):
    reading, writing = os.pipe()
    done = 0
    for command, value in ((fcntl.F_SETOWN, PLACES["sentinel"]), (10, 9), (15, 0), (1024, 1)):
        try:
            fcntl.fcntl(reading, command, value)
            done += 1
        except OSError:
            pass
    os.write(writing, b"x")
    raise RuntimeError(f"owners set: {done}")
