"""Fills the disk with one file.

outcome: FAILED
says: File too large|MiB of files
"""


def double(x):
    with open("big", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
