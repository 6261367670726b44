"""Raises what pytest, unittest and Hypothesis take for a wish: skip, xfail, exit, reject.

outcome: FAILED
says: raised
"""

import unittest

import hypothesis
import pytest


def double(x):
    if isinstance(x, int):
        if x % 3 == 0:
            hypothesis.reject()
        hypothesis.assume(False)
    try:
        pytest.skip("not today")
    except BaseException:
        raise unittest.SkipTest("not today")
