"""Calls a function at an address where none is.

outcome: FAILED
says: SIG(SEGV|BUS|ILL)
"""

import ctypes


def double(x):
    ctypes.CFUNCTYPE(None)(0xDEAD)()
