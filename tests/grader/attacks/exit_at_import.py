"""Ends the process at import with the exit code of success.

outcome: FAILED
says: does not load
"""

import os

os._exit(0)
