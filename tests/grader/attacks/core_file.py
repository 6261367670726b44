"""Raises its limit of core files and aborts, so that its memory lies on the disk.

outcome: FAILED
says: SIGABRT
"""

import os
import resource


def double(x):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        pass
    os.abort()
