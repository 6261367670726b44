"""Makes shared memory, semaphores, queues and keys that would outlive it.

outcome: FAILED
says: made: 0
"""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    made = [
        libc.shmget(0x6B617461, 4096, 0o1666),
        libc.semget(0x6B617461, 1, 0o1666),
        libc.msgget(0x6B617461, 0o1666),
        libc.syscall(240, b"kata", 0o102, 0o666, 0),
        libc.syscall(248, b"user", b"kata", b"x", 1, -3),
        libc.syscall(250, 1, b"kata"),
        libc.syscall(319, b"kata", 0),
    ]
    raise RuntimeError(f"made: {sum(m >= 0 for m in made)}")
