"""The README tells the truth: its commands exist, its table is the manifest's."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import load_course

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COURSE = load_course(ROOT / "exercises" / "course.toml")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md"))]


def test_the_two_commands_are_targets_of_the_makefile():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in re.findall(r"(?:^|`)make (\w+)", README, re.M):
        assert target in targets


def test_ci_runs_what_the_readme_says():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in script
    assert "make test" in README


@pytest.mark.skipif(shutil.which("bash") is None, reason="CI's script is one for bash")
@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({}, "will not run"),
        ({"apt-get": "exit 100"}, "will not run"),
        ({"apt-get": 'echo "apt-get $*"'}, "apt-get install -qy --no-install-recommends chromium"),
        ({"apt-get": 'echo "apt-get $*"', "id": "echo 1000"}, "will not run"),
        ({"apt-get": 'echo "apt-get $*"', "chromium": "exit 1"}, "made test"),
    ],
    ids=["nothing", "refused", "installed", "not_allowed", "there"],
)
def test_ci_installs_a_browser_if_it_can_and_goes_on_if_not(tmp_path, there, said):
    programs = {"make": 'echo "made $*"', "id": "echo 0", **there}
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    for name in ("dirname", "timeout"):
        (tmp_path / name).symlink_to(shutil.which(name))
    command = [shutil.which("bash"), str(ROOT / ".ci" / "run")]
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert done.stdout.endswith("made test\n")
    assert ("chromium" in there) is ("Chromium" not in done.stdout)


def kata(*arguments):
    command = [sys.executable, "-m", "grader", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def mentioned():
    """(command, options) of every `kata …` in the documents."""
    found = set()
    for path in DOCUMENTS:
        for line in re.findall(r"kata ([a-z]+[^`\n]*)", path.read_text(encoding="utf-8")):
            words = line.split("#")[0].split()
            options = tuple(re.findall(r"--[a-z][a-z-]*", line.split("#")[0]))
            found.add((words[0].strip("`.,;:()"), options))
    return sorted(found)


@pytest.mark.parametrize(("command", "options"), mentioned())
def test_every_command_in_the_documents_is_there_with_its_options(command, options):
    done = kata(command, "--help")
    assert done.returncode == 0, done.stderr
    for option in options:
        assert option in done.stdout, f"kata {command} has no {option}"


def test_the_chapter_table_is_the_manifests():
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \| (\d+) \|$", README, re.M)
    expected = [
        (c.name, str(len(c.exercises)), str(sum(e.points for e in c.exercises)))
        for c in COURSE.chapters
    ]
    assert rows == expected


def test_files_that_the_documents_name_are_there():
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (path.parent / target).exists(), f"{path.name} names {target}"
