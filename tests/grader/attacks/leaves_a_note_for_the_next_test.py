"""Keeps what it has seen for the next test: in files, in Python's modules, in shared memory.

outcome: FAILED
says: notes: 0
"""

import os
import sys

NOTES = [
    name
    for name in ("note", "/tmp/" + PLACES["mark"], "/dev/shm/" + PLACES["mark"])
    if os.path.exists(name)
]
NOTES += [1] if hasattr(sys, "note") else []


def double(x):
    sys.note = x
    open("note", "w").close()
    for path in ("/tmp/", "/dev/shm/"):
        try:
            open(path + PLACES["mark"], "w").close()
        except OSError:
            pass
    raise ValueError(f"notes: {len(NOTES)}")
