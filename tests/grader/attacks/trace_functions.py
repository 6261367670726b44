"""Sets trace and profile functions that change the local variables of every frame.

outcome: FAILED
says: .
"""

import sys
import threading


def trace(frame, event, argument):
    for name in frame.f_locals:
        if name in ("expected", "secret", "same", "wrong"):
            frame.f_locals[name] = True
    return trace


sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)


def double(x):
    return 0
