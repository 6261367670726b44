"""A folder that is there whole or not at all.

A draft is written beside its place and renamed into it at the end. An operating-system lock says
that its writer lives; a draft whose lock nobody holds is what a killed build left behind, and the
next build of that folder removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import KataError, UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass
class Draft:
    """A folder in the making.

    Attributes:
        folder: Where to write.
        place: Where it goes.
        lock: The locked file; hand it down to processes that write, so that it outlives us.
        lock_path: Where that file is.
    """

    folder: Path
    place: Path
    lock: int
    lock_path: Path

    def keep(self) -> None:
        """Put the folder in its place, over what is there.

        Raises:
            KataError: The operating system refuses.
        """
        old = self.folder.with_name(self.folder.name + ".old")
        try:
            if not self.place.exists() or not any(self.place.iterdir()):
                if sys.platform == "win32" and self.place.exists():
                    self.place.rmdir()
                os.rename(self.folder, self.place)
            elif not _exchange(self.folder, self.place):
                os.rename(self.place, old)
                os.rename(self.folder, self.place)
        except OSError as error:
            raise KataError(
                f"the finished folder cannot be put in place at {self.place}: {error.strerror}; "
                "name a folder that does not exist yet"
            ) from None


@contextlib.contextmanager
def draft(place: Path, check: Callable[[Path], None]) -> Iterator[Draft]:
    """Make a draft for `place`; it disappears unless `keep()` was called.

    Args:
        place: The folder to make.
        check: Raises UsageError where `place` holds something that may not be replaced.

    Raises:
        UsageError: `place` cannot be made or replaced.
    """
    place = place.absolute().resolve()
    check_place(place, check)
    missing = [p for p in place.parents if not p.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place)
        made = _start(place)
    except OSError as error:
        raise UsageError(f"{place.parent} cannot be written to: {error.strerror}") from None
    try:
        yield made
    finally:
        _clear(made.folder, place)
        os.close(made.lock)
        with contextlib.suppress(OSError):
            made.lock_path.unlink()
            for parent in missing:  # the ones made above; stops at the first that is not empty
                parent.rmdir()


def check_place(place: Path, check: Callable[[Path], None]) -> None:
    """Refuse a place that holds anything but an empty folder or what `check` lets pass.

    Raises:
        UsageError: It does.
    """
    if not place.name:
        raise UsageError(f"{place} is the root of the file system; name a folder in it")
    if not place.exists():
        return
    if not place.is_dir():
        raise UsageError(f"{place} is a file; name a folder that does not exist yet")
    if Path.cwd().is_relative_to(place):
        raise UsageError(f"{place} is the folder you are in; name one below it, such as model")
    if any(place.iterdir()):
        check(place)


def remove_leftovers(place: Path) -> None:
    """Remove the drafts of `place` whose writer is gone, and put back what one was replacing."""
    for name in glob.glob(f".{glob.escape(place.name)}.draft-*.lock", root_dir=place.parent):
        path = place.parent / name
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDWR)
            try:
                if not _lock(lock):
                    continue
                _clear(place.parent / name.removesuffix(".lock"), place)
            finally:
                os.close(lock)
            path.unlink()


def _start(place: Path) -> Draft:
    while True:
        folder = place.with_name(f".{place.name}.draft-{secrets.token_hex(4)}")
        lock_path = folder.with_name(folder.name + ".lock")
        try:
            lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            continue
        _lock(lock)
        # Between these two lines another build may have taken it for a leftover.
        if lock_path.exists():
            folder.mkdir()
            return Draft(folder, place, lock, lock_path)
        os.close(lock)


def _clear(folder: Path, place: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    if old.exists() and not place.exists():  # killed between two renames
        with contextlib.suppress(OSError):
            os.rename(old, place)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _lock(file: int) -> bool:
    """Lock a file for as long as a process has it open; False if another one does."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, where the operating system can; False where it cannot."""
    libc = ctypes.CDLL(None) if sys.platform != "win32" else None
    try:
        if sys.platform == "linux":
            # renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE)
            swap, here = libc.renameat2, ctypes.c_int(-100)  # type: ignore[union-attr]
            return swap(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(2)) == 0
        if sys.platform == "darwin":
            # renamex_np(one, other, RENAME_SWAP)
            swap = libc.renamex_np  # type: ignore[union-attr]
            return swap(os.fsencode(one), os.fsencode(other), ctypes.c_uint(2)) == 0
    except AttributeError:
        pass
    return False
