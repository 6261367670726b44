"""Goes round the filter by rare calls: io_uring, userfaultfd, bpf, perf, x32 and 32-bit numbers.

outcome: FAILED
says: came: 0
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    space = ctypes.create_string_buffer(256)
    came = [
        libc.syscall(425, 8, space),
        libc.syscall(323, 0),
        libc.syscall(321, 0, space, 72),
        libc.syscall(298, space, 0, -1, -1, 0),
        libc.syscall(0x40000000 + 41, 1, 1, 0),
        libc.syscall(41, 1, 1, 0),
        libc.syscall(101, 16, PLACES["sentinel"], 0, 0),
        libc.syscall(272, 0x10000000),
        libc.syscall(165, b"none", b"/tmp", b"tmpfs", 0, None),
        libc.syscall(428, -100, b"/", 1),
        libc.syscall(442, -100, b"/", 0, 0, 0),
        libc.syscall(135, 0x40000),
        libc.syscall(317, 0, 0, 0),
    ]
    raise RuntimeError(f"came: {sum(c >= 0 for c in came)}")
