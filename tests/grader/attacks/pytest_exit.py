"""Calls pytest.exit with the code of success.

outcome: FAILED
says: an exception
"""
import pytest

pytest.exit("done", returncode=0)
