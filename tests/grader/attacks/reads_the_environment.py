"""Reads the environment: its own, the one at its start, and those of its parents in /proc.

outcome: FAILED
says: found
never: SECRET
"""

import ctypes
import os


def double(x):
    found = [dict(os.environ), os.getenv("KATA_SECRET"), os.getenv("LC_ALL")]
    for pid in ("self", os.getppid(), PLACES["nursery"], PLACES["judge"], PLACES["grader"], 1):
        for name in ("environ", "cmdline"):
            try:
                found.append(open(f"/proc/{pid}/{name}", "rb").read())
            except OSError:
                pass
    libc = ctypes.CDLL(None)
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    i = 0
    while environ and environ[i]:
        found.append(environ[i])
        i += 1
    raise ValueError(f"found {found}"[:3000])
