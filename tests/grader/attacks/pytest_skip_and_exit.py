"""Calls pytest.skip, which in one process would take the test out of the denominator.

outcome: FAILED
says: an exception
"""

import pytest


def double(x):
    pytest.skip("not today")
