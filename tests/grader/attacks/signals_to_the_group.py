"""Sends signals to its group, to every process, and by other calls than kill.

outcome: FAILED
says: signals sent: 0
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    sent = 0
    pid = PLACES["sentinel"]
    info = (ctypes.c_int * 32)(9, 0, -1)
    for call in (
        lambda: os.kill(0, 9),
        lambda: os.kill(-1, 9),
        lambda: os.killpg(os.getpgrp(), 9),
        lambda: libc.syscall(200, pid, 9) and 1 / 0,  # tkill
        lambda: libc.syscall(234, pid, pid, 9) and 1 / 0,  # tgkill
        lambda: libc.syscall(129, pid, 9, info) and 1 / 0,  # rt_sigqueueinfo
        lambda: libc.syscall(297, pid, pid, 9, info) and 1 / 0,  # rt_tgsigqueueinfo
        lambda: libc.syscall(424, os.pidfd_open(pid), 9, None, 0) and 1 / 0,
    ):
        try:
            call()
            sent += 1
        except (OSError, ZeroDivisionError):
            pass
    raise RuntimeError(f"signals sent: {sent}")
