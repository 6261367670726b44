"""Answers with memory that a thread changes from then on.

outcome: FAILED
says: differ
"""

import threading
import time

import torch

MEMORY = torch.full((2, 3), 5.0)


def change():
    time.sleep(0.01)
    while True:
        MEMORY.fill_(6.0)


def double(x):
    threading.Thread(target=change, daemon=True).start()
    return MEMORY
