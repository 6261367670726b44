"""A folder of chapter modules -> sources -> an importable package.

A subject is read as named regular files, size-capped and without following links; it is never
imported from its folder. The sources are then compiled into a package of their own (here: in
this process; judged: in the worker), the chapter under test from the subject and, before it, the
reference's chapters, so that a broken chapter costs no points in a later one.
"""

from __future__ import annotations

import functools
import importlib
import linecache
import os
import stat
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from .errors import SubjectMissing

MAX_SOURCE = 1 << 20  # bytes; the largest chapter of the reference has about 30,000
PACKAGE = "subject"


@dataclass(frozen=True)
class Source:
    """A chapter's text and the name under which tracebacks show it.

    Attributes:
        name: Of the chapter.
        text: Python.
        path: What tracebacks show.
        code: What it was compiled to, if somebody has done that already.
    """

    name: str
    text: str
    path: str
    code: CodeType | None = None


@functools.lru_cache(maxsize=32)  # each test runs its chapters anew
def compiled(source: Source) -> CodeType:
    """A source's code, no line of which is run; raises what `compile` does."""
    return source.code or compile(source.text, source.path, "exec", dont_inherit=True)


def read_source(folder: Path, chapter: str) -> Source:
    """Read one chapter of a subject.

    Raises:
        SubjectMissing: It is not there, not a regular file, too large, or not UTF-8 text.
    """
    path = folder / f"{chapter}.py"
    data = read_regular(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubjectMissing(
            f"{path.name} is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}); "
            "save it as UTF-8"
        ) from None
    if "\0" in text:
        raise SubjectMissing(f"{path.name} holds null bytes; hand in the Python source itself")
    return Source(chapter, text, str(path))


def read_regular(path: Path, limit: int = MAX_SOURCE) -> bytes:
    """The bytes of a regular file that is not a link.

    Raises:
        SubjectMissing: There is no such file, it is something else, or it is over `limit` bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        kind = os.lstat(path).st_mode
        if not stat.S_ISREG(kind):
            raise SubjectMissing(f"{path.name} is {_kind(kind)}, not a file; hand in the file")
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise SubjectMissing(f"{path.name} was not handed in") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubjectMissing(f"{path.name} cannot be read: {reason}") from None
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SubjectMissing(f"{path.name} is not a file; hand in the file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise SubjectMissing(f"{path.name} is larger than {limit:,} bytes")
    return data


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISLNK(mode):
        return "a link"
    return "a device or a pipe"


def sources_for(
    chapter: str, subject: Path, reference: Path, before: Iterable[str], *, own: bool = False
) -> list[Source]:
    """The sources of `chapter` and of what it may import, earliest first.

    Args:
        chapter: Name of the chapter under test, read from `subject`.
        subject: Folder with the code under test.
        reference: Folder with the reference, for the chapters before.
        before: Names of the earlier chapters.
        own: Take the earlier chapters from `subject` where it has them.

    Raises:
        SubjectMissing: The chapter under test cannot be read.
    """
    found = []
    for name in before:
        for folder in (subject, reference) if own else (reference, subject):
            try:
                found.append(read_source(folder, name))
                break
            except SubjectMissing:
                continue
    return [*found, read_source(subject, chapter)]


class _Chapters(Loader, MetaPathFinder):
    """Finds and runs the chapters of a package from their sources, when they are imported."""

    def __init__(self, package: str, sources: Sequence[Source]) -> None:
        self._sources = {f"{package}.{source.name}": source for source in sources}

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        source = self._sources.get(fullname)
        return ModuleSpec(fullname, self, origin=source.path) if source else None

    def exec_module(self, module: ModuleType) -> None:
        source = self._sources[module.__name__]
        module.__file__ = source.path
        lines = source.text.splitlines(keepends=True)
        linecache.cache[source.path] = (len(source.text), None, lines, source.path)
        exec(compiled(source), module.__dict__)  # noqa: S102 - running the subject is what this is for


def open_package(sources: Sequence[Source], package: str) -> None:
    """Make a fresh package of the sources, each of which is run when something imports it."""
    previous = sys.modules.pop(package, None)
    for stale in vars(previous) if previous else ():
        sys.modules.pop(f"{package}.{stale}", None)
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _Chapters)]
    sys.meta_path.insert(0, _Chapters(package, sources))
    root = ModuleType(package)
    root.__path__ = []
    sys.modules[package] = root


def load_package(sources: Sequence[Source], package: str = PACKAGE) -> ModuleType:
    """Run the last of the sources as a module of a fresh package, and return it.

    Those before it are run when something imports them. Whatever the code raises comes out as it
    is.
    """
    open_package(sources, package)
    return importlib.import_module(f"{package}.{sources[-1].name}")


def subject_frames(error: BaseException) -> list[str]:
    """`ch03_attention.py:42, in forward: scores = q @ k` for each frame in a chapter."""
    found = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__")
        if isinstance(module, str) and module.startswith(f"{PACKAGE}."):
            summary = traceback.FrameSummary(frame.f_code.co_filename, line, frame.f_code.co_name)
            text = f": {summary.line}" if summary.line else ""
            found.append(f"{module.partition('.')[2]}.py:{line}, in {summary.name}{text}")
    return found
