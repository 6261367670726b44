"""Types into the terminal, and takes it over.

outcome: FAILED
says: done: 0
"""

import fcntl
import os


def double(x):
    done = 0
    for number in (0, 1, 2):
        for request in (0x5412, 0x540E, 0x541C, 0x5422):
            try:
                fcntl.ioctl(number, request, b"x")
                done += 1
            except OSError:
                pass
    for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/tty0"):
        try:
            os.open(path, os.O_RDWR)
            done += 1
        except OSError:
            pass
    raise ValueError(f"done: {done}")
