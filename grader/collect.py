"""`kata collect`: a roster of git repositories -> a folder of submissions.

Git is asked for a bare copy of the newest commit, and the chapters are read out of it as bytes:
there is no check-out, and so no hook, no filter, no submodule, no LFS and no link. The copy is in a
scratch folder and goes at once. A repository that cannot be read leaves what was collected before.

The token for private repositories comes in the environment, `KATA_GIT_TOKEN`, and goes to one
server alone (`KATA_GIT_SERVER`, by default GitHub), in git's environment and never in an argument.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .errors import UsageError
from .files import write_text
from .handin import MAX_DEPTH, MAX_ENTRIES
from .names import file_name, one_line
from .subject import MAX_SOURCE

TOKEN, SERVER = "KATA_GIT_TOKEN", "KATA_GIT_SERVER"
GITHUB = "https://github.com/"
COLUMNS = ("name", "repository")
RECORD = ".collected.json"  # which commit each submission is
SECONDS = 300  # for one repository
MAX_FILES = 200  # chapters of one repository, wherever they lie in it
# What the user's and the system's git are set to, and what a repository asks for, does not count.
_SETTINGS = {
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "protocol.file.allow": "always",
    "http.followRedirects": "false",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.symlinks": "false",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
}
_OFFLINE = {name: "never" for name in _SETTINGS if name.startswith("protocol.")}
_ALONE = {
    "GIT_ASKPASS": "true",  # the program of that name, which says nothing
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": os.devnull,  # for git before 2.32
    "SSH_ASKPASS": "true",
}
_KEPT = (
    *("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "SSH_AUTH_SOCK", "SSL_CERT_FILE"),
    *("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"),
)

Progress = Callable[[int, int, str], None]


@dataclass
class Collected:
    """What became of a roster.

    Attributes:
        commits: The commit of each submission; empty for a repository without one.
        failed: Why a repository could not be read.
    """

    commits: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """A repository cannot be read; says why."""


def read_roster(path: Path) -> list[tuple[str, str]]:
    """Names and repositories of a CSV file with these two columns.

    Raises:
        UsageError: It is not that, or a name is there twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [c for c in COLUMNS if c not in (rows.fieldnames or ())]:
                raise UsageError(f"{path}: no column {missing[0]!r}; it needs {', '.join(COLUMNS)}")
            found = []
            for row in rows:
                name, repository = ((row[c] or "").strip() for c in COLUMNS)
                if not name or not repository or repository.startswith("-"):
                    raise UsageError(f"{path}, line {rows.line_num}: a name and a repository each")
                if file_name(name, set()) != name:
                    raise UsageError(
                        f"{path}, line {rows.line_num}: {name!r} is no name for a folder; use "
                        "letters, digits, '-', '_' and '.'"
                    )
                found.append((name, repository))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from None
    names = [name.casefold() for name, _ in found]
    if twice := next((n for n in names if names.count(n) > 1), None):
        raise UsageError(f"{path}: {twice!r} is there twice")
    if not found:
        raise UsageError(f"{path}: it names nobody")
    return found


def collect(
    roster: Sequence[tuple[str, str]],
    chapters: Sequence[str],
    to: Path,
    progress: Progress = lambda done, total, what: None,
) -> Collected:
    """Read every repository of a roster.

    Args:
        roster: Names and repositories.
        chapters: Names of the chapters; no other file is read.
        to: The folder with a folder for each submission; former ones are replaced.
        progress: Called with repositories done, repositories in all, and whose is next.

    Raises:
        UsageError: There is no git, or the folder cannot be written.
    """
    if shutil.which("git") is None:
        raise UsageError("git is not installed, and `kata collect` needs it")
    found = Collected()
    try:
        to.mkdir(parents=True, exist_ok=True)
        for number, (name, repository) in enumerate(roster):
            progress(number, len(roster), name)
            try:
                found.commits[name] = _one(repository, chapters, to / name)
            except _Refused as error:
                found.failed[name] = str(error)
        record = {"commits": found.commits, "failed": found.failed}
        write_text(to / RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise UsageError(f"{to}: cannot be written ({error.strerror})") from None
    return found


def _one(repository: str, chapters: Sequence[str], to: Path) -> str:
    """Read one repository into its folder; returns the commit."""
    made = to.with_name(f".{to.name}.draft")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    with (
        contextlib.ExitStack() as stack,
        tempfile.TemporaryDirectory(prefix="kata-collect-", ignore_cleanup_errors=True) as scratch,
    ):
        stack.callback(shutil.rmtree, made, ignore_errors=True)
        copy = Path(scratch) / "copy.git"
        _git(
            [
                *("clone", "--quiet", "--bare", "--depth=1", "--no-tags", "--single-branch"),
                *("--no-local", f"--filter=blob:limit={MAX_SOURCE + 1}", "--template="),
                *("--", repository, str(copy)),
            ]
        )
        commit = _commit(copy)
        for path, number in _chapters(copy, chapters) if commit else ():
            target = made.joinpath(*path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_blob(copy, number))
        if to.exists() or to.is_symlink():
            shutil.rmtree(to) if to.is_dir() and not to.is_symlink() else to.unlink()
        os.rename(made, to)
        return commit


def _commit(copy: Path) -> str:
    try:
        done = _git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], copy)
    except _Refused:  # nothing has been committed
        return ""
    return done.decode("ascii").strip()


def _chapters(copy: Path, chapters: Sequence[str]) -> list[tuple[PurePosixPath, str]]:
    """Path and object of each regular file with a chapter's name."""
    found = []
    listing = _git(["ls-tree", "-r", "-z", "--full-tree", "HEAD"], copy).split(b"\0")
    if len(listing) > MAX_ENTRIES:
        raise _Refused(f"holds more than {MAX_ENTRIES:,} files; hand in the chapters alone")
    for line in filter(None, listing):
        facts, _, name = line.partition(b"\t")
        mode, kind, number = facts.decode("ascii").split(" ")
        path = PurePosixPath(os.fsdecode(name))
        if path.suffix != ".py" or path.stem not in chapters or len(path.parts) > MAX_DEPTH + 1:
            continue
        if any(part in ("", "..", ".git") or "\\" in part or ":" in part for part in path.parts):
            continue
        if kind == "blob" and mode in ("100644", "100755"):
            found.append((path, number))
    if len(found) > MAX_FILES:
        raise _Refused(f"holds more than {MAX_FILES} files with a chapter's name; hand in one each")
    return found


def _blob(copy: Path, number: str) -> bytes:
    """A file's bytes; what is too large was not fetched, and is said by who reads it."""
    try:
        return _git(["cat-file", "blob", number], copy)[: MAX_SOURCE + 1]
    except _Refused:
        return bytes(MAX_SOURCE + 1)


def _git(arguments: Sequence[str], copy: Path | None = None) -> bytes:
    """Run git; nothing but `clone` may ask a server.

    Raises:
        _Refused: It fails.
    """
    settings = _SETTINGS | ({} if copy is None else _OFFLINE)
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    words += ["--git-dir", str(copy)] if copy else []
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; the address stands behind `--`
            ["git", *words, *arguments],  # noqa: S607 - wherever it is installed
            capture_output=True,
            check=False,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _Refused(f"cannot be read within {SECONDS} s") from None
    if done.returncode:
        said = [x for x in done.stderr.decode("utf-8", "replace").splitlines() if x.strip()]
        errors = [x for x in said if x.startswith(("fatal:", "error:"))] or said or ["git failed"]
        raise _Refused(one_line(_without_token(errors[0]), 300))
    return done.stdout


def _environment() -> dict[str, str]:
    found = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ALONE
    if token := os.environ.get(TOKEN):
        server = os.environ.get(SERVER, GITHUB).rstrip("/") + "/"
        words = base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
        found["GIT_CONFIG_COUNT"] = "1"
        found["GIT_CONFIG_KEY_0"] = f"http.{server}.extraHeader"
        found["GIT_CONFIG_VALUE_0"] = f"Authorization: Basic {words}"
    return found


def _without_token(text: str) -> str:
    token = os.environ.get(TOKEN)
    return text.replace(token, "***") if token else text
