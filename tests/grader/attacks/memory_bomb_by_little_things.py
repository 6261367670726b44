"""Takes memory by small objects, and survives every MemoryError.

outcome: FAILED
says: MiB of memory|did not return within|SIGKILL
"""


def double(x):
    kept = []
    while True:
        try:
            while True:
                kept.append([0] * 1000)
        except MemoryError:
            continue
