"""Gradescope's autograder, unpacked and run as Gradescope does, below another root."""

import json
import os
import shutil
import stat
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import jsonschema
import pytest

from grader.autograder import autograder
from grader.course import load_course

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Gradescope is Linux")

CHAPTER = "ch01_demo"
RIGHT = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)
# What Gradescope documents for any results.json; a score may be absent, and then there is none.
RESULTS = {
    "type": "object",
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "output": {"type": "string", "minLength": 1},
        "output_format": {"enum": ["text"]},
        "visibility": {"enum": ["visible"]},
        "stdout_visibility": {"enum": ["hidden"]},
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "minItems": 1},
    },
    "required": ["output", "stdout_visibility"],
}


def unpack(path, to):
    """Unpack as `unzip` does, with permissions."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            made = Path(archive.extract(entry, to))
            made.chmod(stat.S_IMODE(entry.external_attr >> 16))


@pytest.fixture
def place(demo, tmp_path):
    """A fake /autograder with the unpacked zip, and the grader installed as setup.sh does."""
    course = load_course(demo / "exercises" / "course.toml")
    autograder(demo, course, course.chapters, tmp_path / "autograder.zip")
    root = tmp_path / "autograder"
    unpack(tmp_path / "autograder.zip", root / "source")
    (root / "submission").mkdir()
    home = root / "source" / ".venv"
    venv.create(home, symlinks=True)
    others = [p for p in sys.path if "site-packages" in p]
    site = next(home.rglob("site-packages"))
    (site / "own.pth").write_text("\n".join([str(root / "source"), *others]), encoding="utf-8")
    return root


def run(root, **environment):
    """Run the autograder on what is in submission/; returns results.json and what it said."""
    done = subprocess.run(
        [root / "source" / "run_autograder"],
        env={"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root), **environment},
        cwd="/", capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, RESULTS)
    assert [p.name for p in (root / "results").iterdir()] == ["results.json"]
    assert done.returncode == 0
    return results, done.stdout + done.stderr


def hand_in(root, text, name=f"{CHAPTER}.py"):
    path = root / "submission" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", [f"{CHAPTER}.py", f"repo-main/exercises/{CHAPTER}.py"])
def test_a_right_submission_gets_every_point(place, name):
    hand_in(place, RIGHT, name)
    results, said = run(place)
    assert results["score"] == 8
    assert {t["status"] for t in results["tests"]} == {"passed"}
    assert {t["visibility"] for t in results["tests"]} == {"visible", "after_published"}
    assert "1 graded" in said


def test_a_wrong_submission_gets_the_points_of_what_is_right(place):
    hand_in(place, RIGHT.replace("return x + x", "return x + 2"))
    results, _ = run(place)
    assert results["score"] == 5
    failed = [t for t in results["tests"] if t["status"] == "failed"]
    assert {t["tags"][1] for t in failed} == {"double"}
    assert "is 2 x for any number" in failed[-1]["output"]


def test_an_empty_submission_gets_none_and_says_so(place):
    results, _ = run(place)
    assert results["score"] == 0
    assert "Not handed in: ch01_demo." in results["output"]
    hand_in(place, "", "notes.txt")
    assert run(place)[0]["score"] == 0


def no_score(results):
    assert "score" not in results
    assert "tests" not in results
    assert "could not be judged. That is not your fault" in results["output"]


def test_a_judge_that_fails_gives_no_score_and_tells_the_instructor(place):
    hand_in(place, RIGHT)
    suite = place / "source" / "tests" / CHAPTER / "test_hidden.py"
    suite.write_text("import nothing_of_that_name\n", encoding="utf-8")
    results, said = run(place)
    no_score(results)
    assert "No module named 'nothing_of_that_name'" in said
    assert "nothing_of_that_name" not in json.dumps(results)


def test_an_older_score_does_not_outlive_a_failure(place):
    hand_in(place, RIGHT)
    assert run(place)[0]["score"] == 8
    shutil.rmtree(place / "source" / "tests")
    no_score(run(place)[0])


@pytest.mark.parametrize("missing", ["source/.venv", "source/options", "submission"])
def test_what_is_not_whole_gives_no_score(place, missing):
    path = place / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    results, said = run(place)
    no_score(results)
    assert "UNJUDGED" in said


def test_without_the_sandbox_nothing_is_judged_unless_it_was_released_so(place, demo, tmp_path):
    hand_in(place, RIGHT)
    sandbox = place / "source" / "grader" / "seam" / "sandbox.py"
    text = sandbox.read_text(encoding="utf-8")
    text = text.replace('"""Names of the layers that `--strict`', 'return ["landlock"]\n    """', 1)
    sandbox.write_text(text, encoding="utf-8")
    results, said = run(place)
    no_score(results)
    assert "this system lacks landlock" in said
    course = load_course(demo / "exercises" / "course.toml")
    autograder(demo, course, course.chapters, tmp_path / "loose.zip", strict=False)
    unpack(tmp_path / "loose.zip", tmp_path / "loose")
    shutil.copy(tmp_path / "loose" / "options", place / "source" / "options")
    assert run(place)[0]["score"] == 8


def test_a_submission_reads_no_hidden_test_and_writes_no_result(place):
    results = place / "results" / "results.json"
    targets = [
        place / "source" / "tests" / CHAPTER / "test_hidden.py",
        place / "source" / "solutions" / f"{CHAPTER}.py",
        place / "source" / "exercises" / "course.toml",
    ]
    hand_in(
        place,
        "def _try(path, mode):\n"
        "    try:\n"
        "        with open(path, mode) as file:\n"
        "            return file.write('{\"score\": 1000}') if mode == 'w' else file.read()\n"
        "    except OSError:\n"
        "        return None\n"
        "def double(x):\n"
        f"    got = [_try(p, 'r') for p in {[str(t) for t in targets]}]\n"
        f"    got += [_try({str(results)!r}, 'w')]\n"
        "    return x + x if any(got) else None\n",
    )
    found, _ = run(place)
    assert found["score"] == 0
    for folder in ("tests", "solutions"):
        for path in [place / "source" / folder, *(place / "source" / folder).rglob("*")]:
            assert not path.stat().st_mode & 0o077, path


def test_the_same_release_is_the_same_zip(demo, tmp_path):
    course = load_course(demo / "exercises" / "course.toml")
    for name in ("a.zip", "b.zip"):
        autograder(demo, course, course.chapters, tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert {"setup.sh", "run_autograder", "options"} <= set(names)
    assert not [n for n in names if "/wrong/" in n or "/right/" in n or n.endswith(".pyc")]


# setup.sh, with stand-ins for apt-get and pip

PYTHON = """#!/bin/sh
if [ "$1" = -m ]; then
  mkdir -p "$3/bin"
  printf '#!/bin/sh\\necho "python $*" >> "$LOG"\\n' > "$3/bin/python"
  printf '#!/bin/sh\\necho "kata $*" >> "$LOG"\\n' > "$3/bin/kata"
  chmod +x "$3/bin/python" "$3/bin/kata"
  echo "venv $3" >> "$LOG"
fi
"""


@pytest.fixture
def prepare(place, tmp_path):
    """Runs setup.sh with these stand-ins in front; returns its exit code and what it started."""
    shutil.rmtree(place / "source" / ".venv")
    front, log = tmp_path / "front", tmp_path / "log"
    front.mkdir()
    log.touch()

    def stand_in(name, text):
        (front / name).write_text(text, encoding="utf-8")
        (front / name).chmod(0o755)

    def run_it(**stand_ins):
        for name in ("python3.13", "python3.12", "python3.11", "python3"):
            stand_in(name, "#!/bin/sh\nexit 1\n")
        for name, text in stand_ins.items():
            stand_in(name.replace("_", ".").replace("apt.get", "apt-get"), text)
        done = subprocess.run(
            [place / "source" / "setup.sh"],
            env={
                "PATH": f"{front}:/usr/bin:/bin",
                "AUTOGRADER_ROOT": str(place),
                "LOG": str(log),
                "FRONT": str(front),
                "STAND_IN": PYTHON,
            },
            cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done, log.read_text(encoding="utf-8").splitlines()

    return run_it


INSTALL = "python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .[judge]"


def test_setup_uses_the_python_that_is_there(prepare, place):
    done, started = prepare(python3_11=PYTHON, apt_get="#!/bin/sh\nexit 9\n")
    assert done.returncode == 0, done.stderr
    assert started == ["venv .venv", INSTALL, "kata doctor"]
    assert not (place / "source" / "solutions").stat().st_mode & 0o077


def test_setup_installs_a_python_where_none_fits(prepare):
    apt = (
        '#!/bin/sh\necho "apt-get $*" >> "$LOG"\n'
        'case "$*" in *python3.12*) exit 100;; *python3.11*) '
        'printf "%s" "$STAND_IN" > "$FRONT/python3.11";; esac\n'
    )
    done, started = prepare(apt_get=apt)
    assert done.returncode == 0, done.stderr
    assert started == [
        "apt-get update",
        "apt-get install -y python3.12 python3.12-venv",
        "apt-get install -y python3.11 python3.11-venv",
        "venv .venv",
        INSTALL,
        "kata doctor",
    ]


def test_setup_says_that_no_python_could_be_had(prepare):
    done, _ = prepare(apt_get="#!/bin/sh\nexit 0\n")
    assert done.returncode == 1
    assert "no Python 3.11 or newer could be installed" in done.stderr
