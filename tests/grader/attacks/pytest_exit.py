"""Calls pytest.exit with the code of success.

outcome: FAILED
says: done
"""

import pytest

pytest.exit("done", returncode=0)
