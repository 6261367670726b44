"""Each `run` step of the workflows is run, with stand-ins for the hosting, pip and artifacts."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from grader.bundle import bundle
from grader.course import load_course
from grader.errors import UsageError
from grader.workflows import write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the runners of these jobs are Linux")

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "grader" / "templates" / "workflows"
CHAPTER = "ch01_demo"
SOLUTION = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b.example",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b.example",
}


def load(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


class Runner:
    """Runs the jobs of a workflow as GitHub does, as far as these use it."""

    def __init__(self, workflow, checkout, scratch, context=None):
        self.workflow, self.checkout, self.scratch = workflow, checkout, scratch
        self.context = context or {}
        self.log, self.summary = scratch / "pip.log", scratch / "summary.md"
        self.artifacts, front = scratch / "artifacts", scratch / "front"
        front.mkdir()
        pip = f'case "$*" in "-m pip "*) echo "$*" >> {self.log}; exit 0;; esac\n'
        kata = f'exec "{sys.executable}" -m grader "$@"\n'
        self.stand_in("python", f'{pip}exec "{sys.executable}" "$@"\n')
        self.stand_in("kata", kata)
        self.ran = []

    def stand_in(self, name, text):
        path = self.scratch / "front" / name
        path.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        path.chmod(0o755)

    def value(self, text):
        """What an expression stands for."""

        def one(match):
            first, _, other = match[1].partition("||")
            return str(self.context.get(first.strip()) or other.strip().strip("'"))

        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", one, str(text))

    def job(self, name, number=""):
        """Run a job in a folder of its own; returns it, and whether all went well."""
        job, place = self.workflow["jobs"][name], self.scratch / f"{name}{number}"
        place.mkdir()
        well = True
        for step in job["steps"]:
            if not well and "!cancelled()" not in str(step.get("if", "")):
                continue
            well = self.step(step, job, place) and well
        return place, well

    def step(self, step, job, place):
        uses, given = step.get("uses", ""), step.get("with", {})
        if "checkout" in uses:
            shutil.copytree(self.checkout, place, dirs_exist_ok=True)
        elif "upload-artifact" in uses:
            found = sorted(place.glob(given["path"]))
            assert found, f"no files at {given['path']}"
            to = self.artifacts / self.value(given["name"])
            to.mkdir(parents=True)
            for path in found:
                if path.is_dir():
                    shutil.copytree(path, to, dirs_exist_ok=True)
                else:
                    shutil.copy(path, to)
        elif "download-artifact" in uses:
            for artifact in self.artifacts.glob(given.get("name") or given["pattern"]):
                assert "name" in given or given["merge-multiple"] is True
                shutil.copytree(artifact, place, dirs_exist_ok=True)
        elif "run" in step:
            variables = {**job.get("env", {}), **step.get("env", {})}
            options = ["-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", *options, "-c", step["run"]],
                cwd=place, capture_output=True, text=True, timeout=240, check=False,
                env={
                    **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
                    "PATH": f"{self.scratch / 'front'}:{os.environ['PATH']}",
                    "GITHUB_STEP_SUMMARY": str(self.summary),
                    "GITHUB_ACTIONS": "true",
                    **{k: self.value(v) for k, v in variables.items()},
                },
            )  # fmt: skip
            self.ran.append((step["run"], done.returncode, done.stdout + done.stderr))
            return done.returncode == 0
        else:
            assert "setup-python" in uses
        return True


@pytest.fixture
def hosting(tmp_path):
    """Makes a bare repository of one file, as a learner has pushed it."""

    def make(name, text):
        work = tmp_path / "work" / name
        (work / "exercises").mkdir(parents=True)
        (work / "exercises" / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
        (work / ".gitattributes").write_text("*.py filter=evil\n", encoding="utf-8")
        bare = tmp_path / "hosting" / f"{name}.git"
        environment = {**os.environ, **GIT}
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
            subprocess.run(["git", *words], cwd=work, env=environment, check=True)
        words = ["git", "clone", "-q", "--bare", str(work), str(bare)]
        subprocess.run(words, env=environment, check=True)
        return str(bare)

    return make


def test_the_official_grading_from_roster_to_gradebook(demo, hosting, tmp_path):
    write(demo)
    roster = [
        ("name", "repository"),
        ("alice", hosting("alice", SOLUTION)),
        ("bob", hosting("bob", SOLUTION.replace("x + x", "x + 2"))),
        ("carol", str(tmp_path / "hosting" / "gone.git")),
        ("dave", hosting("dave", "import os\nos._exit(0)\n")),
    ]
    with (demo / "classroom" / "roster.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(roster)
    workflow = load(demo / ".github" / "workflows" / "grade.yml")
    context = {"secrets.SUBMISSIONS_TOKEN": "t0ken", "inputs.chapters": "ch01", "inputs.seed": ""}
    scratch = tmp_path / "runner"
    scratch.mkdir()
    runner = Runner(workflow, demo, scratch, context)
    _, well = runner.job("collect")
    assert not well  # carol's repository is gone: the run is red, and goes on
    assert "carol: fatal:" in runner.ran[-2][2]
    for shard in workflow["jobs"]["grade"]["strategy"]["matrix"]["shard"]:
        runner.context["matrix.shard"] = shard
        _, well = runner.job("grade", shard)
        assert well, runner.ran[-1]
    assert str(shard) == workflow["jobs"]["grade"]["env"]["SHARDS"]
    place, well = runner.job("report")
    assert well, runner.ran[-1]
    with (place / "gradebook" / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: row["points (of 8)"] for name, row in rows.items()} == {
        "alice": "8",
        "bob": "5",
        "dave": "0",
    }
    lines = (place / "gradebook" / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["mode"] for line in lines} == {"judged"}
    assert (place / "gradebook" / "pages" / "index.html").is_file()
    assert "| alice | 8/8 |" in runner.summary.read_text(encoding="utf-8").replace("\\", "")
    assert "t0ken" not in "".join(said for _, _, said in runner.ran)
    assert all("t0ken" not in p.read_text(encoding="utf-8", errors="replace")
               for p in runner.artifacts.rglob("*") if p.is_file())  # fmt: skip
    assert runner.log.read_text(encoding="utf-8").count("-m pip install") == 2 + 4 + 2
    done = {words for words, _, _ in runner.ran}
    assert done == {s["run"] for j in workflow["jobs"].values() for s in j["steps"] if "run" in s}


@pytest.mark.parametrize("written", [False, True])
def test_the_advisory_run_in_a_learners_repository(demo, tmp_path, written):
    course = load_course(demo / "exercises" / "course.toml")
    learner = bundle(demo, course, course.chapters, tmp_path / "learner").folder
    if written:
        (learner / "exercises" / f"{CHAPTER}.py").write_text(SOLUTION, encoding="utf-8")
    scratch = tmp_path / "runner"
    scratch.mkdir()
    workflow = load(learner / ".github" / "workflows" / "classroom.yml")
    runner = Runner(workflow, learner, scratch)
    _, well = runner.job("visible")
    assert well is written, runner.ran
    assert "Advisory." in runner.summary.read_text(encoding="utf-8")
    said = runner.ran[-1][2]
    assert ("All visible tests pass" if written else "next: write it in") in said
    assert len(runner.ran) == 3


def test_ci_keeps_the_full_size_models_report(tmp_path):
    scratch = tmp_path / "runner"
    scratch.mkdir()
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(ROOT / "Makefile", checkout)
    for name in ("pyproject.toml", "constraints.txt"):
        (checkout / name).touch()
    (checkout / ".venv" / "bin").mkdir(parents=True)
    kata = checkout / ".venv" / "bin" / "kata"
    kata.write_text(
        "#!/bin/sh\necho kata \"$@\"\n"
        'case "$1" in\n'
        "  grade) [ \"$3\" = --json ] && echo '{}' > \"$4\" ;;\n"
        '  build) mkdir -p "$5" && echo "{}" > "$5/build.json" && echo "{}" > "$5/config.json" ;;\n'
        "esac\n",
        encoding="utf-8",
    )  # fmt: skip
    kata.chmod(0o755)
    (checkout / ".venv" / ".ready").touch()
    later = (checkout / "Makefile").stat().st_mtime + 60
    os.utime(checkout / ".venv" / ".ready", (later, later))
    runner = Runner(load(ROOT / ".github" / "workflows" / "ci.yml"), checkout, scratch)
    _, well = runner.job("full-size")
    assert well, runner.ran
    kept = sorted(p.name for p in (runner.artifacts / "full-size").iterdir())
    assert kept == ["build.json", "config.json", "grading.json", "log.txt"]
    assert "kata build --size 124M" in runner.ran[-1][2]
    kata.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    shutil.rmtree(scratch)
    scratch.mkdir()
    runner = Runner(load(ROOT / ".github" / "workflows" / "ci.yml"), checkout, scratch)
    assert runner.job("full-size")[1] is False


def test_the_workflow_is_written_and_a_changed_one_kept(tmp_path):
    assert [state for _, state in write(tmp_path)] == ["written", "written"]
    assert [state for _, state in write(tmp_path)] == ["up to date", "up to date"]
    grade = tmp_path / ".github" / "workflows" / "grade.yml"
    roster = tmp_path / "classroom" / "roster.csv"
    for path in (grade, roster):
        path.write_text("mine\n", encoding="utf-8")
    with pytest.raises(UsageError, match="was changed; --force writes it anew"):
        write(tmp_path)
    assert grade.read_text(encoding="utf-8") == "mine\n"
    assert [state for _, state in write(tmp_path, force=True)] == ["written", "kept"]
    assert roster.read_text(encoding="utf-8") == "mine\n"
