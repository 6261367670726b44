"""Opens a store and a process group of torch.distributed, which are sockets in C++.

outcome: FAILED
says: Error|error
"""

import datetime

import torch.distributed as dist


def double(x):
    dist.TCPStore(
        "127.0.0.1", PLACES["tcp"], 1, False, timeout=datetime.timedelta(milliseconds=300)
    )
    return x + x
