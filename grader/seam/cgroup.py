"""Control groups: the kernel bounds what all workers of a job use together, without looking.

Only version 2, and only a group that was delegated on purpose: the one that the grader was started
in, if systemd marked it (`Delegate=yes`) or it is a container's own root; or the one that the
operator names in KATA_CGROUP. That any other group can be written, as root can, gives no right to
divide it, since whoever made it counts on what is in it.

    delegated group           holds no process, for only then may its children have controllers
      kata-grader             the grader's processes that were in it
      kata-job-PID-RANDOM     the workers of a job, of the judge PID; one a job, so none a test

A job's group is locked by the process that made it and by the fork of it that does the job. The
kernel ends the lock with them, however they end, so a group that nobody locks can be removed.
Nothing here may cost a verdict: whatever fails leaves the workers where they were, under the other
layers of the sandbox.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import secrets
import sys
import time
from pathlib import Path, PurePosixPath

from ..course import Limits
from . import measures

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

VARIABLE = "KATA_CGROUP"
START = "systemd-run --user --scope -p Delegate=yes kata ..."
CONTROLLERS = ("memory", "pids")  # each is of use alone
LEAF = "kata-grader"
JOB = "kata-job-"
AT_ONCE = 3  # workers that use something: a test's, the next one's, and one that is ending
SPARE = 64  # threads beyond theirs: a worker that waits, for each set of rules
_ROUNDS = 10  # of moving the grader's processes, which may start others meanwhile


def find(proc: Path = Path("/proc")) -> Path:
    """The group that is delegated to the grader.

    Raises:
        OSError: There is none; the words say why.
    """
    if sys.platform != "linux" or fcntl is None:
        raise OSError("control groups are Linux's")
    if named := os.environ.get(VARIABLE):
        folder, on_purpose = Path(named), True
    else:
        folder, mount = _own(proc)
        on_purpose = folder == mount or _marked(folder)
    kind = folder / "cgroup.type"
    if not kind.is_file() or _read(kind).strip() != "domain":  # the machine's root has none
        raise OSError(
            f"{folder} cannot be divided: it is the machine's root, one of threads, or no group"
        )
    if not on_purpose:
        raise OSError(f"{folder} is not delegated, start kata with `{START}`")
    needed = (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control")
    if not all(os.access(path, os.W_OK) for path in needed):
        raise OSError(f"{folder} cannot be written by this user")
    if not _available(folder):
        raise OSError(f"{folder} has no controller of {' and '.join(CONTROLLERS)}")
    return folder


def _own(proc: Path) -> tuple[Path, Path]:
    """This process's group, or that above the grader's leaf; and the folder it is mounted at."""
    path = _own_path(proc)
    for line in _read(proc / "self" / "mountinfo").splitlines() if path else ():
        before, _, after = line.partition(" - ")
        if after.split(" ")[0] != "cgroup2":
            continue
        root, mount = map(_unescaped, before.split(" ")[3:5])
        with contextlib.suppress(ValueError):  # this mount shows other groups
            inner = PurePosixPath(path).relative_to(root)
            if ".." not in inner.parts:
                inner = inner.parent if inner.name == LEAF else inner
                return Path(mount, inner), Path(mount)
    raise OSError("this process is in no control group of version 2")


def _own_path(proc: Path) -> str:
    lines = _read(proc / "self" / "cgroup").splitlines()
    return next((line[3:] for line in lines if line.startswith("0::/")), "")


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)


def _marked(folder: Path) -> bool:
    """Whether systemd says that the group is its processes' to divide."""
    for name in ("user.delegate", "trusted.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(folder, name) == b"1":
                return True
    return False


def _available(folder: Path) -> list[str]:
    there = _read(folder / "cgroup.controllers").split()
    return [name for name in CONTROLLERS if name in there]


@functools.cache
def divided() -> tuple[Path | None, str]:
    """The delegated group, divided, and in words what it gives; or None, and why there is none.

    To be called before the process starts others, so that they are born in the leaf. A process that
    such a one has started finds what that one has divided.
    """
    try:
        folder = find()
        controllers = _available(folder)
        _divide(folder, controllers)
    except (OSError, ValueError) as error:
        return None, str(error)
    return folder, f"{' and '.join(controllers)} by {folder}"


def _divide(folder: Path, controllers: list[str]) -> None:
    moved: list[int] = []
    try:
        _move_own(folder, moved)
        _write(folder / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))
    except OSError:
        _move_back(folder, moved)
        raise
    if moved:
        atexit.register(_unite, folder, controllers, os.getpid())


def _move_own(folder: Path, moved: list[int]) -> None:
    """Move this process and its descendants out of the group, if it holds no others."""
    for _ in range(_ROUNDS):
        pids = [int(word) for word in _read(folder / "cgroup.procs").split()]
        if not pids:
            return
        if not all(map(_is_own, pids)):
            break
        (folder / LEAF).mkdir(exist_ok=True)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                _write(folder / LEAF / "cgroup.procs", str(pid))
                moved.append(pid)
    raise OSError(f"{folder} holds processes that are not the grader's")


def _move_back(folder: Path, pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            _write(folder / "cgroup.procs", str(pid))
    with contextlib.suppress(OSError):  # another grader's processes are in it
        (folder / LEAF).rmdir()


def _unite(folder: Path, controllers: list[str], divider: int) -> None:
    """At the end, make the group one in which a process can be started, unless it is in use."""
    if os.getpid() != divider or any(folder.glob(f"{JOB}*")):
        return
    with contextlib.suppress(OSError):
        pids = [int(word) for word in _read(folder / LEAF / "cgroup.procs").split()]
        if all(map(_is_own, pids)):
            _write(folder / "cgroup.subtree_control", " ".join(f"-{name}" for name in controllers))
            _move_back(folder, pids)


def _is_own(pid: int) -> bool:
    """Whether a process is this one or descends from it; so is one that has ended meanwhile."""
    while pid not in (0, os.getpid()):
        try:
            pid = int(_read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[1])
        except OSError:
            return True
    return pid != 0


class Group:
    """The group of one job.

    Args:
        folder: The group that is divided.
        limits: What a test may use.

    Attributes:
        path: Its folder.
        procs: A descriptor; who writes `0` to it joins.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.path = folder / f"{JOB}{os.getpid()}-{secrets.token_hex(4)}"
        self._descriptors: list[int] = []
        self.path.mkdir()
        try:
            self._descriptors.append(os.open(self.path, os.O_RDONLY))
            fcntl.flock(self._descriptors[0], fcntl.LOCK_SH | fcntl.LOCK_NB)
            self._limit(limits, _available(folder))
            self.procs = os.open(self.path / "cgroup.procs", os.O_WRONLY)
            self._descriptors.append(self.procs)
        except OSError:
            self.close()
            with contextlib.suppress(OSError):
                self.path.rmdir()
            raise

    def _limit(self, limits: Limits, controllers: list[str]) -> None:
        # More than what is let through by the limits of each worker, which say why they stop it.
        # What a scratch folder in memory holds is charged too.
        if "memory" in controllers:
            size = AT_ONCE * (limits.memory_mb + limits.scratch_mb) << 20
            _write(self.path / "memory.max", str(size))
            with contextlib.suppress(FileNotFoundError):  # a kernel that counts no swap
                _write(self.path / "memory.swap.max", "0")
        if "pids" in controllers:
            _write(self.path / "pids.max", str(AT_ONCE * measures.MAX_THREADS + SPARE))

    def close(self) -> None:
        """Let go of it in this process; `sweep` removes it once its forks have let go too."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def new_group(limits: Limits) -> Group | None:
    """A group for a job, where one is delegated; those of ended jobs are removed."""
    folder, _ = divided()
    if folder is None:
        return None
    sweep()
    with contextlib.suppress(OSError):
        return Group(folder, limits)
    return None


def sweep(seconds: float = 0) -> None:
    """Remove the groups whose job has ended, in this run or in one that was killed.

    Args:
        seconds: How long to wait for processes in them to end.
    """
    folder, _ = divided()
    latest = time.monotonic() + seconds
    while folder and _sweep(folder) and time.monotonic() < latest:
        time.sleep(0.005)


def _sweep(folder: Path) -> bool:
    """Whether a group is left that still holds processes."""
    left = 0
    for path in folder.glob(f"{JOB}*"):
        owner = path.name.removeprefix(JOB).partition("-")[0]
        if owner != str(os.getpid()) and os.path.exists(f"/proc/{owner}"):
            continue  # it does that itself; and this one may not have been locked yet
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its job runs
                with contextlib.suppress(OSError):  # Linux before 5.14: they end by themselves
                    _write(path / "cgroup.kill", "1")
                left += 1
                path.rmdir()
                left -= 1
            finally:
                os.close(handle)
    return left > 0


@functools.cache
def usable() -> bool:
    """Whether a process can be put into a job's group; tried with one."""
    group = new_group(Limits())
    if group is None:
        return False
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.write(group.procs, b"0")
            inside = _own_path(Path("/proc")).endswith(f"/{group.path.name}")
            os._exit(0 if inside else 1)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    group.close()
    sweep(1)
    return status == 0


def words() -> str:
    """What the delegated group gives, or why there is none."""
    folder, said = divided()
    return said if folder is None or usable() else f"no process can be moved into {folder}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)  # what is not there cannot be made
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
