"""Loops without end at import.

outcome: FAILED
says: does not load: a call did not return within
"""

while True:
    pass
