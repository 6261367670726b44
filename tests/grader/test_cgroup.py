"""Control groups: which one is delegated, who is in a job's, what it bounds, what is left of it."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader import grading, judge
from grader.course import Limits
from grader.errors import SubjectDied, SubjectKilled
from grader.seam import ancestor, cgroup, measures, remote, sandbox
from grader.seam.nursery import start
from grader.seam.remote import Nursery
from grader.subject import Source

fcntl = pytest.importorskip("fcntl")
ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


@pytest.fixture(autouse=True)
def _afresh(monkeypatch):
    """Nothing is remembered, and nothing named."""
    monkeypatch.delenv(cgroup.VARIABLE, raising=False)
    for function in (cgroup.divided, cgroup.usable):
        function.cache_clear()
    yield
    for function in (cgroup.divided, cgroup.usable):
        function.cache_clear()


# Which group is delegated, on folders that look like the kernel's


class Machine:
    """Folders made to look like /proc and a mount of control groups.

    Args:
        folder: Where they are made.
        own: What /proc says of this process's group.
        root: Which group the mount shows.
        mount: Where it is mounted.
    """

    def __init__(self, folder, own, root="/", mount="mount"):
        self.proc, self.mount = folder / "proc", folder / mount
        self.files(self.proc / "self", {"cgroup": f"4:memory:/v1\n0::{own}\n"})
        where = str(self.mount).replace(" ", "\\040")
        self.line = f"41 31 0:38 {root} {where} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
        before = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        v1 = f"35 31 0:32 / {where} rw - cgroup cgroup rw,memory\n"
        self.files(self.proc / "self", {"mountinfo": before + v1 + self.line})
        self.group("", kind=None)

    def files(self, folder, texts):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")

    def group(self, path, kind="domain", controllers="cpu memory pids", procs=""):
        """A group as the kernel shows it; the machine's root has no `cgroup.type`."""
        texts = {
            "cgroup.controllers": f"{controllers}\n",
            "cgroup.procs": procs,
            "cgroup.subtree_control": "",
        }
        self.files(self.mount / path, texts | ({"cgroup.type": f"{kind}\n"} if kind else {}))
        return self.mount / path


@pytest.fixture
def marks(monkeypatch):
    """The marks that groups carry, by path and name."""
    found = {}

    def get(path, name):
        if (Path(path), name) not in found:
            raise OSError(61, "No data available")
        return found[Path(path), name]

    monkeypatch.setattr(os, "getxattr", get)
    return found


@pytest.mark.parametrize("name", ["user.delegate", "trusted.delegate"])
def test_a_group_that_systemd_marks_is_delegated(tmp_path, marks, name):
    machine = Machine(tmp_path, "/user.slice/run-1.scope")
    group = machine.group("user.slice/run-1.scope")
    marks[group, name] = b"1"
    assert cgroup.find(machine.proc) == group


@pytest.mark.parametrize("mark", [None, b"0", b""])
def test_a_group_without_a_mark_is_not_however_writable_it_is(tmp_path, marks, mark):
    machine = Machine(tmp_path, "/user.slice/session-3.scope")
    group = machine.group("user.slice/session-3.scope")
    if mark is not None:
        marks[group, "user.delegate"] = mark
    with pytest.raises(OSError, match="is not delegated, start kata with `systemd-run"):
        cgroup.find(machine.proc)


def test_what_lies_in_a_delegated_group_is_somebody_elses(tmp_path, marks):
    machine = Machine(tmp_path, "/user.slice/manager/app.slice")
    marks[machine.group("user.slice/manager"), "user.delegate"] = b"1"
    machine.group("user.slice/manager/app.slice")
    with pytest.raises(OSError, match="slice is not delegated"):
        cgroup.find(machine.proc)


@pytest.mark.parametrize(("own", "root"), [("/", "/"), ("/docker/1f", "/docker/1f")])
def test_the_root_of_a_container_is_delegated(tmp_path, marks, own, root):
    machine = Machine(tmp_path, own, root)
    assert machine.group("") == machine.mount
    assert cgroup.find(machine.proc) == machine.mount


def test_the_root_of_the_machine_is_not(tmp_path, marks):
    machine = Machine(tmp_path, "/")
    with pytest.raises(OSError, match="mount cannot be divided: it is the machine's root"):
        cgroup.find(machine.proc)


@pytest.mark.parametrize(("path", "group"), [("/kata-grader", ""), ("/a/kata-grader", "a")])
def test_who_is_in_the_graders_leaf_finds_the_group_above(tmp_path, marks, path, group):
    machine = Machine(tmp_path, path)
    found = machine.group(group)
    machine.group(path.strip("/"))
    marks[found, "user.delegate"] = b"1"
    assert cgroup.find(machine.proc) == found


def test_the_mount_that_shows_the_group_is_the_one_that_is_used(tmp_path, marks):
    machine = Machine(tmp_path, "/docker/1f/inner", "/docker/1f", "a mount")
    group = machine.group("inner")
    marks[group, "user.delegate"] = b"1"
    other = machine.line.replace("/docker/1f", "/docker/2e").replace("a\\040mount", "other")
    info = machine.proc / "self" / "mountinfo"
    info.write_text(other + info.read_text(encoding="utf-8"), encoding="utf-8")
    assert cgroup.find(machine.proc) == group


@pytest.mark.parametrize("own", ["/../outside", "/.."])
def test_a_group_outside_of_the_namespace_is_out_of_reach(tmp_path, marks, own):
    machine = Machine(tmp_path, own)
    with pytest.raises(OSError, match="in no control group of version 2"):
        cgroup.find(machine.proc)


@pytest.mark.parametrize("name", ["cgroup", "mountinfo"])
def test_version_1_is_not_used(tmp_path, marks, name):
    machine = Machine(tmp_path, "/a")
    file = machine.proc / "self" / name
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(OSError, match="in no control group of version 2"):
        cgroup.find(machine.proc)


@pytest.mark.parametrize("kind", ["threaded", "domain invalid", "domain threaded"])
def test_a_group_of_threads_cannot_be_divided(tmp_path, marks, kind):
    machine = Machine(tmp_path, "/a")
    marks[machine.group("a", kind), "user.delegate"] = b"1"
    with pytest.raises(OSError, match=r"a cannot be divided: it is .* one of threads"):
        cgroup.find(machine.proc)


def test_the_operator_may_name_a_group(tmp_path, marks, monkeypatch):
    machine = Machine(tmp_path, "/elsewhere")
    group = machine.group("for-kata")
    monkeypatch.setenv(cgroup.VARIABLE, str(group))
    assert cgroup.find(machine.proc) == group
    for wrong in (machine.mount, machine.mount / "none", tmp_path):
        monkeypatch.setenv(cgroup.VARIABLE, str(wrong))
        with pytest.raises(OSError, match=r"cannot be divided: it is .* no group"):
            cgroup.find(machine.proc)


@pytest.mark.parametrize("closed", ["", "cgroup.procs", "cgroup.subtree_control"])
def test_a_group_that_cannot_be_written_is_not_ours(tmp_path, marks, monkeypatch, closed):
    machine = Machine(tmp_path, "/a")
    group = machine.group("a")
    marks[group, "user.delegate"] = b"1"
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != group / closed)
    with pytest.raises(OSError, match="a cannot be written by this user"):
        cgroup.find(machine.proc)


def test_one_controller_is_enough_and_none_is_not(tmp_path, marks):
    machine = Machine(tmp_path, "/a")
    for there in ("cpu memory", "pids"):
        marks[machine.group("a", controllers=there), "user.delegate"] = b"1"
        assert cgroup.find(machine.proc) == machine.mount / "a"
    machine.group("a", controllers="cpu hugetlb")
    with pytest.raises(OSError, match="a has no controller of memory and pids"):
        cgroup.find(machine.proc)


def test_a_group_of_others_is_left_as_it_was(tmp_path, marks, monkeypatch):
    """This process is in it and so is one that is not of its tree, so nobody is moved."""
    machine = Machine(tmp_path, "/")
    group = machine.group("a", procs=f"{os.getpid()}\n{os.getppid()}\n")
    monkeypatch.setenv(cgroup.VARIABLE, str(group))
    assert cgroup.divided() == (None, f"{group} holds processes that are not the grader's")
    assert not (group / cgroup.LEAF).exists()
    assert (group / "cgroup.subtree_control").read_text(encoding="utf-8") == ""
    assert cgroup.new_group(Limits()) is None
    assert cgroup.usable() is False


@pytest.mark.parametrize("pid", [0, 1, os.getppid()])
def test_processes_of_others_are_not_the_graders(pid):
    assert not cgroup._is_own(pid)


def test_this_process_and_what_it_started_is_the_graders():
    command = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {command!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", inner], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        grandchild = int(child.stdout.readline())
        assert all(map(cgroup._is_own, (os.getpid(), child.pid, grandchild)))
        child.stdin.close()
    assert cgroup._is_own(grandchild), "and one that has ended stands in nobody's way"


@pytest.mark.parametrize("swap", [True, False])
def test_limits_leave_room_for_every_worker_of_a_job(tmp_path, monkeypatch, swap):
    machine = Machine(tmp_path, "/")
    group = machine.group("a")
    monkeypatch.setenv(cgroup.VARIABLE, str(group))
    make = Path.mkdir
    names = ["cgroup.procs", "memory.max", "pids.max", *(["memory.swap.max"] if swap else [])]

    def mkdir(path, *arguments, **options):
        make(path, *arguments, **options)
        for name in names:
            (path / name).write_text("max", encoding="utf-8")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    made = cgroup.new_group(Limits(memory_mb=1000, scratch_mb=100))
    control = (group / "cgroup.subtree_control").read_text(encoding="utf-8")
    assert control == "+memory +pids"
    found = {name: (made.path / name).read_text(encoding="utf-8") for name in names[1:]}
    assert int(found["memory.max"]) == 3 * 1100 << 20
    assert int(found["pids.max"]) >= 3 * measures.MAX_THREADS
    assert found.get("memory.swap.max", "0") == "0"
    made.close()


def test_a_group_that_cannot_be_limited_is_not_used(tmp_path, monkeypatch):
    machine = Machine(tmp_path, "/")
    group = machine.group("a")
    monkeypatch.setenv(cgroup.VARIABLE, str(group))
    assert cgroup.new_group(Limits()) is None, "a plain folder has no memory.max"
    assert list(group.glob(f"{cgroup.JOB}*")) == []
    assert "cgroups" not in {layer.name for layer in sandbox.active_layers() if layer.active}


def test_a_wish_that_cannot_be_fulfilled_changes_no_verdict(demo_root, demo_course, monkeypatch):
    monkeypatch.setenv(cgroup.VARIABLE, "/nowhere")
    plan = grading.Plan(demo_root, demo_course, demo_root / "solutions", demo_course.chapters)
    report = grading.grade(plan)
    assert report.exit_code == 0
    assert "cgroups" not in report.sandbox


# On the kernel's own groups


def mounted():
    """Where groups of version 2 are mounted, if this user may make one there."""
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 ") and before.split()[3] == "/":
            where = Path(before.split()[4])
            return where if os.geteuid() == 0 and os.access(where, os.W_OK) else None
    return None


def controllers(folder, name="cgroup.controllers"):
    return set((folder / name).read_text(encoding="utf-8").split())


def empty(folder):
    """Remove a group, with what lies and runs in it."""
    for inner in folder.iterdir():
        if inner.is_dir():
            empty(inner)
    with contextlib.suppress(OSError):
        (folder / "cgroup.kill").write_text("1", encoding="utf-8")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            return folder.rmdir()
        except OSError:
            time.sleep(0.01)
    return folder.rmdir()


@pytest.fixture
def delegated():
    """An empty group of the kernel's with a controller: one that counts, or any that is free."""
    top = mounted() if sys.platform == "linux" else None
    if top is None:
        pytest.skip("no test on real control groups ran: only root can make one, of version 2")
    given = controllers(top, "cgroup.subtree_control")
    borrowed = None
    if not given & {"memory", "pids"}:
        free = controllers(top) & {"memory", "pids", "hugetlb"}
        if not free or any(path.is_dir() for path in top.iterdir()):
            pytest.skip("no test on real control groups ran: version 2 has no controller here")
        borrowed = min(free, key=["pids", "memory", "hugetlb"].index)
        (top / "cgroup.subtree_control").write_text(f"+{borrowed}", encoding="utf-8")
    folder = top / f"kata-test-{secrets.token_hex(4)}"
    try:
        folder.mkdir()
        yield folder
    finally:
        if folder.exists():
            empty(folder)
        if borrowed:
            (top / "cgroup.subtree_control").write_text(f"-{borrowed}", encoding="utf-8")


@pytest.fixture
def named(delegated, monkeypatch):
    """The same, named by the operator; where nothing counts, any controller does."""
    monkeypatch.setenv(cgroup.VARIABLE, str(delegated))
    monkeypatch.setattr(cgroup, "CONTROLLERS", wanted(delegated))
    return delegated


def wanted(folder):
    there = controllers(folder)
    return tuple(sorted(there & {"memory", "pids"} or there))


def group_of(pid):
    """The name of a process's group."""
    lines = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("0::")).rpartition("/")[2]


def jobs(folder):
    """The groups of jobs that are there."""
    return sorted(path.name for path in folder.glob(f"{cgroup.JOB}*"))


@contextlib.contextmanager
def opened(nursery, text="x = 1"):
    """A worker with this chapter, and the stand-in of its module."""
    with nursery.worker() as worker:
        worker.start_loading([Source("ch01_demo", textwrap.dedent(text), "ch01_demo.py")], 1)
        yield worker, worker.loaded()


def test_the_workers_of_a_job_are_in_its_group_and_the_nursery_is_not(named):
    mine = group_of(os.getpid())
    nursery = Nursery()
    job = nursery.fork([()])
    (name,) = jobs(named)
    for _ in range(3):  # the first by itself, the others forked in advance
        with opened(job) as (worker, _):
            assert group_of(worker._pid) == name
            parent = cgroup._read(Path(f"/proc/{worker._pid}/stat")).rpartition(")")[2].split()[1]
            assert group_of(parent) == mine
    other = nursery.fork([()])
    assert len(jobs(named)) == 2, "the first job has not ended"
    job.close()
    another = nursery.fork([()])
    until = time.monotonic() + 5
    while name in jobs(named) and time.monotonic() < until:
        cgroup.sweep()
    assert len(jobs(named)) == 2, "the ended one is gone, and the others are not"
    assert name not in jobs(named)
    for running in (other, another, nursery):
        running.close()
    assert jobs(named) == []


def test_a_job_without_the_layer_is_in_no_group(named):
    nursery = Nursery(start(without=["cgroups"]))
    job = nursery.fork([()])
    with opened(job) as (worker, _):
        assert group_of(worker._pid) == group_of(os.getpid())
    for running in (job, nursery):
        running.close()


def test_a_worker_cannot_move_itself_out(named):
    layers = {layer.name: layer.active for layer in sandbox.active_layers()}
    if not layers["landlock"]:
        pytest.skip("the system lacks landlock")
    nursery = Nursery()
    job = nursery.fork([()])
    text = "def leave(path):\n    with open(path, 'r+') as file:\n        file.write('0')"
    with opened(job, text) as (worker, chapter):
        before = group_of(worker._pid)
        for folder in (named, named.parent, named / before):
            with pytest.raises(PermissionError):
                chapter.leave(str(folder / "cgroup.procs"))
        assert group_of(worker._pid) == before
    for running in (job, nursery):
        running.close()


def test_the_layer_is_active_where_a_group_is_named(named):
    found = {layer.name: layer for layer in sandbox.active_layers()}
    assert found["cgroups"].active
    assert not found["cgroups"].needed
    assert jobs(named) == []
    assert not (named / cgroup.LEAF).exists(), "who was never in the group is not moved"
    found = {layer.name: layer for layer in sandbox.active_layers(["cgroups"])}
    assert not found["cgroups"].active


OWNER = """
import os, sys, time
from grader.course import Limits
from grader.seam import cgroup
cgroup.CONTROLLERS = {controllers}
group = cgroup.new_group(Limits())
if os.fork() == 0:
    os.write(group.procs, b"0")
    group.close()
    print(group.path.name, flush=True)
    time.sleep(60)
time.sleep(60)
"""


def test_the_group_of_a_run_that_was_killed_is_removed_by_the_next_one(named):
    code = OWNER.format(controllers=cgroup.CONTROLLERS)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as owner:
        name = owner.stdout.readline().decode().strip()
        cgroup.sweep()
        assert jobs(named) == [name], "its owner lives"
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert jobs(named) == [name]
    assert (named / name / "cgroup.procs").read_text(encoding="utf-8") != ""
    until = time.monotonic() + 10
    while jobs(named) and time.monotonic() < until:
        cgroup.sweep(1)
    assert jobs(named) == [], "with what still ran in it"


def test_a_group_is_removed_only_if_nobody_can_hold_it(named):
    """Its maker has a moment before it locks it, and may be a process that is not seen here."""
    group = cgroup.new_group(Limits())
    unlocked, unseen, left = (named / f"{cgroup.JOB}{pid}" for pid in (os.getppid(), "0-1", "0-2"))
    for path in (unlocked, unseen, left):
        path.mkdir()
    lock = os.open(unseen, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)
    cgroup.sweep()
    assert jobs(named) == sorted(path.name for path in (group.path, unlocked, unseen))
    group.close()
    os.close(lock)
    cgroup.sweep()
    assert jobs(named) == [unlocked.name]


def inside(folder, code, marked=True, through=()):
    """Run Python in a group, as if it had been started there; what it prints, line by line."""
    if marked:
        os.setxattr(folder, "user.delegate", b"1")
    begin = "import os, subprocess, sys, time\nfrom grader.seam import cgroup\n"
    begin += f"cgroup.CONTROLLERS = {wanted(folder)}\n"
    enter = f'echo $$ > {folder}/cgroup.procs; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", enter, "sh", *through, sys.executable, "-c", begin + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if through and ("unshare:" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no container was made: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


OWN = "print([line for line in open('/proc/self/cgroup') if line[:3] == '0::'][0].strip())\n"


def test_the_grader_divides_the_group_that_it_was_started_in(delegated):
    child = "subprocess.run([sys.executable, '-c', CHILD])"
    code = (
        "before = subprocess.Popen(['sleep', '60'])\n"
        "folder, words = cgroup.divided()\n" + OWN + "print(words)\n"
        "print(open(f'/proc/{before.pid}/cgroup').read().splitlines()[-1])\n"
        "print(cgroup.usable())\n"
        "before.kill()\n"
        f"CHILD = {OWN!r} + 'from grader.seam import cgroup\\n'\n"
        "CHILD += f'cgroup.CONTROLLERS = {cgroup.CONTROLLERS}\\n'\n"
        "CHILD += 'print(cgroup.divided()[1], cgroup.usable())'\n"
        "sys.stdout.flush()\n" + child
    )
    own, words, before, usable, childs, its = inside(delegated, code)
    assert own.endswith(f"/{delegated.name}/{cgroup.LEAF}")
    assert before == own == childs
    assert words == f"{' and '.join(wanted(delegated))} by {delegated}"
    assert usable == "True"
    assert its == f"{words} True"
    assert jobs(delegated) == []
    assert not (delegated / cgroup.LEAF).exists(), "at the end, all is as it was"
    assert controllers(delegated, "cgroup.subtree_control") == set()
    assert inside(delegated, "print(cgroup.usable())") == ["True"]


@pytest.mark.parametrize(
    "left",
    [
        "subprocess.run(['sh', '-c', 'sleep 60 > /dev/null 2>&1 &'])",  # in the leaf, an orphan
        "os.mkdir(folder / (cgroup.JOB + '1-0'))",
    ],
)
def test_a_group_that_another_grader_uses_stays_divided(delegated, left):
    inside(delegated, f"folder, _ = cgroup.divided()\n{left}")
    assert (delegated / cgroup.LEAF).exists()
    assert set(wanted(delegated)) <= controllers(delegated, "cgroup.subtree_control")


def test_without_a_mark_nothing_is_divided(delegated):
    own, words = inside(delegated, "words = cgroup.divided()[1]\n" + OWN + "print(words)", False)
    assert own.endswith(f"/{delegated.name}")
    assert words.startswith(f"{delegated} is not delegated")
    assert not (delegated / cgroup.LEAF).exists()


@pytest.mark.parametrize("given", [True, False])
def test_an_ordinary_user_divides_a_group_only_if_it_was_given_to_them(delegated, given):
    """What systemd gives to the user of a group are its folder and these files."""
    for name in ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control") if given else ():
        os.chown(delegated / name, 65534, 65534)
    code = (
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(cgroup.divided()[1], cgroup.usable())\n"
    )
    right = f"{' and '.join(wanted(delegated))} by {delegated} True"
    wrong = f"{delegated} cannot be written by this user False"
    assert inside(delegated, code) == [right if given else wrong]
    assert not (delegated / cgroup.LEAF).exists()


def test_a_group_with_others_in_it_is_left_alone(delegated):
    with subprocess.Popen(["sleep", "60"]) as other:
        (delegated / "cgroup.procs").write_text(str(other.pid), encoding="utf-8")
        own, words = inside(delegated, "words = cgroup.divided()[1]\n" + OWN + "print(words)")
        assert group_of(other.pid) == delegated.name
        other.kill()
    assert own.endswith(f"/{delegated.name}")
    assert words == f"{delegated} holds processes that are not the grader's"
    assert not (delegated / cgroup.LEAF).exists()
    assert controllers(delegated, "cgroup.subtree_control") == set()


@pytest.mark.parametrize("at", ["cgroup.subtree_control", "cgroup.procs"])
def test_what_goes_wrong_halfway_is_taken_back(delegated, at):
    """The kernel refuses: to give controllers, or to move the second process."""
    code = (
        "other = subprocess.Popen(['sleep', '60'])\n"
        "write, moves = cgroup._write, []\n"
        "def refuse(path, text):\n"
        "    moves.append(path.name)\n"
        f"    if path.name == {at!r} and (len(moves) == 2 or {at!r} != 'cgroup.procs'):\n"
        "        raise OSError(16, 'Device or resource busy')\n"
        "    write(path, text)\n"
        "cgroup._write = refuse\n"
        "folder, words = cgroup.divided()\n" + OWN + "print(folder, words)\n"
        "print(open(f'/proc/{other.pid}/cgroup').read().splitlines()[-1])\n"
        "print(cgroup.usable())\n"
        "other.kill()\n"
    )
    own, words, other, usable = inside(delegated, code)
    assert own == other
    assert own.endswith(f"/{delegated.name}")
    assert words == "None [Errno 16] Device or resource busy"
    assert usable == "False"
    assert not (delegated / cgroup.LEAF).exists()
    again = inside(delegated, "print(cgroup.divided()[1], cgroup.usable())")
    assert again == [f"{' and '.join(wanted(delegated))} by {delegated} True"]


def test_two_graders_divide_one_group(named):
    """Each has its jobs' groups, and neither removes the other's."""
    code = OWNER.format(controllers=cgroup.CONTROLLERS)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as other:
        name = other.stdout.readline().decode().strip()
        group = cgroup.new_group(Limits())
        assert jobs(named) == sorted([name, group.path.name])
        group.close()
        cgroup.sweep(1)
        assert jobs(named) == [name]
        other.kill()


def test_a_container_divides_its_root(delegated, tmp_path):
    """A namespace of groups whose root is an ordinary group of the machine."""
    folder = tmp_path / "groups"
    folder.mkdir()
    code = "words = cgroup.divided()[1]\n" + OWN + "print(words, cgroup.usable())"
    script = f'mount -t cgroup2 none {folder} && exec "$@"'
    container = ["unshare", "--cgroup", "--mount", "sh", "-c", script, "sh"]
    own, words = inside(delegated, code, False, container)
    assert own == f"0::/{cgroup.LEAF}"
    assert words == f"{' and '.join(wanted(delegated))} by {folder} True"


# A judge whose groups may have any controller.
JUDGE = """
from grader.seam import ancestor, cgroup
cgroup.CONTROLLERS = {controllers}
ancestor.main()
"""
SLOW = """
import time
def double(x):
    with open("/proc/self/cgroup") as file: pass
def quadruple(x):
    time.sleep(60)
def gelu(x):
    return x
"""


@pytest.fixture
def any_controller(named, monkeypatch):
    """The judge's process too takes what there is."""
    plain = ancestor.command

    def command(*arguments):
        found = plain(*arguments)
        at = found.index("-m")
        code = JUDGE.format(controllers=cgroup.CONTROLLERS)
        return [*found[:at], "-c", code, *found[at + 2 :]]

    monkeypatch.setattr(ancestor, "command", command)
    return named


def test_a_report_says_that_jobs_had_a_group_and_none_is_left(
    any_controller, demo_root, demo_course, monkeypatch
):
    seen = set()
    plan = grading.Plan(demo_root, demo_course, demo_root / "solutions", demo_course.chapters)
    report = grading.grade(plan, watch=lambda record: seen.update(jobs(any_controller)))
    assert report.exit_code == 0
    assert "cgroups" in report.sandbox
    assert len(seen) == 1, "one chapter is one job"
    assert jobs(any_controller) == []


WITHIN = """
from pathlib import Path
from grader import grading
from grader.course import load_course
from grader.seam import ancestor

plain = ancestor.command
def command(*arguments):
    found = plain(*arguments)
    at = found.index("-m")
    return [*found[:at], "-c", {judge!r}, *found[at + 2 :]]
ancestor.command = command
root, group, seen = Path({root!r}), Path({group!r}), set()
course = load_course(root / "exercises" / "course.toml")
plan = grading.Plan(root, course, root / "solutions", course.chapters)
report = grading.grade(plan, watch=lambda _: seen.update(group.glob(cgroup.JOB + "*")))
print(report.exit_code, "cgroups" in report.sandbox, len(seen))
"""


def test_a_grading_that_was_started_in_a_delegated_group_leaves_it_as_it_was(delegated, demo_root):
    code = WITHIN.format(
        judge=JUDGE.format(controllers=wanted(delegated)),
        root=str(demo_root),
        group=str(delegated),
    )
    assert inside(delegated, code) == ["0 True 1"]
    assert [path for path in delegated.iterdir() if path.is_dir()] == []
    assert controllers(delegated, "cgroup.subtree_control") == set()


def test_the_group_of_a_judge_that_is_killed_goes_with_its_job(
    any_controller, demo_root, demo, chapter_text
):
    (demo / "exercises" / "ch01_demo.py").write_text(SLOW.lstrip(), encoding="utf-8")
    with judge.Judge(demo_root, ["ch01_demo"], seed=0) as running:
        records = running.run([judge.Job("one", demo / "exercises", "ch01_demo", call_seconds=1)])
        next(records)
        assert len(jobs(any_controller)) == 1
        os.kill(running._process.pid, signal.SIGKILL)
        running._process.wait()
    until = time.monotonic() + 20
    while jobs(any_controller) and time.monotonic() < until:
        cgroup.sweep(0.1)  # as the next run does
    assert jobs(any_controller) == []


# What the kernel bounds

PATIENT = Limits(call_seconds=120, test_seconds=240)


def counted(name):
    """Skips where the kernel does not count this in the group that is there."""

    def check(folder):
        if name not in controllers(folder):
            pytest.skip(f"no bound on {name} was tried: the controller is not in version 2 here")

    return check


@pytest.fixture
def unmeasured(monkeypatch):
    """The judge does not look, so that only the kernel is left; a bomb that is let off is small."""
    monkeypatch.setattr(remote.measures, "excess", lambda pid, limits: "")
    monkeypatch.setattr(measures, "MAX_THREADS", 16)


def test_processes_are_bounded_where_nothing_else_does(named, unmeasured):
    counted("pids")(named)
    nursery = Nursery(start(without=["seccomp", "rlimits", "measures"]), PATIENT)
    job = nursery.fork([()])
    bomb = """
        import os, time
        def start():
            for made in range(400):
                try:
                    if os.fork() == 0:
                        time.sleep(60)
                        os._exit(0)
                except OSError:
                    return made
        """
    with opened(job, bomb) as (_, chapter):
        assert 50 < chapter.start() < cgroup.AT_ONCE * 16 + cgroup.SPARE
        with opened(job) as (_, other):  # the nursery can still fork
            assert other.x == 1
    for running in (job, nursery):
        running.close()
    assert jobs(named) == []


def test_threads_are_bounded_where_nothing_else_does(named, unmeasured):
    counted("pids")(named)
    nursery = Nursery(start(without=["rlimits", "measures"]), PATIENT)
    job = nursery.fork([()])
    bomb = """
        import threading, time
        def start():
            threading.stack_size(32768)
            for made in range(400):
                try:
                    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                except RuntimeError:
                    return made
        """
    with opened(job, bomb) as (_, chapter):
        assert 50 < chapter.start() < cgroup.AT_ONCE * 16 + cgroup.SPARE
    for running in (job, nursery):
        running.close()


def test_memory_is_bounded_where_nothing_else_does(named, unmeasured):
    """The worker is killed, the nursery is not, and the next worker has what it needs."""
    counted("memory")(named)
    small = replace(PATIENT, memory_mb=100, scratch_mb=20)
    nursery = Nursery(start(without=["rlimits", "measures"]), small)
    job = nursery.fork([()])
    bomb = """
        import mmap
        def start():
            kept = mmap.mmap(-1, 1 << 30)
            for at in range(0, 1 << 30, 1 << 20):
                kept[at : at + (1 << 20)] = bytes(1 << 20)
        """
    with opened(job, bomb) as (_, chapter):
        kill = pytest.raises((SubjectKilled, SubjectDied), match="SIGKILL")
        with kill:
            chapter.start()
    with opened(job) as (_, other):
        assert other.x == 1
    for running in (job, nursery):
        running.close()
