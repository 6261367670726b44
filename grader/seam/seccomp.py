"""The system calls that a worker may make: an allow-list, as a program for the kernel's filter.

What is not listed fails with EPERM, which Python raises as PermissionError. So there are no
sockets, no new programs and processes, no tracing, mounting, io_uring or keyrings, no System V or
POSIX queues and semaphores, no changes of mode, owner, times or attributes, and nothing that a
later kernel adds. Threads are made with clone; clone3 fails with ENOSYS, because its flags lie in
memory, where a filter cannot look, and the C library then falls back on clone.
"""

from __future__ import annotations

import errno
import struct
import sys

# Numbers on x86_64 and aarch64 (asm/unistd_64.h, asm-generic/unistd.h); - where there is none.
_TABLE = """
    read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68,
    preadv 295 69, pwritev 296 70, preadv2 327 286, pwritev2 328 287, lseek 8 62, close 3 57,
    close_range 436 436, open 2 -, openat 257 56, openat2 437 437, creat 85 -, stat 4 -,
    fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48,
    faccessat2 439 439, readlink 89 -, readlinkat 267 78, statfs 137 43, fstatfs 138 44,
    getcwd 79 17, chdir 80 49, fchdir 81 50, getdents 78 -, getdents64 217 61, mkdir 83 -,
    mkdirat 258 34, rmdir 84 -, unlink 87 -, unlinkat 263 35, rename 82 -, renameat 264 38,
    renameat2 316 276, truncate 76 45, ftruncate 77 46, fallocate 285 47, fsync 74 82,
    fdatasync 75 83, flock 73 32, fadvise64 221 223, sendfile 40 71, copy_file_range 326 285,
    dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, eventfd 284 -, eventfd2 290 19,
    poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
    epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22,
    epoll_pwait2 441 441, recvfrom 45 207, shutdown 48 210, getsockopt 55 209,
    getsockname 51 204, getpeername 52 205, mmap 9 222, munmap 11 215, mremap 25 216,
    mprotect 10 226, madvise 28 233, msync 26 227, mincore 27 232, brk 12 214,
    membarrier 324 283, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139,
    rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132,
    pause 34 -, alarm 37 -, getitimer 36 102, setitimer 38 103, nanosleep 35 101,
    clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169,
    time 201 -, times 100 153, futex 202 98, futex_waitv 449 449, set_robust_list 273 99,
    rseq 334 293, set_tid_address 218 96, restart_syscall 219 128, gettid 186 178,
    getpid 39 172, getppid 110 173, getpgrp 111 -, getpgid 121 155, getsid 124 156,
    getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177, getresuid 118 148,
    getresgid 120 150, getgroups 115 158, getcpu 309 168, uname 63 160, sysinfo 99 179,
    getrusage 98 165, getrlimit 97 163, setrlimit 160 164, getrandom 318 278, umask 95 166,
    arch_prctl 158 -, capget 125 90, get_mempolicy 239 236, sched_yield 24 124,
    sched_getaffinity 204 123, sched_getparam 143 121, sched_getscheduler 145 120,
    sched_get_priority_max 146 125, sched_get_priority_min 147 126, wait4 61 260,
    waitid 247 95, exit 60 93, exit_group 231 94,
    fcntl 72 25, ioctl 16 29, prctl 157 167, sendto 44 206, socketpair 53 199, clone 56 220,
    clone3 435 435, kill 62 129, tgkill 234 131, prlimit64 302 261, sched_setaffinity 203 122
"""
NUMBERS = {
    name: tuple(None if number == "-" else int(number) for number in numbers)
    for name, *numbers in (entry.split() for entry in _TABLE.split(","))
}

# These are allowed if the argument of that index is one of these values; PID is the worker's own.
PID = -1
CONDITIONS: dict[str, tuple[int, tuple[int, ...]]] = {
    # Duplicate, flags and locks; not F_SETOWN and F_SETSIG, by which the kernel sends any signal
    # to anybody, nor leases.
    "fcntl": (1, (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)),
    # isatty, the size of a window, bytes to read, close-on-exec and non-blocking; not TIOCSTI,
    # which types into a terminal.
    "ioctl": (1, (0x5401, 0x5413, 0x541B, 0x5450, 0x5451, 0x5421)),
    # Names of threads and of memory; not PR_SET_PDEATHSIG, by which a worker ends with its nursery.
    "prctl": (0, (3, 15, 16, 0x53564D41)),
    "sendto": (4, (0,)),  # no address: only on a socket that is connected already
    "socketpair": (0, (1,)),  # AF_UNIX; asyncio wakes itself with one
    "kill": (0, (PID,)),
    "tgkill": (0, (PID,)),  # abort, raise, and what threads of Python send each other
    "prlimit64": (0, (0, PID)),
    "sched_setaffinity": (0, (0,)),
}
CLONE_THREAD = 0x00010000

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH_*
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD|W|ABS, JEQ, JSET, RET
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # SECCOMP_RET_*
_REFUSE = _ERRNO | errno.EPERM


def program(machine: str, pid: int) -> bytes:
    """The filter, as an array of `struct sock_filter`.

    Args:
        machine: As `os.uname` names it.
        pid: The process to which the calling one may send signals: its own.

    Raises:
        OSError: The system calls of this machine are not known here.
    """
    if machine not in _MACHINES or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, f"no list of system calls for {machine}")
    column, architecture = _MACHINES[machine]
    steps = [_step(_LOAD, 4), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _REFUSE)]
    steps.append(_step(_LOAD, 0))  # the number
    for name, numbers in NUMBERS.items():
        if (number := numbers[column]) is not None:
            then = _then(name, pid)
            steps += [_step(_EQUAL, number, 0, len(then)), *then]
    return b"".join([*steps, _step(_RETURN, _REFUSE)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _then(name: str, pid: int) -> list[bytes]:
    """What follows once the call is known to be this one; it always ends with a return."""
    if name == "clone3":
        return [_step(_RETURN, _ERRNO | errno.ENOSYS)]
    allow = _step(_RETURN, _ALLOW)
    refuse = _step(_RETURN, _REFUSE)
    if name == "clone":
        return [_step(_LOAD, 16), _step(_ANY_BIT, CLONE_THREAD, 0, 1), allow, refuse]
    if name not in CONDITIONS:
        return [allow]
    argument, values = CONDITIONS[name]
    low, high = _step(_LOAD, 16 + 8 * argument), _step(_LOAD, 20 + 8 * argument)
    found = []
    if name == "sendto":  # a pointer has 64 bits, the others are ints
        found = [high, _step(_EQUAL, 0, 1, 0), refuse]
    found.append(low)
    for value in values:
        found += [_step(_EQUAL, pid if value == PID else value, 0, 1), allow]
    return [*found, refuse]
