"""What a worker locks itself into before it loads a line of the subject.

Not covered:

- Faults of the kernel and of the processor; whoever fears them grades inside a virtual machine.
- Timing: a worker can tell how busy the machine is, and so can two workers from each other.
- Names and sizes: Landlock guards what is in files and folders, not `stat`. A worker that guesses a
  path learns whether it is there and how large it is.
- The worker itself. Its memory is the subject's, so whatever it says is only that: what the judge
  believes is decided in `wire` and `remote`, not here.
- Space of files that are deleted while they are open: bounded by RLIMIT_FSIZE for each and by the
  deadlines, given back when the worker ends.
- Control groups where none is delegated, as is usual (`cgroup`). There memory, processor time and
  threads are bounded by rlimits and by what the judge measures from outside (`measures`), which is
  late by up to a twentieth of a second.
- A number of processes, without a control group: RLIMIT_NPROC counts all of a user's and nothing of
  root's. Seccomp allows none but the worker; the judge counts its threads.
- Namespaces for processes and mounts: they need a second process or a right to mount, and add
  nothing to what Landlock and seccomp refuse. The network's and IPC's are the nursery's, entered
  once, where the system lets it.
- Reading what the grader needs for itself: Python, the installed packages and the libraries of the
  system are open to the subject, but for the sources of what a rule forbids (`conceal`). Nothing
  secret may be installed there.
- Python in a home that is closed to an ordinary user: a grader that was started as root and then
  gives its rights up can no longer read it, so install Python where everybody may read.
- The text of what a rule forbids, if the submission brings it along: `rules` sees operators, and
  of a formula that calls only open ones it cannot say who wrote it.
- macOS, Windows and Linux before 5.13: there `active_layers` says what is missing.

`active_layers` tries every layer in a process of its own; `lock_down` applies them in a worker, but
for those that it is born into or put into before (namespaces, the control group). The calls go to
the kernel through ctypes: the packages that bind them (pyseccomp, landlock) have had no release for
years, and know neither signals nor scopes.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import json
import os
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..course import Limits
from . import cgroup, measures, seccomp

LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None

# prctl(2)
_DEATH_SIGNAL, _DUMPABLE, _FILTER, _DROP, _NO_NEW, _REAPER, _AMBIENT = 1, 4, 22, 24, 38, 36, 47
_NEW_USER, _NEW_IPC, _NEW_NET = 0x10000000, 0x08000000, 0x40000000  # unshare(2)


@dataclass(frozen=True)
class Layer:
    """One thing that stands between a worker and the rest of the machine.

    Attributes:
        name: As reports carry it.
        active: Whether it holds on this machine.
        stops: What it stops.
        needed: Whether `--strict` asks for it; what the others stop is stopped twice.
    """

    name: str
    active: bool
    stops: str
    needed: bool


_LAYERS = {
    "landlock": (True, "reading and writing files but Python's and the scratch folder's"),
    "seccomp": (True, "sockets, programs, processes, signals to others, IPC, tracing, mounts"),
    "privileges": (True, "capabilities, new privileges, core dumps, reading of its memory"),
    "rlimits": (True, "memory, processor time, file size and open files beyond the limits"),
    "measures": (True, "memory, processor time, threads and scratch, measured from outside"),
    "landlock-tcp": (False, "TCP, a second time (Linux 6.7)"),
    "landlock-scopes": (False, "signals and abstract sockets, a second time (Linux 6.12)"),
    "namespaces": (False, "the network and System V IPC, a second time"),
    "cgroups": (False, "memory, processes and threads of all workers of a job, a second time"),
}


def active_layers(without: Collection[str] = ()) -> list[Layer]:
    """Every layer, and whether it holds on this machine, for this user, in this container.

    Args:
        without: Names of layers to leave out, as if the system lacked them.
    """
    held = own_layers(without)
    if "cgroups" not in without and cgroup.usable():
        held |= {"cgroups"}
    return [Layer(name, name in held, words, need) for name, (need, words) in _LAYERS.items()]


def missing_layers() -> list[str]:
    """Names of the layers that `--strict` asks for and this machine lacks."""
    return [layer.name for layer in active_layers() if layer.needed and not layer.active]


def own_layers(without: Collection[str] = ()) -> frozenset[str]:
    """Names of the layers that processes apply to themselves, and that hold on this machine."""
    return _held(frozenset(without))


@functools.cache
def _held(without: frozenset[str]) -> frozenset[str]:
    """Lock a forked process down, and have it say what held."""
    if not hasattr(os, "fork"):
        return frozenset()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            held = {"namespaces"} if enter_namespaces(without) else set()
            scratch = os.open(tempfile.gettempdir(), os.O_RDONLY)
            held |= lock_down(scratch, Limits(), without)
            os.write(writing, json.dumps(sorted(held)).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        said = answer.read()
    os.waitpid(pid, 0)
    return frozenset(json.loads(said or b"[]"))


def enter_namespaces(without: Collection[str] = ()) -> bool:
    """Leave the machine's network and IPC; called once, by the nursery. Whether it was possible."""
    if not _libc or "namespaces" in without:
        return False
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_NEW_NET | _NEW_IPC) == 0:
        return True
    if _libc.unshare(_NEW_USER | _NEW_NET | _NEW_IPC):
        return False
    same = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
    for name, text in same.items():
        with contextlib.suppress(OSError):
            Path(f"/proc/self/{name}").write_text(text, encoding="utf-8")
    return True


def hide() -> None:
    """Keep other processes of this user from reading this one's memory, in /proc or by tracing."""
    if _libc:
        _libc.prctl(_DUMPABLE, 0, 0, 0, 0)


def adopt() -> None:
    """Become the parent of what the children leave behind, so that it can be killed."""
    if _libc:
        _libc.prctl(_REAPER, 1, 0, 0, 0)


def die_with_parent() -> None:
    """End when the process that forked this one does."""
    if _libc:
        _libc.prctl(_DEATH_SIGNAL, 9, 0, 0, 0)


def lock_down(scratch: int, limits: Limits, without: Collection[str] = ()) -> set[str]:
    """Apply every layer to this process, for good; each by itself, whatever the others do.

    Args:
        scratch: A descriptor of the only folder that may be written.
        limits: How much may be used.
        without: Names of layers to leave out.

    Returns:
        The names of the layers that hold.
    """
    os.umask(0o077)
    held: set[str] = set()
    steps: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("measures", _measured),
        ("rlimits", lambda: _limit(limits)),
        ("no-new-privileges", lambda: _prctl(_NO_NEW, 1)),  # for the two that follow
        ("landlock", lambda: _restrict_files(scratch, without)),
        ("privileges", _drop_privileges),
        ("seccomp", _filter_calls),
    )
    for name, apply in steps:
        if name not in without:
            with contextlib.suppress(OSError, ValueError):
                held |= apply() or {name}
    return held & set(_LAYERS)


# rlimits and measures


def _measured() -> None:
    measures.used(os.getpid())


def _limit(limits: Limits) -> None:
    import resource

    memory, scratch = limits.memory_mb << 20, limits.scratch_mb << 20
    size, data = measures.own_memory()
    wanted = {
        "CORE": 0,
        "CPU": limits.cpu_seconds + 5,  # the judge is first, and says why
        "DATA": data + memory,  # private memory, and with it the stacks of threads
        "AS": size + 4 * memory,  # what is shared or only reserved
        "FSIZE": scratch,
        "NOFILE": 128,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        "NICE": 0,
        "RTPRIO": 0,
        "SIGPENDING": 64,
    }
    for name, value in wanted.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


# Privileges


def _prctl(option: int, value: int) -> None:
    if not _libc:
        raise OSError(errno.ENOSYS, "no prctl")
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _drop_privileges() -> None:
    _prctl(_NO_NEW, 1)
    for capability in range(64):
        with contextlib.suppress(OSError):  # beyond the last one, or none to drop any with
            _prctl(_DROP, capability)
    with contextlib.suppress(OSError):  # Linux before 4.3 has no ambient ones
        _prctl(_AMBIENT, 4)  # PR_CAP_AMBIENT_CLEAR_ALL
    header, none = struct.pack("<Ii", 0x20080522, 0), bytes(24)  # _LINUX_CAPABILITY_VERSION_3
    if not _libc or _libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")
    hide()


# Landlock

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
# Remove folders and files, make folders and files, move between folders.
_CHANGE = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights of files an ABI knows; since 5: 16
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"),
    *("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo"),
    *("/dev/zero", "/dev/random", "/dev/urandom", "/proc/cpuinfo", "/sys/devices/system/cpu"),
)


@functools.cache
def readable() -> tuple[str, ...]:
    """What a worker may read: Python, installed packages, libraries, tiktoken's vocabulary."""
    paths = sysconfig.get_paths()
    found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [p for p in sys.path if "site-packages" in p or "dist-packages" in p]
    found += [os.path.join(sys.base_prefix, "lib"), os.environ.get("TIKTOKEN_CACHE_DIR", "")]
    return tuple(dict.fromkeys(p for p in [*found, *_SYSTEM] if os.path.exists(p)))


_concealed: frozenset[str] = frozenset()
_is_closed = False  # whether this process itself can no longer read what is concealed


def conceal(paths: Collection[str]) -> None:
    """Hide files and folders from the workers that are forked from now on.

    Landlock grants a folder as a whole, so the folders that hold one of these are granted entry by
    entry instead. Their names can still be listed.

    Args:
        paths: What may not be read, though it lies in what is readable.
    """
    global _concealed
    _concealed = frozenset(map(os.path.realpath, paths))
    granted()


def close_concealed(scratch: int) -> None:
    """Close what is concealed to this process too, and so to all that it forks.

    The hundreds of rules which that takes then cost a worker nothing; what a worker adds is one
    more domain of Landlock's, with few rules, and both have to allow what it does. Where scratch
    folders lie around what is concealed, each worker does all of it, as on a system that refuses.

    Args:
        scratch: A descriptor of the folder in which the workers' scratch folders will be.
    """
    global _is_closed
    reading = _READ_FILE | _READ_DIR
    # More than a worker may read, since its own domain says no to the rest.
    more = ((scratch, reading), ("/proc", reading), (os.devnull, _READ_FILE))
    with contextlib.suppress(OSError):
        around = os.path.realpath(os.readlink(f"/proc/self/fd/{scratch}"))
        if any(around in (path, *_parents(path)) for path in _concealed):
            return
        _prctl(_NO_NEW, 1)
        _apply(struct.pack("<Q", reading), (*more, *granted()))
        _is_closed = True


def granted() -> tuple[tuple[str, int], ...]:
    """What is readable without what is concealed: paths, and the rights to each."""
    return _granted(_concealed)


@functools.cache
def _granted(concealed: frozenset[str]) -> tuple[tuple[str, int], ...]:
    above = {parent for path in concealed for parent in _parents(path)}
    roots = {os.path.realpath(path) for path in readable()}
    waiting = [path for path in roots if concealed.isdisjoint((path, *_parents(path)))]
    found: dict[str, int] = {}
    for path in waiting:
        # What is granted holds for all that lies in it, so nothing above a concealed path may be.
        if path in above:
            found[path] = _READ_DIR
            with contextlib.suppress(OSError), os.scandir(path) as entries:
                # A link grants nothing: where it leads is readable by itself, or is not.
                inner = [entry.path for entry in entries if not entry.is_symlink()]
                waiting += [entry for entry in inner if entry not in concealed]
        else:
            found[path] = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
    whole = {path for path in roots if found.get(path, _READ_DIR) != _READ_DIR}
    covered = {path for path in roots if not whole.isdisjoint(_parents(path))}
    return tuple((path, rights) for path, rights in found.items() if path not in covered)


def _parents(path: str) -> list[str]:
    found = []
    while (parent := os.path.dirname(path)) != path:
        found.append(parent)
        path = parent
    return found


def _restrict_files(scratch: int, without: Collection[str]) -> set[str]:
    abi = _landlock(_CREATE, None, 0, 1)  # LANDLOCK_CREATE_RULESET_VERSION
    if "landlock-scopes" in without:
        abi = min(abi, 5)
    if "landlock-tcp" in without:
        abi = min(abi, 3)
    rights = (1 << _RIGHTS.get(abi, 16)) - 1
    # struct landlock_ruleset_attr: rights of files; bind and connect; abstract sockets and signals
    wanted = (rights, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    attributes = struct.pack("<QQQ", *wanted)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    everything = _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE | _CHANGE
    own = ((scratch, everything & rights), (os.devnull, _READ_FILE | _WRITE_FILE))
    _apply(attributes, (*own, *(_granted(frozenset()) if _is_closed else granted())))
    held = {"landlock"} if abi >= 3 else {"landlock-old"}  # before, a file could be cut short
    return held | {n for n, at in (("landlock-tcp", 4), ("landlock-scopes", 6)) if abi >= at}


def _apply(attributes: bytes, allowed: Iterable[tuple[int | str, int]]) -> None:
    """One more domain for this process.

    Args:
        attributes: Of the rule set: what is refused unless it is allowed.
        allowed: Descriptors or paths, and the rights to each.
    """
    rules = _landlock(_CREATE, attributes, len(attributes), 0)
    try:
        for place, rights in allowed:
            if isinstance(place, int):
                _allow(rules, place, rights)
                continue
            with contextlib.suppress(OSError):  # this user could not read it anyway
                descriptor = os.open(place, os.O_PATH)
                try:
                    _allow(rules, descriptor, rights)
                finally:
                    os.close(descriptor)
        _landlock(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, descriptor: int, rights: int) -> None:
    beneath = struct.pack("<Qi", rights, descriptor)  # struct landlock_path_beneath_attr
    _landlock(_ADD, rules, 1, beneath, 0)


def _landlock(*arguments: Any) -> int:
    if not _libc:
        raise OSError(errno.ENOSYS, "no Landlock")
    done: int = _libc.syscall(*arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    return done


# seccomp


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


def _filter_calls() -> None:
    steps = seccomp.program(os.uname().machine, os.getpid())
    program = _Program(len(steps) // 8, steps)
    if not _libc or _libc.prctl(_FILTER, 2, ctypes.byref(program), 0, 0):  # SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "seccomp")
