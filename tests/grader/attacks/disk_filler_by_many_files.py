"""Fills the disk with many files, each below the limit.

outcome: FAILED
says: MiB of files|files, and was stopped
"""


def double(x):
    i = 0
    while True:
        i += 1
        with open(f"f{i}", "wb") as file:
            file.write(bytes(1 << 20))
