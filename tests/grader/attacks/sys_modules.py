"""Empties sys.modules, and puts liars in the places of torch and struct.

outcome: FAILED
says: .
"""

import sys
import types

for name in list(sys.modules):
    if name.split(".")[0] in ("torch", "struct", "numpy", "grader"):
        sys.modules[name] = types.ModuleType(name)


def double(x):
    return 0
