"""The learner's code beside the reference's."""

from __future__ import annotations

import difflib
from pathlib import Path

from ..errors import UsageError
from ..overlay import definition
from ..release import BEGIN, END


def difference(subject: Path, reference: Path, chapter: str, exercise: str) -> list[str]:
    """Lines of a unified diff from the learner's definition to the reference's.

    Raises:
        UsageError: One of the two is not there.
    """
    texts = []
    for folder in (subject, reference):
        path = folder / f"{chapter}.py"
        try:
            text = definition(path.read_text(encoding="utf-8"), exercise)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        except (KeyError, SyntaxError, UnicodeDecodeError):
            raise UsageError(f"{path} has no readable definition of {exercise}") from None
        texts.append([ln for ln in text.splitlines() if ln.strip() not in (BEGIN, END)])
    names = [f"{folder.name}/{chapter}.py" for folder in (subject, reference)]
    mine, theirs = texts
    return list(difflib.unified_diff(mine, theirs, names[0], names[1], n=100, lineterm=""))
