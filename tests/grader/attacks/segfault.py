"""Reads address 0.

outcome: FAILED
says: SIGSEGV
"""

import ctypes


def double(x):
    ctypes.string_at(0)
