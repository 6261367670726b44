"""`kata release --gradescope`: the zip that Gradescope makes an autograder from.

It holds solutions and hidden tests by necessity, readable to root alone. `setup.sh` installs the
grader, `run_autograder` judges one submission with `kata batch`, and writes a `results.json` before
it begins, so that whatever happens there is one: without a score, where nothing was judged.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from .bundle import HOME, TEMPLATES, grader_files, project_words, read_one, tree
from .course import Chapter, Course
from .errors import UsageError
from .files import replacing
from .release import needs_solutions

PROGRAMS = ("setup.sh", "run_autograder")
BEGINNING = (1980, 1, 1, 0, 0, 0)  # of a zip's time: the same files make the same zip


def autograder(
    root: Path, course: Course, chapters: Iterable[Chapter], to: Path, *, strict: bool = True
) -> int:
    """Write the zip.

    Args:
        root: The checkout.
        course: Its course.
        chapters: Which chapters count in the assignment.
        to: The file to write.
        strict: Judge only in the full sandbox.

    Returns:
        How many files are in it.

    Raises:
        UsageError: It cannot be written, or the checkout lacks a part.
    """
    if to.suffix != ".zip" or to.is_dir():
        raise UsageError(f"{to} is no name for the autograder; name a file that ends with .zip")
    if not to.resolve().parent.is_dir():
        raise UsageError(f"{to}: the folder {to.resolve().parent} is not there")
    files = autograder_files(root, course, chapters, strict=strict)
    try:
        with replacing(to.resolve()) as draft:
            _pack(files, draft)
    except OSError as error:
        raise UsageError(f"{to}: cannot be written ({error.strerror})") from None
    return len(files)


def autograder_files(
    root: Path, course: Course, chapters: Iterable[Chapter], *, strict: bool
) -> dict[str, bytes]:
    """The files of an autograder, by their paths in `/autograder/source`."""
    needs_solutions(root, "release")
    files = grader_files()
    options = ["--strict"] if strict else []
    for chapter in chapters:
        options += ["--chapter", chapter.name]
        for suite in ("visible", "hidden"):
            files |= read_one(root, f"tests/{chapter.name}/test_{suite}.py")
    for chapter in course.chapters:
        files |= read_one(root, f"solutions/{chapter.name}.py")
    files |= read_one(root, "exercises/course.toml")
    files |= tree(root / "exercises" / "data", "exercises/data")
    for name in ("LICENSE", "constraints.txt"):
        files |= read_one(HOME, name)
    project = (TEMPLATES / "learner" / "project.toml").read_text(encoding="utf-8")
    files["pyproject.toml"] = Template(project).substitute(project_words("judge")).encode()
    files["options"] = "".join(f"{word}\n" for word in options).encode()
    return files | tree(TEMPLATES / "gradescope", "")


def _pack(files: Mapping[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, BEGINNING)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the next line is read
            entry.external_attr = (0o100755 if name in PROGRAMS else 0o100600) << 16
            archive.writestr(entry, content)
