"""Takes memory without end.

outcome: FAILED
says: MemoryError|MiB of memory|SIGKILL
"""


def double(x):
    kept = []
    while True:
        kept.append(bytearray(50 << 20))
