"""A subject's chapters as modules to train with, and the reference's where it has none."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import KataError, SubjectMissing, UsageError
from ..subject import PACKAGE, load_package, read_source, subject_frames

_STUB = re.compile(r"(\w+)\.(\w+)(\.\w+)*")  # what a stub says: ch04_gpt.GPTModel.forward


class Chapters:
    """`chapters.ch04_gpt.GPTModel`: the modules by name.

    Args:
        subject: Folder with chapter modules.
        reference: Folder with the reference, for chapters that the subject does not have.
        names: The chapters, in the order of teaching; each is loaded when it is first used.

    Raises:
        UsageError: `subject` is not a folder, or a chapter is nowhere.
    """

    def __init__(self, subject: Path, reference: Path, names: Sequence[str]) -> None:
        if not subject.is_dir():
            raise UsageError(f"{subject} is not a folder; name one that holds chapter modules")
        sources, self.from_reference = [], []
        for name in names:
            try:
                sources.append(read_source(subject, name))
            except SubjectMissing as missing:
                try:
                    sources.append(read_source(reference, name))
                except SubjectMissing:
                    raise UsageError(f"{subject}: {missing}") from None
                self.from_reference.append(name)
        with told():
            load_package(sources)
        self._names = tuple(names)

    def __getattr__(self, name: str) -> ModuleType:
        if name not in self._names:
            raise AttributeError(name)
        with told():
            return importlib.import_module(f"{PACKAGE}.{name}")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what the subject's code raises into one sentence that says where.

    Raises:
        KataError: With the exercise that is not written yet, or the line that raised.
    """
    try:
        yield
    except KataError:
        raise
    except NotImplementedError as error:
        if not (stub := _STUB.fullmatch(str(error))):
            raise _sentence(error) from error
        raise KataError(
            f"{error} is not written yet; write it first (kata check {stub[1]}.{stub[2]})"
        ) from None
    except Exception as error:
        raise _sentence(error) from error


def _sentence(error: Exception) -> KataError:
    frames = subject_frames(error)
    if not frames and not isinstance(error, SyntaxError):
        raise error  # not the subject's
    where = f"{frames[-1].partition(': ')[0]}: " if frames else ""  # the place, not its text
    return KataError(f"{where}{type(error).__name__}: {_text(error)}")


def _text(error: Any) -> str:
    return " ".join(str(error).split())[:300] or "it says nothing"
