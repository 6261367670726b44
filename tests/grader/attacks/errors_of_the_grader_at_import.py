"""Raises the grader's own exceptions at import.

outcome: FAILED
says: does not load
"""

from grader.errors import UnjudgedError

raise UnjudgedError("the nursery has ended")
