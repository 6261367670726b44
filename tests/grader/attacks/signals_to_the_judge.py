"""Sends every signal to its nursery, the judge, the grader, and processes of others.

outcome: FAILED
says: signals sent: 0
"""

import os


def double(x):
    sent = 0
    for pid in (
        PLACES["nursery"],
        PLACES["judge"],
        PLACES["grader"],
        PLACES["sentinel"],
        os.getppid(),
        1,
    ):
        for number in range(65):
            try:
                os.kill(pid, number)
                sent += 1
            except OSError:
                pass
    raise RuntimeError(f"signals sent: {sent}")
