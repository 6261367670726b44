"""Folders for what a process writes while it runs, which outlive it in no case.

A folder is locked by the process that made it, and the system ends the lock with the process. So
whoever makes the next one can tell which of those that lie there have lost their owner by `kill -9`
or a crash, and removes them. Where there are no such locks (Windows), only the end of the `with`
removes a folder.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .seam import measures

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

PREFIX = "kata-run-"
_NEW = "kata-new-"  # until it is locked
_SOON = 60  # seconds after which one that is not locked never will be


class Scratch:
    """A folder of this process; `close` removes it.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self) -> None:
        parent = tempfile.gettempdir()
        sweep(parent)
        # Under another name until it is locked: nobody may take it for one without an owner.
        made = tempfile.mkdtemp(prefix=_NEW, dir=parent)
        self._lock = os.open(made, os.O_RDONLY) if fcntl else None
        if self._lock is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        self.path = os.path.join(parent, PREFIX + secrets.token_hex(6))
        os.rename(made, self.path)

    def close(self) -> None:
        """Remove the folder, whatever lies in it."""
        measures.remove(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder that is there within the `with`."""
    made = Scratch()
    try:
        yield Path(made.path)
    finally:
        made.close()


def sweep(parent: str) -> None:
    """Remove the folders in `parent` that processes of this user have left behind."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith((PREFIX, _NEW)):
                with contextlib.suppress(OSError):
                    _sweep(entry)


def _sweep(entry: os.DirEntry[str]) -> None:
    if not entry.is_dir(follow_symlinks=False) or entry.stat().st_uid != os.geteuid():
        return
    if entry.name.startswith(_NEW) and abs(time.time() - entry.stat().st_mtime) < _SOON:
        return
    handle = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its owner lives
        measures.remove(entry.path)
    finally:
        os.close(handle)
