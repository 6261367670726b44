"""Computes in threads, a pool of them, and a daemon that is never joined."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch

threading.Thread(target=time.sleep, args=(60,), daemon=True).start()


def double(x):
    with ThreadPoolExecutor(4) as pool:
        return pool.submit(lambda: x + x).result()


def quadruple(x):
    found = []
    thread = threading.Thread(target=lambda: found.append(4 * x))
    thread.start()
    thread.join()
    return found[0]


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
