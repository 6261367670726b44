"""What a worker uses, measured from outside, and the folder that it leaves behind.

The judge asks the kernel about the process and looks at its scratch folder; the worker is not
asked, and none of what it does can make these numbers smaller or the looking endless.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass

from ..course import Limits

MAX_THREADS = 256
MAX_FILES = 10_000  # in a scratch folder
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGESIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Used:
    """What a process uses.

    Attributes:
        cpu: Seconds of processor time, of all its threads.
        threads: How many it has.
        memory: Bytes that are resident.
    """

    cpu: float
    threads: int
    memory: int


def used(pid: int) -> Used:
    """What a process uses now.

    Raises:
        OSError: It has ended, or this system has no /proc.
    """
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()  # from the third on: proc(5)
    user, system, threads, resident = (int(fields[n]) for n in (11, 12, 17, 21))
    return Used((user + system) / _TICKS, threads, resident * _PAGE)


def own_memory() -> tuple[int, int]:
    """Bytes of address space, and of those that only this process has; 0 where nobody says."""
    try:
        with open("/proc/self/statm", "rb") as file:
            fields = file.read().split()
    except OSError:
        return 0, 0
    return int(fields[0]) * _PAGE, int(fields[5]) * _PAGE


def excess(pid: int, limits: Limits) -> str:
    """What a process uses too much of, as a part of a sentence; empty if nothing."""
    try:
        now = used(pid)
    except OSError:
        return ""
    if now.memory > limits.memory_mb << 20:
        return f"used more than {limits.memory_mb} MiB of memory"
    if now.cpu > limits.cpu_seconds:
        return f"used more than {limits.cpu_seconds} s of processor time"
    if now.threads > MAX_THREADS:
        return f"started more than {MAX_THREADS} threads"
    return ""


def overfull(folder: str, limits: Limits) -> str:
    """What a scratch folder holds too much of, as a part of a sentence; empty if nothing."""
    size = files = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                    if files > MAX_FILES:
                        return f"made more than {MAX_FILES:,} files"
                    if size > limits.scratch_mb << 20:
                        return f"wrote more than {limits.scratch_mb} MiB of files"
        except (FileNotFoundError, PermissionError):
            continue
        except OSError:
            return "nested folders too deep"
    return ""


def new_folder() -> str:
    """A folder for what one test writes."""
    return tempfile.mkdtemp(prefix="kata-")


def remove(folder: str) -> None:
    """Remove a folder, however deep learner code has nested it; nothing is followed out of it."""
    with contextlib.suppress(OSError):
        while entries := list(os.scandir(folder)):
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)
                for inner in list(os.scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        os.rename(inner.path, os.path.join(folder, secrets.token_hex()))
                    else:
                        os.unlink(inner.path)
                os.rmdir(entry.path)
        os.rmdir(folder)
