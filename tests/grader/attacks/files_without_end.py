"""Makes empty files without end, with names as long as may be.

outcome: FAILED
says: files, and was stopped|did not return within
"""


def double(x):
    i = 0
    while True:
        i += 1
        open(f"{i:0200}", "w").close()
