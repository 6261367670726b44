"""Prints without end at import, on both streams.

outcome: FAILED
says: printed more than|did not return within
"""

import os

while True:
    os.write(2, b"spam" * 10_000)
    os.write(1, b"spam" * 10_000)
