"""Nests folders without end, so that who cleans up runs out of path or stack.

outcome: FAILED
says: too deep|files, and was stopped|did not return
"""

import os


def double(x):
    while True:
        os.mkdir("deep")
        os.chdir("deep")
