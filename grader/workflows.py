"""`kata release --workflow`: the official grading for an instructor's repository."""

from __future__ import annotations

from pathlib import Path

from .bundle import TEMPLATES
from .errors import UsageError
from .files import write_text

PLACES = {"grade.yml": ".github/workflows/grade.yml", "roster.csv": "classroom/roster.csv"}


def write(folder: Path, *, force: bool = False) -> list[tuple[Path, str]]:
    """Write the workflow, and an example of the roster where there is none.

    Args:
        folder: The instructor's repository.
        force: Put the workflow over one that was changed.

    Returns:
        Each file, and what became of it.

    Raises:
        UsageError: The folder is not there, or the workflow was changed.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name the instructor's repository")
    found = []
    for name, place in PLACES.items():
        path = folder / place
        text = (TEMPLATES / "workflows" / name).read_text(encoding="utf-8")
        try:
            old = path.read_text(encoding="utf-8") if path.exists() else None
            if old == text:
                found.append((path, "up to date"))
            elif old is not None and name == "roster.csv":
                found.append((path, "kept"))
            elif old is not None and not force:
                raise UsageError(f"{path} was changed; --force writes it anew")
            else:
                write_text(path, text)
                found.append((path, "written"))
        except OSError as error:
            raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return found
