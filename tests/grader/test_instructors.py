"""The page for instructors: each of its commands is run, in its order."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.release import stub_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the page is written for a POSIX shell")

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / ".github" / "INSTRUCTORS.md").read_text(encoding="utf-8")


def commands():
    """The lines of the page's code blocks, without their comments."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)
    return [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.fixture
def checkout(tmp_path):
    """The instructor's copy of the course, with the suites of its first two chapters."""
    to = tmp_path / "course"
    for name in ("exercises", "solutions"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    suites = [p for n in ("ch01*", "ch02*") for p in (ROOT / "tests").glob(f"{n}/test_*.py")]
    for suite in suites:
        target = to / suite.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(suite, target)
    return to


def learners(tmp_path):
    """A roster of two: one has written everything, one nothing."""
    solution = (ROOT / "solutions" / "ch01_landscape.py").read_text(encoding="utf-8")
    rows = [("name", "repository")]
    for name, text in {"alice": solution, "bob": stub_of(solution, "ch01_landscape")}.items():
        work = tmp_path / name
        work.mkdir()
        (work / "ch01_landscape.py").write_text(text, encoding="utf-8")
        for words in ("init -q", "add -A", "-c user.name=a -c user.email=a@b.example commit -qm x"):
            subprocess.run(["git", *words.split()], cwd=work, check=True)
        rows.append((name, str(work)))
    return rows


def test_a_term_from_release_to_export(checkout, tmp_path):
    front = tmp_path / "front"
    front.mkdir()
    (front / "kata").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m grader "$@"\n', "utf-8")
    (front / "kata").chmod(0o755)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "PATH": f"{front}:{os.environ['PATH']}",
        **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@b.example" for who in ("AUTHOR", "COMMITTER")},
    }
    ran = commands()
    assert len(ran) > 12
    for command in ran:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if "--workflow" in command:
            with (checkout / "classroom" / "roster.csv").open("w", encoding="utf-8") as file:
                csv.writer(file).writerows(learners(tmp_path))
        if "--only alice" in command:
            assert "1 submission, 1 chapter each: 1 graded" in done.stdout
    with (checkout / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        points = {row["submission"]: row["points (of 9)"] for row in csv.DictReader(file)}
    assert points == {"alice": "9", "bob": "0"}
    for name in ("pages/index.html", "reports/alice.json", "gradescope/bob.json"):
        assert (checkout / name).is_file(), name
    assert (checkout / "summaries" / "summary.md").is_file()
    log = subprocess.run(
        ["git", "-C", "handout", "log", "--stat", "--oneline"],
        cwd=checkout, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert log.count("exercises/ch01_landscape.py") == 1, "the second commit leaves it alone"
    assert log.count("exercises/ch02_text.py") == 1
    assert "hidden" not in log


def test_the_page_is_one_page_and_names_every_step():
    assert len(PAGE.splitlines()) < 110
    text = "\n".join(commands())
    for step in ("release --to", "--gradescope", "--workflow", "collect", "batch", "merge"):
        assert step in text, step
    for step in ("export --format csv", "report --html"):
        assert step in text, step
