"""The sandbox: what a worker cannot do, what it still can, what stops one that uses too much."""

import importlib
import json
import os
import platform
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

from grader import cli, grading
from grader.course import Limits, Rule, load_course
from grader.errors import SubjectError, SubjectStopped, UnjudgedError
from grader.seam import measures, rules, sandbox, seccomp
from grader.seam.nursery import start
from grader.seam.remote import Nursery
from grader.subject import Source

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = {layer.name: layer.active for layer in sandbox.active_layers()}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")


def needs(*layers):
    """Skips where the system lacks all of these."""
    return pytest.mark.skipif(
        not any(LAYERS[layer] for layer in layers), reason=f"the system lacks {layers}"
    )


def opened(nursery, text):
    """A context of a worker with this chapter, and the stand-in of its module."""
    context = nursery.worker()
    worker = context.__enter__()
    try:
        source = Source("ch01_demo", textwrap.dedent(text), "ch01_demo.py")
        worker.start_loading([source], 1)
        return context, worker, worker.loaded()
    except BaseException:
        context.__exit__(None, None, None)
        raise


@pytest.fixture
def load(nursery):
    contexts = []

    def loader(text, of=nursery):
        context, worker, chapter = opened(of, text)
        contexts.append(context)
        loader.worker = worker
        return chapter

    yield loader
    for context in contexts:
        context.__exit__(None, None, None)


# Attempts share a worker, so that each costs a call and not a fork.

ATTEMPTS = """
import ctypes, errno, fcntl, mmap, os, resource, signal, socket, struct, subprocess, threading

libc = ctypes.CDLL(None, use_errno=True)

def call(function, *arguments):
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def syscall(*arguments):
    call(libc.syscall, *arguments)

def attempt(code, path=""):
    '''The name of what is raised, or what came.'''
    try:
        return "came: " + repr(eval(code, {**globals(), "path": path}))[:200]
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
"""


@pytest.fixture(scope="module")
def attempt():
    nursery = Nursery()
    context, _, chapter = opened(nursery, ATTEMPTS)
    yield chapter.attempt
    context.__exit__(None, None, None)
    nursery.close()


@needs("landlock")
@pytest.mark.parametrize(
    "path",
    [
        ROOT / "tests" / "ch03_attention" / "test_hidden.py",
        ROOT / "solutions" / "ch03_attention.py",
        ROOT / "exercises" / "course.toml",
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/{judge}/environ",
        "/proc/{parent}/cmdline",
        "/proc/mounts",
        "/sys/fs/cgroup/cgroup.procs",
        "/sys/fs/cgroup/unified/cgroup.procs",
        "/dev/mem",
        "/dev/tty",
        os.path.expanduser("~/.bashrc"),
    ],
)
def test_no_file_of_others_can_be_read(attempt, path):
    path = str(path).format(judge=os.getpid(), parent=os.getppid())
    assert attempt("open(path, 'rb').read(10)", str(path)) in ("EACCES", "ENOENT")
    if Path(path).exists():
        assert attempt("open(path, 'rb').read(10)", str(path)) == "EACCES"


@needs("landlock")
@pytest.mark.parametrize(
    "path", [ROOT, ROOT / "tests", "/", "/tmp", "/proc", "/root", "/sys", "/dev/shm"]
)
def test_no_folder_of_others_can_be_listed(attempt, path):
    assert attempt("os.listdir(path)", str(path)) == "EACCES"


@needs("landlock")
@pytest.mark.parametrize(
    "code",
    [
        "open(path + '/new', 'w')",
        "open(path + '/there', 'a')",
        "open(path + '/there', 'r+')",
        "os.truncate(path + '/there', 0)",
        "os.unlink(path + '/there')",
        "os.rename(path + '/there', path + '/elsewhere')",
        "os.rename(path + '/there', 'mine')",
        "os.mkdir(path + '/folder')",
        "os.rmdir(path)",
        "open(os.__file__, 'a')",
        "open('/dev/shm/x', 'w')",
        "open('/dev/null', 'r+b').close() or open('/dev/zero', 'wb')",
    ],
)
def test_nothing_outside_the_scratch_folder_can_be_changed(attempt, tmp_path, code):
    (tmp_path / "there").write_text("kept", encoding="utf-8")
    tmp_path.chmod(0o777)
    assert attempt(code, str(tmp_path)) in ("EACCES", "EXDEV", "EPERM")
    assert (tmp_path / "there").read_text(encoding="utf-8") == "kept"
    assert os.listdir(tmp_path) == ["there"]


GELU = Rule("gelu", "write it yourself", ("gelu",), ("torch.nn.GELU",), ())
READ = """
import os, torch

def read(path):
    with open(path, "rb") as file:
        return len(file.read())

def source():
    return torch.nn.modules.activation.__file__

def keep(name):
    with open(name, "w") as file:
        file.write("mine")
    return os.path.abspath(name)
"""


@needs("landlock")
@pytest.mark.parametrize("around", [False, True])
def test_what_a_rule_conceals_is_closed_and_the_rest_is_not(tmp_path, monkeypatch, around):
    """By the nursery; or by each worker, where what is concealed lies among scratch folders."""
    scratch = Path(sys.prefix).resolve() if around else tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    nursery = Nursery()
    source = Source("ch01_demo", READ, "ch01_demo.py")
    try:
        with nursery.worker((GELU,)) as one, nursery.worker((GELU,)) as other:
            for worker in (one, other):
                worker.start_loading([source], 1)
            chapter, beside = one.loaded(), other.loaded()
            path = chapter.source()
            assert os.path.getsize(path) > 0
            for closed in (path, str(ROOT / "README.md"), "/proc/self/environ", "/etc/passwd"):
                with pytest.raises(PermissionError):
                    chapter.read(closed)
            assert chapter.read(os.path.join(os.path.dirname(path), "linear.py")) > 0
            assert chapter.read(os.__file__) > 0
            kept = chapter.keep("file")
            assert chapter.read(kept) == 4
            with pytest.raises(PermissionError):
                beside.read(kept)
    finally:
        nursery.close()


def test_a_folder_for_scratch_folders_that_is_gone_is_our_fault(tmp_path, monkeypatch):
    nursery = Nursery()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(UnjudgedError, match=r"cannot be opened: .*gone"):
        nursery.close_rules([(GELU,)])
    nursery.close()


@needs("landlock")
def test_a_scratch_folder_that_the_nursery_closes_is_our_fault(tmp_path, monkeypatch):
    """It would look like the subject's otherwise: no file of its own could be read."""
    (tmp_path / "other").mkdir()
    (tmp_path / "one").mkdir()
    nursery = Nursery()
    try:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "one"))
        nursery.close_rules([(GELU,)])
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "other"))
        with (
            pytest.raises(UnjudgedError, match="closes its own scratch folder"),
            nursery.worker((GELU,)) as worker,
        ):
            worker.start_loading([Source("ch01_demo", READ, "ch01_demo.py")], 1)
            worker.loaded()
    finally:
        nursery.close()


@needs("landlock")
def test_another_workers_scratch_folder_is_out_of_reach(load):
    load("open('secret', 'w').write('mine')")
    path = os.path.join(load.worker._scratch, "secret")
    other = load(ATTEMPTS)
    assert other.attempt("open(path).read()", path) == "EACCES"
    assert other.attempt("open(path, 'w').write('yours')", path) == "EACCES"


@needs("seccomp")
@pytest.mark.parametrize(
    "code",
    [
        # The network
        "socket.socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socketpair(socket.AF_INET6)",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.socketpair()[0].connect('/tmp/socket')",
        "socket.socketpair()[0].bind(chr(0) + 'abstract')",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', chr(0) + 'log')",
        "socket.socketpair()[0].sendmsg([b'x'])",
        "socket.socketpair()[0].listen()",
        # Processes and programs
        "os.fork()",
        "os.forkpty()",
        "os.execv('/bin/true', ['true'])",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "subprocess.run(['/bin/true'])",
        "syscall(59, b'/bin/true', None, None)",
        "call(libc.vfork)",
        "syscall(56, 17, 0, 0, 0, 0)",
        "os.setsid()",
        "os.setpgid(0, 0)",
        # Others
        "os.kill(os.getppid(), 0)",
        "os.kill(1, 0)",
        "os.kill(0, 0)",
        "os.kill(-1, 0)",
        "os.killpg(os.getpgrp(), 0)",
        "syscall(200, os.getppid(), 0)",
        "syscall(234, os.getppid(), os.getppid(), 0)",
        "syscall(129, os.getppid(), 15, ctypes.create_string_buffer(128))",
        "os.pidfd_open(os.getppid())",
        "fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        "fcntl.fcntl(0, 10, signal.SIGKILL)",
        "fcntl.ioctl(0, 0x8901, struct.pack('i', os.getppid()))",
        "fcntl.ioctl(0, 0x5412, b'x')",
        "call(libc.ptrace, 16, os.getppid(), 0, 0)",
        "syscall(310, os.getppid(), 0, 0, 0, 0, 0)",
        "syscall(311, os.getppid(), 0, 0, 0, 0, 0)",
        "syscall(312, os.getppid(), os.getpid(), 0, 0, 0)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setaffinity(os.getppid(), [0])",
        "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
        # Files' attributes
        "os.chmod('.', 0o777)",
        "os.fchmod(0, 0o777)",
        "os.chown('.', 0, 0)",
        "os.utime('.')",
        "os.setxattr('.', 'user.x', b'x')",
        "os.symlink('/etc', 'etc')",
        "os.link('/etc/passwd', 'passwd')",
        "os.mkfifo('fifo')",
        "os.memfd_create('x')",
        # The kernel
        "call(libc.mount, None, None, None, 0, None)",
        "call(libc.umount2, b'/', 0)",
        "call(libc.unshare, 0x10000000)",
        "call(libc.setns, 0, 0)",
        "os.chroot('.')",
        "call(libc.prctl, 1, 0, 0, 0, 0)",
        "call(libc.prctl, 4, 1, 0, 0, 0)",
        "call(libc.prctl, 22, 0, 0, 0, 0)",
        "call(libc.personality, 0x40000)",
        "call(libc.shmget, 0, 4096, 0o1666)",
        "call(libc.semget, 0, 1, 0o1666)",
        "call(libc.msgget, 0, 0o1666)",
        "syscall(240, b'queue', 0o102, 0o666, 0)",
        "syscall(248, b'user', b'x', b'y', 1, -3)",
        "syscall(250, 0, -3, 0)",
        "syscall(425, 8, ctypes.create_string_buffer(120))",
        "syscall(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
        "syscall(321, 0, ctypes.create_string_buffer(72), 72)",
        "syscall(323, 0)",
        "syscall(303, -100, b'.', ctypes.create_string_buffer(128), 0, 0)",
        "syscall(304, -100, 0, 0)",
        "syscall(447, 0)",
        "syscall(9999)",
        "syscall(0x40000000 + 39)",
    ],
)
def test_calls_that_reach_out_of_the_worker_are_refused(attempt, code):
    if "syscall(" in code and platform.machine() != "x86_64":
        pytest.skip("numbers of x86_64")
    assert attempt(code) in ("EPERM", "EACCES")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")
def test_the_numbers_of_system_calls_are_the_kernels():
    """A wrong number would open another call."""
    headers = {
        0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        1: Path("/usr/include/asm-generic/unistd.h"),
    }
    for column, path in headers.items():
        if not path.is_file():
            pytest.skip("no headers of the kernel")
        known = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.replace("__NR3264_", "__NR_").split()
            if len(words) == 3 and words[0] == "#define" and words[2].isdigit():
                known[words[1]] = int(words[2])
        known.setdefault("__NR_newfstatat", known.get("__NR_fstatat", 0))
        for name, numbers in seccomp.NUMBERS.items():
            if numbers[column] is not None:
                assert known[f"__NR_{name}"] == numbers[column], name


@needs("privileges")
def test_no_capability_is_left_and_none_can_come(load):
    chapter = load(
        """
        import ctypes
        data, header = (ctypes.c_uint32 * 6)(), (ctypes.c_uint32 * 2)(0x20080522, 0)
        ctypes.CDLL(None).capget(header, data)
        sets = list(data)
        dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
        """
    )
    assert chapter.sets == [0] * 6
    assert chapter.dumpable == 0
    status = Path(f"/proc/{load.worker._pid}/status").read_text(encoding="utf-8")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert fields["NoNewPrivs"] == "1"
    assert int(fields["CapAmb"], 16) == 0
    if os.geteuid() == 0:
        assert int(fields["CapBnd"], 16) == 0


@needs("rlimits")
def test_limits_hold_and_cannot_be_raised(load):
    chapter = load(
        """
        import resource
        def limits():
            names = ("CORE", "FSIZE", "NOFILE", "MEMLOCK", "MSGQUEUE")
            return {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}
        def raise_it():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))
        """
    )
    found = chapter.limits()
    assert found["FSIZE"] == (256 << 20, 256 << 20)
    assert found["CORE"] == found["MEMLOCK"] == found["MSGQUEUE"] == (0, 0)
    assert found["NOFILE"][1] <= 128
    with pytest.raises((ValueError, OSError)):
        chapter.raise_it()


@needs("namespaces")
def test_the_network_is_not_the_machines(load):
    load("x = 1")
    pid = load.worker._pid
    try:
        theirs = os.readlink(f"/proc/{pid}/ns/net")
    except PermissionError:
        pytest.skip("only root may look")
    assert theirs != os.readlink("/proc/self/ns/net")


# Too much of something


@pytest.fixture
def small():
    """A nursery whose workers may use little."""
    running = Nursery(None, Limits(memory_mb=256, scratch_mb=8, cpu_seconds=2, call_seconds=30))
    yield running
    running.close()


@needs("rlimits")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("x = [0] * 10**9", "MemoryError"),
        ("x = bytearray(10**9)", "MemoryError"),
        ("import torch; torch.ones(10**9)", "memory"),
        ("open('x', 'wb').truncate(10**9)", "too large"),
        ("open('x', 'wb').write(bytes(10**7))", "too large"),
        ("many = [open('x', 'w') for _ in range(1000)]", "Too many open files"),
    ],
)
def test_too_much_at_once_is_an_exception_in_the_subject(load, small, code, words):
    chapter = load(f"def f():\n    {code}", small)
    with pytest.raises(Exception, match=words) as caught:
        try:
            chapter.f()
        except MemoryError as error:
            raise MemoryError("MemoryError") from error
    assert not isinstance(caught.value, SubjectError)


@needs("measures")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "import mmap, time\n"
            "kept = [mmap.mmap(-1, 100 << 20) for _ in range(9)]\n"
            "for m in kept:\n    m.write(bytes(100 << 20))\n"
            "time.sleep(20)",
            "used more than 256 MiB of memory, and was stopped",
        ),
        ("while True: pass", "used more than 2 s of processor time, and was stopped"),
        (
            "import threading, time\n"
            "threading.stack_size(32768)\n"
            "def start(): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
            "while True: start()",
            "started more than 256 threads, and was stopped",
        ),
        (
            "import time\n"
            "for i in range(9):\n    open(str(i), 'wb').write(bytes(2 << 20))\n"
            "time.sleep(20)",
            "wrote more than 8 MiB of files, and was stopped",
        ),
        (
            "import time\nfor i in range(20000): open(str(i), 'w').close()\ntime.sleep(20)",
            "made more than 10,000 files, and was stopped",
        ),
        (
            "import os, time\nfor i in range(5000):\n    os.mkdir('d')\n    os.chdir('d')\n"
            "time.sleep(20)",
            "nested folders too deep, and was stopped",
        ),
    ],
)
def test_who_uses_too_much_is_stopped_and_told(small, code, words):
    context, worker, chapter = opened(small, "def f():\n" + textwrap.indent(code, "    "))
    for _ in range(2):  # and every later call, with the same words
        with pytest.raises(SubjectStopped, match=words):
            chapter.f()
    context.__exit__(None, None, None)
    assert not os.path.exists(worker._scratch)


def test_what_a_worker_leaves_behind_is_removed(nursery):
    context, worker, _ = opened(
        nursery,
        """
        import os
        os.mkdir("closed", 0)
        for i in range(300):
            os.mkdir("deep"); os.chdir("deep")
            open("file", "w").close()
        """,
    )
    context.__exit__(None, None, None)
    assert not os.path.exists(worker._scratch)


def test_a_process_that_outlives_its_worker_is_killed():
    """Where seccomp is missing, so that a worker can fork."""
    nursery = Nursery(start(without=["seccomp"]))
    context, _, chapter = opened(
        nursery,
        """
        import os, time
        def f():
            if (pid := os.fork()) == 0:
                os.setsid()
                time.sleep(60)
            return pid
        """,
    )
    pid = chapter.f()
    assert measures.used(pid)
    context.__exit__(None, None, None)
    nursery.close()
    assert not os.path.exists(f"/proc/{pid}")


# What must work

INNOCENT = """
import os, threading
import torch

def threads():
    found = []
    many = [threading.Thread(target=found.append, args=(i,)) for i in range(20)]
    [t.start() for t in many]; [t.join() for t in many]
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(8) as pool:
        return sorted(found) == list(range(20)) and sum(pool.map(abs, range(-9, 1))) == 45

def torch_threads():
    torch.set_num_threads(4)
    x = torch.randn(300, 300)
    return bool(torch.isfinite((x @ x).softmax(-1).sum()))

def train():
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 1))
    optimizer = torch.optim.AdamW(model.parameters())
    loader = torch.utils.data.DataLoader(torch.randn(32, 4), 8, shuffle=True, num_workers=0)
    for batch in loader:
        model(batch).square().mean().backward()
        optimizer.step()
    return True

def files():
    import tempfile
    from pathlib import Path
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        file.write(b"x" * 1000)
        path = Path(folder) / "a" / "b.txt"
        path.parent.mkdir()
        path.write_text("words")
        path.rename(Path(folder) / "c.txt")
        with tempfile.NamedTemporaryFile() as named:
            named.write(b"y")
        return (Path(folder) / "c.txt").read_text() == "words"

def save():
    model = torch.nn.Linear(3, 3)
    torch.save(model.state_dict(), "model.pt")
    model.load_state_dict(torch.load("model.pt", weights_only=True, mmap=True))
    torch.save({"x": torch.ones(3)}, os.path.join(os.environ["HOME"], "old.pt"))
    return torch.load("old.pt")["x"].sum().item() == 3

def numbers():
    import numpy as np
    np.save("x.npy", np.eye(50))
    x = np.load("x.npy", mmap_mode="r")
    return bool(np.allclose(np.linalg.inv(x + np.eye(50)) * 2, np.eye(50)))

def large():
    return torch.zeros(200_000_000).sum().item() == 0

def tokens():
    import regex, tiktoken
    return tiktoken.get_encoding("gpt2").encode("Hello, I am") == [15496, 11, 314, 716]

def rare():
    import asyncio, decimal, html, json, multiprocessing, sqlite3, warnings, xml.etree.ElementTree
    import zoneinfo
    async def wait():
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(lambda: 7)
    warnings.warn("careful")
    print("words", flush=True)
    found = sqlite3.connect("x.db").execute("select 1").fetchone()
    return asyncio.run(wait()) == 7 and found == (1,)

def shell():
    import getpass, inspect, platform, random, secrets, time
    time.sleep(0.001)
    return bool(platform.machine() and secrets.token_hex() and inspect.getsource(torch.nn.Linear))

def compiled():
    f = torch.jit.script(torch.nn.Linear(3, 3))
    return torch.vmap(torch.sin)(torch.ones(3)).shape == (3,) and f(torch.ones(3)).shape == (3,)

def aborts():
    import signal
    seen = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    signal.raise_signal(signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR1)
    return len(seen) == 2
"""


@pytest.fixture(scope="module")
def innocent():
    from grader.model.tokenizer import fill_tiktoken_cache

    os.environ.update(fill_tiktoken_cache())
    nursery = Nursery()
    context, _, chapter = opened(nursery, INNOCENT)
    yield chapter
    context.__exit__(None, None, None)
    nursery.close()


@pytest.mark.parametrize("name", [
    "threads", "torch_threads", "train", "files", "save", "numbers", "large", "tokens", "rare",
    "shell", "compiled", "aborts",
])  # fmt: skip
def test_innocent_code_works(innocent, name):
    assert getattr(innocent, name)() is True


def test_http_through_the_loopback_works(load):
    chapter = load(
        """
        import urllib.request
        def ask(address):
            with urllib.request.urlopen(urllib.request.Request(address, b"{}")) as reply:
                return reply.read()
        """
    )
    address = load.worker.workbench.http(lambda *_: (200, b"hello"))
    assert chapter.ask(address) == b"hello"


# Layers


def test_every_layer_has_a_name_and_says_what_it_stops():
    for layer in sandbox.active_layers():
        assert layer.name
        assert layer.stops


@pytest.mark.parametrize("name", list(LAYERS))
def test_a_layer_that_is_missing_is_said_to_be(name):
    found = {layer.name: layer.active for layer in sandbox.active_layers([name])}
    assert found[name] is False
    others = {other for other, active in found.items() if active}
    beside = {"landlock-tcp", "landlock-scopes"} if name.startswith("landlock") else set()
    expected = {other for other, active in LAYERS.items() if active} - {name}
    assert others >= expected - beside


@pytest.mark.parametrize("names", [list(LAYERS), ["landlock"], ["seccomp", "namespaces"]])
def test_a_worker_works_without_a_layer(names):
    nursery = Nursery(start(without=names))
    context, _, chapter = opened(nursery, "def f(x): return x + 1")
    assert chapter.f(1) == 2
    context.__exit__(None, None, None)
    nursery.close()


def test_a_worker_that_cannot_lock_itself_down_is_our_fault(monkeypatch):
    """No line of the subject runs in half a sandbox."""
    code = (
        "import sys\nsys.argv[1:] = ARGUMENTS\n"
        "from grader.seam import nursery, sandbox\n"
        "held = sandbox._held(frozenset(['']))\n"
        "sandbox._filter_calls = lambda: (_ for _ in ()).throw(OSError(1, 'no'))\n"
        "nursery.main()\n"
    )
    popen = subprocess.Popen

    def broken(command, **options):
        return popen(
            [
                sys.executable,
                "-I",
                "-c",
                code.replace(
                    "ARGUMENTS", repr(command[command.index("grader.seam.nursery") + 1 :])
                ),
            ],
            **options,
        )

    monkeypatch.setattr(subprocess, "Popen", broken)
    nursery = Nursery()
    monkeypatch.undo()
    with pytest.raises(UnjudgedError, match="the sandbox lacks seccomp"):
        opened(nursery, "x = 1")
    nursery.close()


def test_an_ordinary_user_has_the_full_sandbox():
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    code = (
        "import json, os, resource, sys, tempfile\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from grader.seam import sandbox\n"
        "sandbox.readable()  # Python itself may be root's\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(json.dumps([layer.name for layer in sandbox.active_layers() if layer.active]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    held = {name for name, active in LAYERS.items() if active}
    assert set(json.loads(done.stdout)) >= held - {"namespaces", "cgroups"}


def test_reports_carry_the_layers_that_hold(demo_root, demo_course):
    plan = grading.Plan(demo_root, demo_course, demo_root / "solutions", demo_course.chapters)
    report = grading.grade(plan, strict=not sandbox.missing_layers())
    assert report.exit_code == 0
    assert report.sandbox[: len(grading.LAYERS)] == grading.LAYERS
    assert set(report.sandbox[len(grading.LAYERS) :]) == {n for n, a in LAYERS.items() if a}


def test_a_limit_is_named_in_hidden_tests_too(demo, chapter_text):
    """It is the course's number, and nothing of the test's."""
    text = (demo / "exercises" / "course.toml").read_text(encoding="utf-8")
    text = text.replace("[rules", "[limits]\nscratch_mb = 1\n\n[rules", 1)
    (demo / "exercises" / "course.toml").write_text(text, encoding="utf-8")
    greedy = """
        import time
        def double(x):
            for i in range(9):
                open(str(i), "wb").write(bytes(1 << 19))
            time.sleep(5)
        """
    (demo / "exercises" / "ch01_demo.py").write_text(chapter_text(greedy), encoding="utf-8")
    course = load_course(demo / "exercises" / "course.toml")
    plan = grading.Plan(demo, course, demo / "exercises", course.chapters, "double")
    tests = grading.grade(plan).tests
    assert {t.verdict for t in tests} == {"FAILED"}
    assert {t.message for t in tests} == {"wrote more than 1 MiB of files, and was stopped"}


def test_strict_refuses_below_the_full_sandbox(demo, monkeypatch):
    from typer.testing import CliRunner

    held = frozenset(LAYERS) - {"landlock", "landlock-tcp"}
    monkeypatch.setattr(sandbox, "_held", lambda without: held)
    monkeypatch.chdir(demo)
    done = CliRunner().invoke(cli.app, ["grade", "solutions", "--strict"])
    assert done.exit_code == 3
    assert "--strict: this system lacks landlock; `kata doctor` says" in done.output
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert done.exit_code == 0
    assert "landlock missing" in " ".join(done.output.split())


def test_doctor_shows_python_torch_the_vocabulary_and_the_layers():
    done = subprocess.run(
        [sys.executable, "-m", "grader", "doctor"], capture_output=True, text=True, check=True
    )
    for word in ("python 3", "torch 2", "vocabulary", "judged mode", *LAYERS):
        assert word in done.stdout


# What the rules conceal


def test_what_is_concealed_is_not_granted_and_its_neighbours_are(tmp_path, monkeypatch):
    for name in ("a/one.py", "a/two.py", "a/deep/three.py", "b.py", "c/four.py"):
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / "secret").mkdir()
    site = tmp_path / "site"
    (site / "link").symlink_to(tmp_path / "secret")
    (site / "other").symlink_to(site / "a")
    roots = (str(site), str(site / "a" / "deep"))
    monkeypatch.setattr(sandbox, "readable", lambda: roots)
    everything = sandbox._READ_FILE | sandbox._READ_DIR
    assert sandbox._granted(frozenset()) == ((str(site), everything),)
    hidden = frozenset({str(site / "a" / "one.py"), str(site / "c")})
    found = dict(sandbox._granted(hidden))
    assert found == {
        str(site): sandbox._READ_DIR,
        str(site / "a"): sandbox._READ_DIR,
        str(site / "a" / "two.py"): sandbox._READ_FILE,
        str(site / "a" / "deep"): everything,
        str(site / "b.py"): sandbox._READ_FILE,
    }, "and no link grants what it leads to"


def test_what_is_cut_keeps_its_lines_and_loses_its_body():
    source = (
        "import x\n\n\ndef kept(a):\n    return a\n\n\n@x.y\ndef closed(\n    a: int,\n    b=(1,\n)"
        ") -> (\n    int\n):\n    '''Words.\n\nMore.\n'''\n    # why\n    return secret\n\n\n"
        "class Closed(x.Z):\n    a = secret\n\n    def f(self):\n        return secret\n\n\n"
        "last = 1\n"
    )
    cut = rules._cut(rules._cut(source, "closed", "no"), "Closed", "no")
    assert "return a" in cut
    assert cut.count("\n") == source.count("\n")
    assert cut.splitlines()[-1] == source.splitlines()[-1] == "last = 1"
    compile(cut, "cut.py", "exec")
    assert rules._cut(source, "nothing", "no") == source


def test_every_closed_body_of_the_course_can_be_cut_out_of_torchs_sources():
    """Its file is read by its shape; a torch of another shape is to be noticed here."""
    import torch

    course = load_course(ROOT / "exercises" / "course.toml")
    named = {r.name: r for c in course.chapters for e in c.exercises for r in e.rules}
    dotted = {name for rule in named.values() for name in rule.composites}
    dotted |= {name for names in rules.NEIGHBOURS.values() for name in names}
    tried = 0
    for name in sorted(dotted):
        home, _, member = name.rpartition(".")
        target = getattr(importlib.import_module(home), member, None)
        path = rules._file(getattr(target, "__module__", None) or home)
        if target is None or not path or not isinstance(target, type | types.FunctionType):
            continue
        source = rules._read(path)
        cut = rules._cut(source, target.__name__, "no")
        assert cut != source, name
        assert cut.count("\n") == source.count("\n")
        compile(cut, path, "exec")
        tried += 1
    assert tried > 30
    assert torch


CONCEALED = """
import inspect, os, torch

def reads(module):
    path = os.path.join(os.path.dirname(torch.__file__), *module.split("."))
    return open(path + ".py").read(20) != ""

def source(name):
    return inspect.getsource(getattr(torch.nn.functional, name))

def lazily():
    import torch._dynamo
    from torch.onnx.ops import _impl
    torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))])
    return inspect.getsource(_impl)

def scripted():
    return torch.jit.script(torch.nn.functional.relu)(torch.ones(2)).sum().item()
"""


def test_a_worker_with_rules_reads_what_it_needs_and_not_what_is_forbidden(nursery):
    course = load_course(ROOT / "exercises" / "course.toml")
    (attention,) = {r for c in course.chapters for e in c.exercises for r in e.rules} & {
        r for c in course.chapters for e in c.exercises for r in e.rules if r.name == "attention"
    }
    with nursery.worker([attention]) as worker:
        worker.start_loading([Source("ch01_demo", CONCEALED, "ch01_demo.py")], 1)
        chapter = worker.loaded()
        assert chapter.reads("nn.modules.linear") is True
        for name in ("nn.functional", "nn.modules.activation", "_decomp.decompositions"):
            with pytest.raises(PermissionError):
                chapter.reads(name)
        assert "def relu" in chapter.source("relu")
        assert chapter.scripted() == 2
        assert "raise RuntimeError(\"rule 'attention'" in chapter.lazily()
