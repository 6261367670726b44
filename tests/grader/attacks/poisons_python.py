"""Writes into Python's library and torch's, which other workers import.

outcome: FAILED
says: wrote: 0
"""

import os
import sys
import sysconfig

import torch


def double(x):
    wrote = 0
    for folder in (
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("purelib"),
        torch.__path__[0],
        sys.prefix,
    ):
        for name in (PLACES["mark"] + ".pth", f"__pycache__/{PLACES['mark']}"):
            try:
                open(os.path.join(folder, name), "w").close()
                wrote += 1
            except OSError:
                pass
    for path in (os.__file__, torch.__file__):
        try:
            open(path, "a").close()
            wrote += 1
        except OSError:
            pass
    raise ValueError(f"wrote: {wrote}")
