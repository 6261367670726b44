"""Hostile submissions: none raises its score, reads a secret, survives or disturbs another.

Each file of attacks/ is a submission. Its docstring says what it tries; after it come lines for
this runner:

    outcome: FAILED      no test of the attacked exercise passes (PASSED: the code is also right,
                         and the attack must have no effect)
    exercise: gelu       the attacked exercise, if not `double`
    says: words          a pattern that a message must hold, so that it is known that the attack
                         was tried and how it ended
    never: words         a pattern that no message may hold

It is given PLACES, a dict of what a well-informed attacker would know: paths, process ids, ports.
Beside each attack a clean submission is graded by the same judge.
"""

import base64
import contextlib
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader import grading
from grader.course import load_course
from grader.grading import Plan
from grader.judge import Job, Judge

HERE = Path(__file__).resolve().parent
CHAPTER = "ch01_demo"
GOOD = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)
LIMITS = """
[limits]
test_seconds = 8
cpu_seconds = 30
memory_mb = 768
scratch_mb = 16

[rules.vocabulary]
says = "no tiktoken here"
modules = ["tiktoken"]

[rules.schedule]
says = "compute the rate yourself"
composites = [
  "torch.optim.lr_scheduler.LRScheduler",
  "torch.optim.lr_scheduler.CosineAnnealingLR",
]

[rules.norm]
says = "write the norm yourself"
operators = [
  "layer_norm",
  "native_layer_norm",
  "rms_norm",
  "_fused_rms_norm",
  "batch_norm",
  "native_batch_norm",
  "_native_batch_norm_legit",
  "_batch_norm_impl_index",
  "instance_norm",
  "group_norm",
  "native_group_norm",
]
composites = ["torch.nn.LayerNorm", "torch.nn.GroupNorm"]

[rules.attention]
says = "write attention yourself"
operators = [
  "scaled_dot_product_attention",
  "_scaled_dot_product_attention_math",
  "_scaled_dot_product_flash_attention",
  "_scaled_dot_product_flash_attention_for_cpu",
  "_scaled_dot_product_efficient_attention",
  "_scaled_dot_product_fused_attention_overrideable",
  "_flash_attention_forward",
  "_efficient_attention_forward",
  "_native_multi_head_attention",
  "_transformer_encoder_layer_fwd",
]
composites = ["torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
"""
CALL_SECONDS = 2  # many attacks end by them
MARK = "kata-attack-was-here"  # in the name of whatever an attack writes outside
STOP = 60.0  # seconds after which a grading has hung

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


@dataclass(frozen=True)
class Attack:
    """One hostile submission and what is right to come of it."""

    name: str
    text: str
    outcome: str
    exercise: str
    says: str
    never: str


def read(path):
    text = path.read_text(encoding="utf-8")
    docstring = text.split('"""')[1]
    said = dict(re.findall(r"^(outcome|exercise|says|never): (.+)$", docstring, re.M))
    assert said["outcome"] in ("PASSED", "FAILED"), path
    return Attack(
        path.stem,
        text,
        said["outcome"],
        said.get("exercise", "double"),
        said.get("says", ""),
        said.get("never", ""),
    )


ATTACKS = [read(path) for path in sorted((HERE / "attacks").glob("*.py"))]
INNOCENTS = sorted((HERE / "innocents").glob("*.py"))


class Arena:
    """A judge, secrets where an attacker would look for them, and what would notice a blow."""

    def __init__(self, base, demo, patch):
        self.root = Path(shutil.copytree(demo, base / "course"))
        self.secrets = {
            name: f"SECRET-{name}-{secrets.token_hex(8)}"
            for name in ("hidden", "solution", "other", "environment", "home")
        }
        self._plant(base)
        patch.setenv("KATA_SECRET", self.secrets["environment"])
        patch.setenv("LC_ALL", self.secrets["environment"])  # of those that a judge keeps
        patch.setenv("HOME", str(base / "home"))
        self.course = load_course(self.root / "exercises" / "course.toml")
        self.judge = Judge(self.root, [CHAPTER], seed=0).__enter__()
        self.sentinel = subprocess.Popen(["/bin/sleep", "1000"])
        self._listen(base)
        self.numbers = itertools.count()
        self._run("warm", self.clean)
        until = time.monotonic() + 10
        while len(self._processes()) > 3 and time.monotonic() < until:
            time.sleep(0.02)
        # The judge, its nursery, and the fork of that in which the rules are closed.
        self.processes = self._processes()
        assert len(self.processes) == 3
        self.places = {
            "hidden": str(self.root / "tests" / CHAPTER / "test_hidden.py"),
            "solution": str(self.root / "solutions" / f"{CHAPTER}.py"),
            "course": str(self.root / "exercises" / "course.toml"),
            "other": str(self.clean / "notes.txt"),
            "other_folder": str(self.clean),
            "home": str(base / "home" / "token.txt"),
            "outside": str(self.outside),
            "judge": self.judge._process.pid,
            "nursery": min(self.processes - {self.judge._process.pid}),
            "grader": os.getpid(),
            "sentinel": self.sentinel.pid,
            **self.ports,
            "mark": MARK,
        }
        self.before = self._files()

    def _plant(self, base):
        hidden = self.root / "tests" / CHAPTER / "test_hidden.py"
        text = hidden.read_text(encoding="utf-8")
        text = text.replace("import pytest", f"SECRET = {self.secrets['hidden']!r}\nimport pytest")
        text = text.replace("    secret = 2 * x", "    word, secret = SECRET, 2 * x")
        hidden.write_text(text, encoding="utf-8")
        solution = self.root / "solutions" / f"{CHAPTER}.py"
        with solution.open("a", encoding="utf-8") as file:
            file.write(f"# {self.secrets['solution']}\n")
        course = self.root / "exercises" / "course.toml"
        text = course.read_text(encoding="utf-8").replace("[rules", f"{LIMITS}\n[rules", 1)
        every = 'rules = ["gelu", "vocabulary", "schedule", "norm", "attention"]'
        text = text.replace('rules = ["gelu"]', every)
        course.write_text(text, encoding="utf-8")
        self.clean = base / "clean"
        self.clean.mkdir()
        (self.clean / f"{CHAPTER}.py").write_text(GOOD, encoding="utf-8")
        (self.clean / "notes.txt").write_text(self.secrets["other"], encoding="utf-8")
        (base / "home").mkdir()
        (base / "home" / "token.txt").write_text(self.secrets["home"], encoding="utf-8")
        self.outside = base / "outside"
        self.outside.mkdir()
        self.outside.chmod(0o777)
        (self.outside / "kept.txt").write_text("kept", encoding="utf-8")
        (self.outside / "kept.txt").chmod(0o666)
        self.base = base

    def _listen(self, base):
        """Sockets that nobody may reach."""
        folder = Path("/tmp") / f"kata-{secrets.token_hex(4)}"  # a short path: sun_path is small
        folder.mkdir(mode=0o777)
        self.socket_folder = folder
        tcp, udp = socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        unix.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o777)
        name = f"kata-{secrets.token_hex(4)}"
        abstract.bind("\0" + name)
        for each in (unix, abstract):
            each.listen()
        self.listening = [tcp, udp, unix, abstract]
        for each in self.listening:
            each.setblocking(False)
        self.ports = {
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": str(folder / "socket"),
            "abstract": name,
        }

    def close(self):
        self.judge.__exit__(None, None, None)
        self.sentinel.kill()
        self.sentinel.wait()
        for each in self.listening:
            each.close()
        shutil.rmtree(self.socket_folder)

    # What may not have changed

    def _files(self):
        """What is in every file that is none of a worker's own."""
        found = {}
        for folder in (self.root, self.clean, self.base / "home", self.outside):
            for path in sorted(folder.rglob("*")):
                state = path.lstat()
                data = path.read_bytes() if path.is_file() else b""
                found[str(path)] = (state.st_mode, state.st_mtime_ns, data)
        return found

    def _processes(self):
        """The judge, its nursery, and whatever descends from them or shares their network."""
        parents, networks = {}, {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    stat = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8")
                    state, parent = stat.rpartition(")")[2].split()[:2]
                    if state == "Z":  # it has ended, and only nobody has asked how
                        continue
                    parents[int(entry)] = int(parent)
                    networks[int(entry)] = os.readlink(f"/proc/{entry}/ns/net")
        found = {self.judge._process.pid}
        while more := {p for p, parent in parents.items() if parent in found} - found:
            found |= more
        own = networks.get(os.getpid())
        theirs = {networks[p] for p in found if p in networks} - {own}
        return found | {p for p, network in networks.items() if network in theirs}

    def check(self, text):
        """Nothing was written, reached, signalled or left behind, and no secret is in `text`."""
        for name, secret in self.secrets.items():
            for form in forms(secret):
                assert form not in text, f"the secret of {name} is in a record"
        until = time.monotonic() + 5
        while time.monotonic() < until and (
            self._processes() != self.processes or os.listdir(self.judge._folder)
        ):
            time.sleep(0.02)
        assert self._processes() == self.processes, "a process survives or was ended"
        assert os.listdir(self.judge._folder) == [], "a file survives"
        assert self._files() == self.before, "a file was changed"
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/", os.getcwd()):
            if os.path.isdir(folder):
                assert not [n for n in os.listdir(folder) if MARK in n], f"a file in {folder}"
        assert self.sentinel.poll() is None, "the sentinel was killed"
        state = Path(f"/proc/{self.sentinel.pid}/stat").read_text(encoding="utf-8")
        assert state.rpartition(")")[2].split()[0] == "S", "the sentinel was stopped"
        for each in self.listening:
            with pytest.raises(BlockingIOError):
                each.recv(1) if each.type == socket.SOCK_DGRAM else each.accept()

    # Grading

    def write(self, folder, text):
        folder.mkdir(exist_ok=True)
        path = folder / f"{CHAPTER}.py"
        path.write_text(f"PLACES = {self.places!r}\n{text}", encoding="utf-8")

    def _run(self, name, folder, tests=None, call_seconds=None):
        """The clean submission beside another one: two dicts of records by test."""
        jobs = [
            Job(f"{name}-attack", folder, CHAPTER, tests, call_seconds=call_seconds),
            Job(f"{name}-clean", self.clean, CHAPTER),
        ]
        found = {job.name: {} for job in jobs}
        # A judge that hangs is a defect to be told, not to wait for.
        timer = threading.Timer(STOP, os.killpg, (self.judge._process.pid, signal.SIGKILL))
        timer.start()
        try:
            for job, record in self.judge.run(jobs):
                if "done" in record:
                    assert record["done"] == "", record
                else:
                    found[job.name][record["id"]] = record
        finally:
            timer.cancel()
        return tuple(found.values())

    def grade(self, folder, exercise="double", call_seconds=CALL_SECONDS):
        """The records of an exercise's tests on a hostile folder."""
        tests = [t for t in self.judge.tests if t.exercise == exercise]
        plan = Plan(self.root, self.course, folder, self.course.chapters, exercise)
        missing = grading._missing(plan)  # as `kata grade` looks first
        ids = tuple(t.id for t in tests)
        name = f"job{next(self.numbers)}"
        hostile, clean = self._run(name, folder, ids, call_seconds)
        assert len(hostile) == len(tests)
        assert len(clean) == len(self.judge.tests)
        assert {r["verdict"] for r in clean.values()} == {"PASSED"}, "the clean one was disturbed"
        records = {(CHAPTER, key): record for key, record in hostile.items()}
        report = grading._report(plan, "judged", tests, records, {}, missing)
        self.check(report.to_json() + json.dumps([*hostile.values()], ensure_ascii=False))
        return hostile


def forms(secret):
    """A secret as it is and in the guises that code of one line gives it."""
    data = secret.encode()
    yield secret
    yield secret[::-1]
    yield data.hex()
    yield str(list(data))[1:-1]
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + data).decode()[4 if shift else 0 : -4]


@pytest.fixture(scope="module")
def arena(tmp_path_factory, demo_root):
    with pytest.MonkeyPatch.context() as patch:
        running = Arena(tmp_path_factory.mktemp("arena"), demo_root, patch)
        yield running
        running.close()


def right(records, outcome, says="", never=""):
    """Whether the records are what is right; a sentence where they are not."""
    verdicts = {r["verdict"] for r in records.values()}
    words = "\n".join(r["message"] for r in records.values())
    if verdicts != {outcome}:
        return f"{verdicts} and not {outcome}: {words}"
    if not re.search(says, words) or (never and re.search(never, words)):
        return f"it was not tried, or ended otherwise: {words}"
    return ""


@pytest.mark.parametrize("attack", ATTACKS, ids=[a.name for a in ATTACKS])
def test_attack(arena, tmp_path, attack):
    arena.write(tmp_path / "hostile", attack.text)
    records = arena.grade(tmp_path / "hostile", attack.exercise)
    wrong = right(records, attack.outcome, attack.says, attack.never)
    if f"did not return within {CALL_SECONDS} s" in wrong:
        # A machine short of memory takes longer to reach a limit.
        records = arena.grade(tmp_path / "hostile", attack.exercise, call_seconds=20)
        wrong = right(records, attack.outcome, attack.says, attack.never)
    assert not wrong, wrong


def test_the_corpus_is_large_enough():
    assert len(ATTACKS) + len(FOLDERS) >= 80
    assert len(INNOCENTS) >= 20


@pytest.mark.parametrize("path", INNOCENTS, ids=[p.stem for p in INNOCENTS])
def test_innocent(arena, tmp_path, path):
    arena.write(tmp_path / "innocent", path.read_text(encoding="utf-8"))
    for exercise in ("double", "quadruple", "gelu"):
        wrong = right(arena.grade(tmp_path / "innocent", exercise, None), "PASSED")
        assert not wrong, wrong


# Attacks that are a folder and not a module: each makes one, and returns the outcome that is right

WRONG = GOOD.replace("x + x", "x + 2")
FOLDERS = {}


def builder(function):
    FOLDERS[function.__name__] = function
    return function


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def module(folder, text):
    put(folder, f"{CHAPTER}.py", text)


@builder
def conftest_that_passes_every_test(folder, arena):
    module(folder, WRONG)
    text = (
        "import pytest\n"
        "@pytest.hookimpl(hookwrapper=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    outcome = yield\n"
        "    outcome.get_result().outcome = 'passed'\n"
    )
    put(folder, "conftest.py", text + f"open({str(arena.outside / MARK)!r}, 'w')\n")
    return "FAILED"


@builder
def pytest_ini_that_collects_only(folder, arena):
    module(folder, WRONG)
    put(folder, "pytest.ini", "[pytest]\naddopts = --collect-only -p evil\n")
    put(folder, "evil.py", f"open({str(arena.outside / MARK)!r}, 'w')\n")
    return "FAILED"


@builder
def pyproject_and_setup_that_steer_pytest(folder, arena):
    module(folder, WRONG)
    put(folder, "pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--collect-only'\n")
    put(folder, "tox.ini", "[pytest]\naddopts = --collect-only\n")
    put(folder, "setup.cfg", "[tool:pytest]\naddopts = --collect-only\n")
    put(folder, "setup.py", f"open({str(arena.outside / MARK)!r}, 'w')\n")
    return "FAILED"


@builder
def sitecustomize_and_pth(folder, arena):
    module(folder, WRONG)
    text = f"open({str(arena.outside / MARK)!r}, 'w')\nimport os; os._exit(0)\n"
    for name in ("sitecustomize.py", "usercustomize.py", "__init__.py", "__main__.py"):
        put(folder, name, text)
    put(folder, "evil.pth", f"import os; open({str(arena.outside / MARK)!r}, 'w')\n")
    return "FAILED"


@builder
def modules_that_shadow_libraries(folder, arena):
    module(folder, WRONG)
    text = f"open({str(arena.outside / MARK)!r}, 'w')\nallclose = equal = lambda *a, **k: True\n"
    for name in ("torch", "numpy", "random", "pytest", "hypothesis", "json", "grader", "socket"):
        put(folder, f"{name}.py", text)
        put(folder, f"{name}/__init__.py", text)
    return "FAILED"


@builder
def suites_of_its_own(folder, arena):
    module(folder, WRONG)
    fake = (
        "import pytest\n"
        "@pytest.mark.exercise('double')\n"
        "def test_double_of_three(chapter):\n    '''double(3) is 6.'''\n"
    )
    for name in ("test_visible.py", "test_hidden.py"):
        put(folder, name, fake)
        put(folder, f"tests/{CHAPTER}/{name}", fake)
        put(folder, f"{CHAPTER}/{name}", fake)
    put(folder, "course.toml", "schema = 1\n")
    put(folder, "exercises/course.toml", "schema = 1\n")
    return "FAILED"


@builder
def bytecode_beside_the_source(folder, arena):
    """A pyc of right code and a source of wrong code; and the other way round for a trap."""
    import py_compile

    module(folder, GOOD)
    py_compile.compile(
        str(folder / f"{CHAPTER}.py"),
        str(folder / "__pycache__" / f"{CHAPTER}.{sys.implementation.cache_tag}.pyc"),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    module(folder, WRONG)
    return "FAILED"


@builder
def symlink_to_the_solution(folder, arena):
    (folder / f"{CHAPTER}.py").symlink_to(arena.places["solution"])
    return "FAILED"


@builder
def hard_link_to_the_clean_submission(folder, arena):
    """To the operating system it is an ordinary file: whoever may make it may read the file."""
    os.link(arena.clean / f"{CHAPTER}.py", folder / f"{CHAPTER}.py")
    return "PASSED"


@builder
def symlink_to_the_hidden_test(folder, arena):
    (folder / f"{CHAPTER}.py").symlink_to(arena.places["hidden"])
    return "FAILED"


@builder
def symlink_to_the_judges_memory(folder, arena):
    (folder / f"{CHAPTER}.py").symlink_to(f"/proc/{arena.places['judge']}/environ")
    return "FAILED"


@builder
def symlink_loop(folder, arena):
    (folder / f"{CHAPTER}.py").symlink_to(f"{CHAPTER}.py")
    return "FAILED"


@builder
def symlink_to_nothing(folder, arena):
    (folder / f"{CHAPTER}.py").symlink_to("nowhere.py")
    return "FAILED"


@builder
def symlinks_beside_the_module(folder, arena):
    module(folder, WRONG)
    (folder / "tests").symlink_to(arena.root / "tests")
    (folder / "root").symlink_to("/")
    (folder / "up").symlink_to("..")
    return "FAILED"


@builder
def relative_import_of_what_lies_above(folder, arena):
    put(folder.parent, f"above/{CHAPTER}.py", GOOD)
    module(folder, f"from ..above.{CHAPTER} import double\n")
    return "FAILED"


@builder
def helper_beside_the_module(folder, arena):
    """Only the chapter crosses, so that a second file cannot smuggle anything in."""
    put(folder, "helper.py", GOOD)
    module(folder, "from .helper import double\n")
    return "FAILED"


@builder
def fifo_as_module(folder, arena):
    os.mkfifo(folder / f"{CHAPTER}.py")
    return "FAILED"


@builder
def socket_as_module(folder, arena):
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(folder):
        made.bind(f"{CHAPTER}.py")
    return "FAILED"


@builder
def device_as_module(folder, arena):
    try:
        os.mknod(folder / f"{CHAPTER}.py", 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        (folder / f"{CHAPTER}.py").symlink_to("/dev/zero")
    return "FAILED"


@builder
def folder_as_module(folder, arena):
    put(folder, f"{CHAPTER}.py/__init__.py", GOOD)
    return "FAILED"


@builder
def package_as_module(folder, arena):
    put(folder, f"{CHAPTER}/__init__.py", GOOD)
    return "FAILED"


@builder
def unreadable_module(folder, arena):
    module(folder, GOOD)
    (folder / f"{CHAPTER}.py").chmod(0)
    return "PASSED" if os.geteuid() == 0 else "FAILED"


@builder
def huge_module(folder, arena):
    with (folder / f"{CHAPTER}.py").open("wb") as file:
        file.write(GOOD.encode())
        file.truncate(8 << 30)  # sparse: 8 GiB to read, nothing to write
    return "FAILED"


@builder
def line_of_50_mb(folder, arena):
    module(folder, GOOD + "#" + "x" * (50 << 20))
    return "FAILED"


@builder
def line_of_a_million(folder, arena):
    """Below the limit: it is read, and a traceback through it stays bounded."""
    module(folder, "def double(x): raise ValueError('" + "x" * 1_000_000 + "')\n")
    return "FAILED"


@builder
def a_hundred_thousand_files(folder, arena):
    module(folder, WRONG)
    crowd = folder / "crowd"
    crowd.mkdir()
    handle = os.open(crowd, os.O_RDONLY)
    for i in range(100_000):
        os.close(os.open(str(i), os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    return "FAILED"


@builder
def invalid_utf_8(folder, arena):
    (folder / f"{CHAPTER}.py").write_bytes(GOOD.encode() + b"# \xff\xfe\xc0\x80\n")
    return "FAILED"


@builder
def declared_encoding(folder, arena):
    """A coding cookie is not obeyed, so that no codec turns harmless bytes into other code."""
    text = f"# -*- coding: rot13 -*-\n{WRONG}"
    module(folder, text)
    return "FAILED"


@builder
def utf_16(folder, arena):
    (folder / f"{CHAPTER}.py").write_text(GOOD, encoding="utf-16")
    return "FAILED"


@builder
def byte_order_mark(folder, arena):
    (folder / f"{CHAPTER}.py").write_text(GOOD, encoding="utf-8-sig")
    return "PASSED"


@builder
def null_bytes(folder, arena):
    (folder / f"{CHAPTER}.py").write_bytes(GOOD.encode() + b"\0" * 100)
    return "FAILED"


@builder
def empty_module(folder, arena):
    module(folder, "")
    return "FAILED"


@builder
def deeply_nested_expression(folder, arena):
    module(folder, f"{GOOD}y = {'(' * 100_000}1{')' * 100_000}\n")
    return "FAILED"


@builder
def deeply_nested_operators(folder, arena):
    module(folder, f"{GOOD}y = {'-' * 300_000}1\n")
    return "FAILED"


@builder
def endless_chain_of_attributes(folder, arena):
    module(folder, f"{GOOD}y = x{'.a' * 200_000}\n")
    return "FAILED"


@builder
def huge_number(folder, arena):
    module(folder, f"{GOOD}y = {'9' * 900_000}\n")
    return "FAILED"


@builder
def constants_that_unfold(folder, arena):
    """The compiler computes constants ahead; it must not compute this one."""
    module(folder, f"{GOOD}y = ((((((((1,) * 255) * 255) * 255) * 255) * 255) * 255)) and None\n")
    return "FAILED"


@builder
def bidirectional_marks(folder, arena):
    module(
        folder, "def double(x):\n    raise ValueError('\u202etxt.exe \u2066\u2069 \x1b]0;x\x07')\n"
    )
    return "FAILED"


@builder
def names_with_newlines_and_control_characters(folder, arena):
    module(folder, WRONG)
    for name in (
        "a\nb.py",
        "\x1b[2J.py",
        "\u202eyp.py",
        "'; rm -rf ~;.py",
        "-rf",
        "\udcff.py",
        "=1+1.csv",
    ):
        (folder / name).write_text(GOOD, encoding="utf-8")
    return "FAILED"


@builder
def names_that_collide(folder, arena):
    module(folder, WRONG)
    for name in (f"{CHAPTER.upper()}.PY", f"{CHAPTER}.py ", f"{CHAPTER}.pyc", f"{CHAPTER}.so"):
        (folder / name).write_text(GOOD, encoding="utf-8")
    return "FAILED"


@builder
def archive_bomb(folder, arena):
    """Archives are not unpacked."""
    import zipfile

    module(folder, WRONG)
    with zipfile.ZipFile(folder / "submission.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../" + MARK, b"0" * (32 << 20))
    return "FAILED"


@builder
def git_folder_with_hooks(folder, arena):
    module(folder, WRONG)
    hook = f"#!/bin/sh\ntouch {arena.outside / MARK}\n"
    put(folder, ".git/config", f"[core]\nfsmonitor = touch {arena.outside / MARK}\n")
    put(folder, ".git/hooks/post-checkout", hook)
    (folder / ".git" / "hooks" / "post-checkout").chmod(0o755)
    return "FAILED"


@pytest.mark.parametrize("name", FOLDERS)
def test_hostile_folder(arena, tmp_path, name):
    folder = tmp_path / "hostile"
    folder.mkdir()
    outcome = FOLDERS[name](folder, arena)
    inert = "[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069]"
    wrong = right(arena.grade(folder), outcome, never=inert)
    assert not wrong, wrong


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "\u202egnp", "[red]x", "=1+1", "a" * 250])
def test_a_hostile_name_of_a_folder_is_inert_in_reports(arena, tmp_path, name, capsys):
    """What a report says of the folder holds nothing that a terminal or a table would obey."""
    from grader.cli.showing import show_report

    folder = tmp_path / name
    folder.mkdir()
    module(folder, WRONG)
    plan = Plan(arena.root, arena.course, folder, arena.course.chapters, "double")
    report = grading._report(plan, "judged", [], {}, {}, {})
    assert report.subject.isprintable()
    show_report(report)
    assert report.subject[:20] in capsys.readouterr().out.replace("\n", "")


def test_a_large_wrong_answer_is_not_explained_for_ever(demo, tmp_path):
    """Pytest compares two texts in words, which takes hours where one has many lines."""
    suite = demo / "tests" / CHAPTER / "test_visible.py"
    expected = "".join(f"line {i} of what is expected\n" for i in range(300))
    suite.write_text(
        "import pytest\n\n@pytest.mark.exercise('double')\ndef test_words(chapter):\n"
        f"    'Words.'\n    assert chapter.double('') == {expected!r}\n",
        encoding="utf-8",
    )
    line = "f'line {i} or what is expected of it\\n'"
    module(tmp_path, f"def double(x): return ''.join({line} for i in range(100_000))\n")
    begun = time.monotonic()
    with Judge(demo, [CHAPTER], seed=0, hidden=False) as judge:
        records = [record for _, record in judge.run([Job("job", tmp_path, CHAPTER)])]
    assert records[0]["verdict"] == "FAILED"
    assert time.monotonic() - begun < STOP
