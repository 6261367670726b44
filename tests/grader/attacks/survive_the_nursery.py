"""Asks not to be killed when its nursery ends, and hides under another name.

outcome: FAILED
says: tried, refused
"""

import ctypes


def double(x):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(15, b"kthreadd", 0, 0, 0)
    if libc.prctl(1, 0, 0, 0, 0) == 0:
        raise RuntimeError("no signal at the parent's death")
    raise RuntimeError("tried, refused")
