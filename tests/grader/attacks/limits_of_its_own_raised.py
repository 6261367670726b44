"""Raises its own limits, to take more than it may.

outcome: FAILED
says: raised: 0
"""

import resource


def double(x):
    raised = 0
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            kind = getattr(resource, name)
            soft, hard = resource.getrlimit(kind)
            if hard == resource.RLIM_INFINITY:
                continue
            try:
                resource.setrlimit(kind, (hard + 1, hard + 1))
                raised += 1
            except (OSError, ValueError):
                pass
    raise RuntimeError(f"raised: {raised}")
