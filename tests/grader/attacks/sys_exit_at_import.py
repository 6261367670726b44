"""Raises SystemExit(0) at import.

outcome: FAILED
says: SystemExit
"""

import sys

sys.exit(0)
