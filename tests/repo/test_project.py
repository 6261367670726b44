"""The project speaks of the project alone, and pins what it must."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.splitlines()]


def test_every_requirement_is_pinned_for_ci_and_a_range_for_others():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    extras = [r for group in project["optional-dependencies"].values() for r in group]
    for requirement in [*project["dependencies"], *extras]:
        name = re.match(r"[\w-]+", requirement).group().lower().replace("_", "-")
        if name != "llm-kata":
            assert f"\n{name}==" in pins, f"{name} is not pinned"
    assert "torch==2.13.0" in pins
    assert "torch==" not in " ".join(project["dependencies"])


def test_no_registry_and_no_machine_is_named():
    parts = [("pypi", ".org"), ("python", "hosted"), ("/root", "/"), ("/wo", "rk/")]
    words = ["".join(pair).encode() for pair in parts]
    for path in tracked():
        if path.is_file():
            content = path.read_bytes()
            for word in words:
                assert word not in content, f"{path} holds {word!r}"


def test_everything_here_is_text():
    """No database, archive or picture that a run has left behind."""
    for path in tracked():
        if path.is_file():
            assert b"\0" not in path.read_bytes(), path
            path.read_text(encoding="utf-8")


def test_every_file_is_opened_with_its_encoding():
    pattern = re.compile(r"\.(read_text|write_text)\(\)|open\([^)]*\"[rwa]\"\)")
    for path in (ROOT / "grader").rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not pattern.search(line), f"{path}:{number}"


def test_nothing_of_linux_alone_is_imported_up_front():
    only_here = {"fcntl", "resource", "pwd", "grp", "termios", "landlock", "pyseccomp"}
    for path in (ROOT / "grader").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            match = re.match(r"(?:import|from) (\w+)", line)
            assert not (match and match.group(1) in only_here), f"{path}: {line}"
