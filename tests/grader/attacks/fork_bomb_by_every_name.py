"""Forks through each call that makes a process: vfork, clone, clone3, posix_spawn, exec.

outcome: FAILED
says: tried 9, came 0
"""

import ctypes
import os
import subprocess

libc = ctypes.CDLL(None, use_errno=True)


def attempt(function):
    try:
        return function()
    except OSError:
        return -1


def double(x):
    tries = [
        lambda: libc.fork(),
        lambda: libc.syscall(57),
        lambda: libc.syscall(58),
        lambda: libc.syscall(56, 17, 0, 0, 0, 0),
        lambda: libc.syscall(435, (ctypes.c_uint64 * 11)(0, 0, 0, 0, 17), 88),
        lambda: os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}),
        lambda: os.execv("/bin/sleep", ["sleep", "1000"]),
        lambda: subprocess.Popen(["/bin/sleep", "1000"]),
        lambda: os.system("sleep 1000 &") or -1,
    ]
    came = [r for r in map(attempt, tries) if r != -1 and not (isinstance(r, int) and r > 255)]
    raise RuntimeError(f"tried {len(tries)}, came {len(came)}")
