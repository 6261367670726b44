"""Every workflow is what GitHub accepts, safe by a linter's rules, and asks for little."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "grader" / "templates" / "workflows"
WORKFLOWS = sorted([*TEMPLATES.glob("*.yml"), *(ROOT / ".github" / "workflows").glob("*.yml")])
SCRIPTS = Path(sysconfig.get_path("scripts"))


def load(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def schema(path):
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def zizmor(path):
    program = next(p for p in (SCRIPTS / "zizmor", SCRIPTS / "zizmor.exe") if p.is_file())
    command = [program, "--offline", "--no-config", "--no-progress", "--format", "plain", path]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_workflows_are_looked_at():
    assert [p.name for p in WORKFLOWS] == ["ci.yml", "classroom.yml", "grade.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_is_one_that_github_accepts(path):
    done = schema(path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_passes_the_linter(path):
    done = zizmor(path)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("on:\n  push:", "on:\n  pull_request_target:"),
        ("run: kata check", 'run: echo "${{ github.head_ref }}"'),
        ("@11bd71901bbe5b1630ceea73d27597364c9af683", "@main"),
        ("      contents: read", "      contents: write"),
        ("          persist-credentials: false\n", "          fetch-depth: 1\n"),
    ],
)
def test_the_linter_finds_what_is_unsafe(tmp_path, old, new):
    text = (TEMPLATES / "classroom.yml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / ".github" / "workflows" / "classroom.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new), encoding="utf-8")
    found = zizmor(path)
    asks = load(path)["jobs"]["visible"]["permissions"]
    assert found.returncode != 0 or asks != {"contents": "read"}


def test_the_schema_finds_what_is_no_workflow(tmp_path):
    text = (TEMPLATES / "classroom.yml").read_text(encoding="utf-8")
    path = tmp_path / "classroom.yml"
    path.write_text(text.replace("runs-on", "runs-at"), encoding="utf-8")
    assert schema(path).returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_asks_for_little(path):
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == {"contents": "read"}, name
        assert job["timeout-minutes"] <= 330
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
            if "checkout" in step["uses"]:
                assert step["with"]["persist-credentials"] is False
                assert "submodules" not in step["with"]
                assert "lfs" not in step["with"]
        assert "${{" not in step.get("run", ""), "an expression would be pasted into the shell"


def test_one_action_has_one_version():
    used = {}
    for path in WORKFLOWS:
        pattern = r"uses: (\S+)@(\S+) (# v[\d.]+)"
        for action, version, words in re.findall(pattern, path.read_text(encoding="utf-8")):
            used.setdefault(action, set()).add((version, words))
    assert len(used) == 4
    assert all(len(versions) == 1 for versions in used.values()), used


def test_a_learner_starts_no_official_grading_and_meets_no_secret():
    grade, classroom = load(TEMPLATES / "grade.yml"), load(TEMPLATES / "classroom.yml")
    assert set(grade["on"]) == {"workflow_dispatch", "schedule"}
    assert set(classroom["on"]) == {"push", "workflow_dispatch"}
    text = (TEMPLATES / "classroom.yml").read_text(encoding="utf-8")
    assert "secrets" not in text
    assert "advisory" in text.lower()
    for name, job in grade["jobs"].items():
        with_token = [s for s in job["steps"] if "secrets." in str(s)]
        assert "secrets." not in str({k: v for k, v in job.items() if k != "steps"})
        assert len(with_token) == (1 if name == "collect" else 0)
    # Where the token is, nothing of a learner's runs: the step with it only reads.
    (step,) = [s for s in grade["jobs"]["collect"]["steps"] if "secrets." in str(s)]
    assert step["run"] == "kata collect classroom/roster.csv --to submissions"
    graders = [n for n, j in grade["jobs"].items() if "kata batch" in str(j)]
    assert graders == ["grade"]
    assert "--strict" in str(grade["jobs"]["grade"])
