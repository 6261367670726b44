"""What a learner handed in: a folder or an archive -> each chapter's bytes, or why there are none.

Only regular files with a chapter's name are read, size-capped and without following links: its
module, or its notebook, out of which the module is taken. Nothing is unpacked: a member of an
archive is read into memory up to its limit. nbgrader's `submitted/<student>/<assignment>/` is a
folder of folders like any other.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import SubjectMissing, UsageError
from .names import shown
from .notebooks.reading import MAX_NOTEBOOK
from .subject import MAX_SOURCE, read_regular

MAX_ARCHIVE = 16 << 20  # bytes of an archive
MAX_UNPACKED = 64 << 20  # bytes of a tar's content that are looked through
MAX_ENTRIES = 10_000  # files of one submission that are looked at
MAX_DEPTH = 3  # folders around a chapter, such as repo-main/exercises/
MAX_FILE = {".py": MAX_SOURCE, ".ipynb": MAX_NOTEBOOK}

Take = Callable[[str, bytes], bytes]  # a chapter's name and its notebook -> its module

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
UNREADABLE = (".rar", ".7z", ".gz", ".bz2", ".xz", ".tbz2", ".txz", ".zst")


@dataclass(frozen=True)
class HandIn:
    """One entry of the folder of submissions."""

    name: str
    path: Path


@dataclass(frozen=True)
class Module:
    """One chapter of a submission.

    Attributes:
        chapter: Its name.
        data: Its bytes; None where there are none to judge.
        why: One sentence, where there are none.
        handed_in: Whether something came, be it unreadable.
    """

    chapter: str
    data: bytes | None
    why: str = ""
    handed_in: bool = True

    @property
    def digest(self) -> str:
        """Equal for what the judge could not tell apart."""
        kind = b"module" if self.data is not None else b"missing"
        content = self.data if self.data is not None else f"{self.handed_in} {self.why}".encode()
        return hashlib.sha256(b"\0".join((self.chapter.encode(), kind, content))).hexdigest()


def find(folder: Path) -> tuple[list[HandIn], list[str]]:
    """The submissions of a folder, by name, and the entries that are none.

    Raises:
        UsageError: It is not a folder, or holds none.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name one that holds submissions")
    found: dict[str, list[str]] = {}
    ignored = []
    for entry in sorted(os.listdir(folder)):
        stem, suffix = _stem(entry)
        if entry.startswith(".") or entry == "__MACOSX":
            continue
        kind = os.lstat(folder / entry).st_mode
        if suffix or not stat.S_ISREG(kind):
            found.setdefault(stem, []).append(entry)
        else:
            ignored.append(entry)
    made = [
        HandIn(entry if len(entries) > 1 else stem, folder / entry)
        for stem, entries in found.items()
        for entry in entries
    ]
    if not made:
        raise UsageError(f"{folder} holds no submission: neither a folder nor an archive")
    return sorted(made, key=lambda one: one.name), ignored


def _stem(entry: str) -> tuple[str, str]:
    """A name without the suffix of an archive, and that suffix."""
    for suffix in (*ARCHIVES, *UNREADABLE):
        if entry.lower().endswith(suffix) and len(entry) > len(suffix):
            return entry[: -len(suffix)], suffix
    return entry, ""


class _Refused(Exception):
    """A submission as a whole cannot be read; says why."""


@dataclass(frozen=True)
class _Place:
    """A file with a chapter's name: the folders around it, and its content or what is wrong."""

    folders: tuple[str, ...]
    file: str
    content: bytes | None
    why: str = ""


def no_notebooks(chapter: str, data: bytes) -> bytes:
    """In place of what takes modules out of notebooks.

    Raises:
        SubjectMissing: Always.
    """
    raise SubjectMissing(f"{chapter}.ipynb is a notebook; hand in {chapter}.py")


def read(handin: HandIn, chapters: Sequence[str], take: Take = no_notebooks) -> dict[str, Module]:
    """The chapters of a submission; whatever is wrong with it stands in the modules.

    Args:
        handin: The submission.
        chapters: The chapters' names.
        take: Takes a chapter's module out of its notebook; raises SubjectMissing where it cannot.
    """
    places: dict[str, list[_Place]] = {name: [] for name in chapters}
    try:
        for chapter, place in _places(handin.path, places):
            places[chapter].append(_taken(chapter, place, take))
    except _Refused as error:
        return {name: Module(name, None, str(error)) for name in chapters}
    return {name: _module(name, found) for name, found in places.items()}


def _taken(chapter: str, place: _Place, take: Take) -> _Place:
    """The same with the module, where the file is a notebook."""
    if place.content is None or not place.file.endswith(".ipynb"):
        return place
    try:
        return replace(place, content=take(chapter, place.content))
    except SubjectMissing as error:
        return replace(place, content=None, why=str(error))


def _chapter_of(file: str, chapters: dict[str, list[_Place]]) -> str | None:
    """The chapter that a file's name says it is."""
    stem, suffix = os.path.splitext(file)
    return stem if suffix in MAX_FILE and stem in chapters else None


def _limit(file: str) -> int:
    return MAX_FILE[os.path.splitext(file)[1]]


def _places(path: Path, chapters: dict[str, list[_Place]]) -> Iterator[tuple[str, _Place]]:
    kind = os.lstat(path).st_mode
    what = shown(path.name)
    if stat.S_ISDIR(kind):
        yield from _in_folder(path, chapters)
        return
    if not stat.S_ISREG(kind):
        raise _Refused(f"{what} is neither a folder nor an archive; hand in the files themselves")
    suffix = _stem(path.name)[1]
    if suffix not in ARCHIVES:
        raise _Refused(f"{what} cannot be read; hand in a .zip or a .tar.gz")
    try:
        data = io.BytesIO(read_regular(path, MAX_ARCHIVE))
    except SubjectMissing as error:
        raise _Refused(f"{error}; hand in the chapters alone") from None
    try:
        if suffix == ".zip":
            yield from _in_zip(data, chapters)
        else:
            yield from _in_tar(data, chapters, packed=suffix != ".tar")
    except _Refused as error:
        raise _Refused(f"{what} {error}") from None
    except Exception as error:  # noqa: BLE001 - a broken archive may raise anything
        words = shown(f"{type(error).__name__}: {error}")
        raise _Refused(f"{what} is damaged ({words}); pack it anew") from None


def _in_folder(top: Path, chapters: dict[str, list[_Place]]) -> Iterator[tuple[str, _Place]]:
    waiting: list[tuple[Path, tuple[str, ...]]] = [(top, ())]
    seen = 0
    while waiting:
        folder, folders = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda e: e.name)
        except OSError as error:
            raise _Refused(f"{shown(folder.name)} cannot be read: {error.strerror}") from None
        for entry in entries:
            seen += 1
            if seen > MAX_ENTRIES:
                raise _Refused(f"holds more than {MAX_ENTRIES:,} files; hand in the chapters alone")
            if chapter := _chapter_of(entry.name, chapters):
                try:
                    content = read_regular(Path(entry.path), _limit(entry.name))
                    place = _Place(folders, entry.name, content)
                except SubjectMissing as error:
                    place = _Place(folders, entry.name, None, str(error))
                yield chapter, place
            elif entry.is_dir(follow_symlinks=False) and _worth(entry.name, folders):
                waiting.append((Path(entry.path), (*folders, entry.name)))


def _worth(name: str, folders: tuple[str, ...]) -> bool:
    return len(folders) < MAX_DEPTH and not name.startswith((".", "__"))


def _named(name: str, chapters: dict[str, list[_Place]]) -> tuple[str, _Place] | None:
    """Of a member that is a chapter: which one, its place, and what is wrong with the name."""
    *folders, last = name.replace("\\", "/").split("/")
    chapter = _chapter_of(last, chapters)
    if chapter is None:
        return None
    if "" in folders or ".." in folders or any(":" in part for part in folders):
        why = f"{last} lies outside of the archive ({shown(name)})"
        return chapter, _Place(tuple(folders), last, None, why)
    folders = [part for part in folders if part != "."]
    if len(folders) > MAX_DEPTH or any(part.startswith((".", "__")) for part in folders):
        return None
    return chapter, _Place(tuple(folders), last, None)


def _in_zip(data: io.BytesIO, chapters: dict[str, list[_Place]]) -> Iterator[tuple[str, _Place]]:
    with zipfile.ZipFile(data) as archive:
        members = archive.infolist()
        if len(members) > MAX_ENTRIES:
            raise _Refused(f"holds more than {MAX_ENTRIES:,} files; hand in the chapters alone")
        for member in members:
            if member.is_dir() or (found := _named(member.filename, chapters)) is None:
                continue
            chapter, place = found
            file, why, limit = place.file, place.why, _limit(place.file)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if not why and kind not in (0, stat.S_IFREG):
                why = f"{file} is not a file; hand in the file"
            if not why and member.flag_bits & 1:
                why = f"{file} is encrypted; hand it in without a password"
            if not why and member.file_size > limit:
                why = f"{file} is larger than {limit:,} bytes"
            content = None
            if not why:
                with archive.open(member) as opened:
                    content, why = _capped(opened.read(limit + 1), file)
            yield chapter, replace(place, content=content, why=why)


class _Unpacked(io.RawIOBase):
    """A packed stream that ends with a refusal where it grows too large."""

    def __init__(self, data: io.BytesIO) -> None:
        self._stream, self._left = gzip.GzipFile(fileobj=data), MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        got = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(got)
        if self._left < 0:
            raise _Refused(f"unpacks to more than {MAX_UNPACKED:,} bytes")
        return got


def _in_tar(
    data: io.BytesIO, chapters: dict[str, list[_Place]], *, packed: bool
) -> Iterator[tuple[str, _Place]]:
    stream = _Unpacked(data) if packed else data
    with contextlib.closing(tarfile.open(fileobj=stream, mode="r|")) as archive:
        for number, member in enumerate(archive):
            archive.members = []  # type: ignore[attr-defined] # it keeps them all
            if number >= MAX_ENTRIES:
                raise _Refused(f"holds more than {MAX_ENTRIES:,} files; hand in the chapters alone")
            if member.isdir() or (found := _named(member.name, chapters)) is None:
                continue
            chapter, place = found
            file, why, limit = place.file, place.why, _limit(place.file)
            if not why and (not member.isreg() or member.issparse()):
                why = f"{file} is not a file; hand in the file"
            if not why and member.size > limit:
                why = f"{file} is larger than {limit:,} bytes"
            content = None
            if not why and (opened := archive.extractfile(member)) is not None:
                content, why = _capped(opened.read(limit + 1), file)
            yield chapter, replace(place, content=content, why=why)


def _capped(content: bytes, file: str) -> tuple[bytes | None, str]:
    if len(content) > _limit(file):
        return None, f"{file} is larger than {_limit(file):,} bytes"
    return content, ""


def _module(chapter: str, places: list[_Place]) -> Module:
    """The one that counts: the outermost; among several there, the one in its own folder."""
    if not places:
        return Module(chapter, None, f"{chapter}.py was not handed in", handed_in=False)
    sound = [p for p in places if p.content is not None] or places
    depth = min(len(p.folders) for p in sound)
    nearest = [p for p in sound if len(p.folders) == depth]
    homes = [p for p in nearest if p.folders[-1:] in ((chapter,), ("exercises",))]
    chosen = homes or nearest
    if len({(p.content, p.why) for p in chosen}) > 1:
        where = ", ".join(sorted("/".join((*p.folders, p.file)) for p in chosen)[:3])
        why = f"{chapter} is there more than once ({shown(where)}); hand in one"
        return Module(chapter, None, why)
    return Module(chapter, chosen[0].content, chosen[0].why)
