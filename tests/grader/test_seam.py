"""The seam: every kind of value, every refusal, and every way for a worker to die."""

import marshal
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from grader.course import Limits, Rule
from grader.errors import (
    SubjectBroken,
    SubjectDied,
    SubjectRaised,
    SubjectRefused,
    SubjectTimeout,
    UnjudgedError,
)
from grader.seam import remote
from grader.seam.nursery import PASSED_ON
from grader.seam.remote import NO_RULES, Handle, Nursery
from grader.subject import Source


@pytest.fixture
def load(nursery):
    """Loads a chapter in a fresh worker; returns the stand-in of its module and the worker."""
    opened = []

    def loader(text, rules=(), before=()):
        context = nursery.worker(rules)
        worker = context.__enter__()
        opened.append(context)
        sources = [*before, Source("ch01_demo", textwrap.dedent(text), "ch01_demo.py")]
        worker.start_loading(sources, 1)
        return worker.loaded(), worker

    yield loader
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def short(nursery, monkeypatch):
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(nursery, "_limits", Limits(call_seconds=1))


# Values and handles


TRICK = """
import builtins, marshal, sys

builtins.compile = marshal.dumps = lambda *args, **kwargs: b""
sys.modules["grader.subject"].compiled = lambda source: None
secret = 1

def f():
    return secret
"""


def test_a_source_is_compiled_once_and_before_any_of_it_runs(load, nursery):
    """What the first worker gives is what the text says, and the next one runs that."""
    source = Source("ch01_demo", TRICK, "ch01_demo.py")
    with nursery.worker() as first:
        first.start_loading([source], 1)
        assert first.loaded().f() == 1
        (code,) = first.codes
    assert marshal.loads(code) == compile(TRICK, "ch01_demo.py", "exec")
    other = marshal.dumps(compile(TRICK.replace("= 1", "= 2"), "ch01_demo.py", "exec"))
    for given, result in ((code, 1), (other, 2)):
        with nursery.worker() as second:
            second.start_loading([source], 1, [given])
            assert second.loaded().f() == result
            assert second.codes == []


def test_a_worker_compiles_only_what_nobody_has_compiled(nursery):
    first = Source("ch01_demo", "x = 1", "ch01_demo.py")
    last = Source("ch02_demo", "from .ch01_demo import x\n\ndef f():\n    return x", "y")
    other = marshal.dumps(compile("x = 2", "ch01_demo.py", "exec"))
    with nursery.worker() as worker:
        worker.start_loading([first, last], 1, [other, b""])
        assert worker.loaded().f() == 2
        known, code = worker.codes
    assert known == other
    assert marshal.loads(code) == compile(last.text, "ch02_demo.py", "exec")


def test_subject_and_codes_may_be_larger_than_what_a_socket_holds(nursery):
    """Neither side waits for the other to read."""
    text = "".join(f"def f{n}(x):\n    return [x, {n}, 'text {n}']\n" for n in range(10_000))
    sources = [
        Source("ch01_demo", text, "x"),
        Source("ch02_demo", "from .ch01_demo import f7", "y"),
    ]
    with nursery.worker() as first:
        first.start_loading(sources, 1)
        assert first.loaded().f7(1) == [1, 7, "text 7"]
        assert min(len(text), len(first.codes[0])) > 450_000
    with nursery.worker() as second:
        second.start_loading(sources, 1, first.codes)
        assert second.loaded().f7(2) == [2, 7, "text 7"]


def test_what_does_not_compile_is_said_as_ever(load):
    for text, words in (("def f(:", "invalid syntax"), ("x = " + "-" * 100_000 + "1", "Error")):
        with pytest.raises(SubjectBroken, match=words):
            load(text)


def test_values_cross_in_both_directions(load):
    chapter, _ = load("def same(*args, **kwargs):\n    return args, kwargs")
    sent = (None, True, -3, 2.5, "ü\ud800", b"\x00", [1, [2]], (3,), {"k": (b"v",), 1: 2})
    args, kwargs = chapter.same(*sent, key=torch.float16, size=torch.Size([2, 3]))
    assert args == sent
    assert [type(a) for a in args] == [type(s) for s in sent]
    assert kwargs == {"key": torch.float16, "size": torch.Size([2, 3])}


def test_tensors_cross_plain(load):
    chapter, _ = load("def double(x):\n    return (x * 2).requires_grad_()")
    x = torch.randn(2, 3, dtype=torch.float64)
    came = chapter.double(x)
    assert type(came) is torch.Tensor
    assert not came.requires_grad
    assert torch.equal(came, x * 2)


def test_a_handle_can_be_called_read_indexed_measured_and_iterated(load):
    chapter, _ = load(
        """
        import torch
        class Box:
            size = 3
            def __init__(self, *items): self.items = items
            def __call__(self, x): return x + 1
            def __getitem__(self, i): return self.items[i]
            def __len__(self): return len(self.items)
            def __iter__(self): return iter(self.items)
        """
    )
    box = chapter.Box(5, "six", torch.zeros(2))
    assert type(box) is Handle
    assert box.size == 3
    assert box(1) == 2
    assert box[1] == "six"
    assert len(box) == 3
    assert [type(item) for item in box] == [int, str, torch.Tensor]


def test_a_handle_goes_back_as_the_object_itself(load):
    chapter, _ = load("class A: pass\na = A()\ndef is_a(x): return x is a")
    assert chapter.is_a(chapter.a) is True


@pytest.mark.parametrize(
    "use",
    [
        lambda h: h == h,
        lambda h: h != 1,
        lambda h: bool(h),
        lambda h: h < 1,
        lambda h: 1 in h,
        lambda h: float(h),
        lambda h: h + 1,
        lambda h: abs(h),
    ],
)
def test_a_handle_is_never_a_value(load, use):
    chapter, _ = load("class A:\n    def __eq__(self, other): return True\na = A()")
    with pytest.raises(SubjectRefused, match="not a plain value"):
        use(chapter.a)
    with pytest.raises(TypeError):
        hash(chapter.a)


def test_place_keeps_a_value_there_and_fetch_gets_it(load):
    chapter, worker = load("def grow(x):\n    x.append(1)")
    placed = worker.place([0])
    assert chapter.grow(placed) is None
    assert worker.fetch(placed) == [0, 1]
    with pytest.raises(SubjectRefused, match="not a plain value"):
        worker.fetch(chapter.grow)


def test_a_handle_of_another_worker_is_an_error_of_the_test(load):
    one, _ = load("a = object()\ndef f(x): pass")
    two, _ = load("a = object()\ndef f(x): pass")
    with pytest.raises(UnjudgedError, match="another worker"):
        two.f(one.a)


# Callbacks


def test_a_function_of_the_test_is_called_back_with_plain_values(load):
    chapter, _ = load("def apply(f, x):\n    return [f(x, key=i) for i in range(3)]")
    seen = []

    def spy(x, key):
        seen.append((type(x), key))
        return x * key

    came = chapter.apply(spy, torch.ones(2))
    assert seen == [(torch.Tensor, 0), (torch.Tensor, 1), (torch.Tensor, 2)]
    assert [c.tolist() for c in came] == [[0, 0], [1, 1], [2, 2]]


def test_a_callback_may_call_the_subject_again(load):
    chapter, _ = load("def f(g, n):\n    return g(n)\ndef inc(n):\n    return n + 1")
    assert chapter.f(lambda n: chapter.inc(n) * 10, 4) == 50


def test_a_callback_that_comes_back_is_a_handle_and_no_value(load):
    """A test that asserts what came would take the test's own function for a yes."""
    chapter, _ = load(
        "def same(f): return f\ndef call(f, x): return f(x)\ndef nest(f, g): return f(g)"
    )
    came = chapter.same(lambda x: x + 1)
    assert type(came) is Handle
    for use in (bool, lambda c: c == 1, hash):
        with pytest.raises((SubjectRefused, TypeError)):
            use(came)
    assert came(3) == 4
    assert chapter.call(came, 5) == 6
    assert chapter.nest(lambda g: g(7) * 10, came) == 80


def test_an_assertion_in_a_callback_fails_the_test_whatever_the_subject_does(load):
    chapter, _ = load(
        """
        def swallow(f):
            try:
                f()
            except BaseException:
                pass
            return "fine"
        """
    )

    def spy():
        raise AssertionError("wrong argument")

    with pytest.raises(AssertionError, match="wrong argument"):
        chapter.swallow(spy)


def test_callbacks_are_bounded(load, monkeypatch):
    monkeypatch.setattr(remote, "MAX_CALLBACKS", 50)
    chapter, _ = load("def f(g):\n    while True: g()")
    with pytest.raises(SubjectRefused, match="more than 50 times"):
        chapter.f(lambda: None)


def test_nesting_of_calls_is_bounded(load):
    chapter, _ = load("def f(g):\n    return g()")

    def deeper():
        return chapter.f(deeper)

    with pytest.raises(SubjectRefused, match="nest deeper"):
        chapter.f(deeper)


# Exceptions


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("raise ValueError('7 and 3')", ValueError, "7 and 3"),
        ("raise type('Mine', (KeyError,), {})('word')", KeyError, "word"),
        ("raise NotImplementedError('ch01_demo.f')", NotImplementedError, "ch01_demo.f"),
        ("import torch; torch.ones(2) @ torch.ones(3)", RuntimeError, "size"),
        ("b'\\xff'.decode()", UnicodeError, "utf-8"),
        ("raise ExceptionGroup('many', [ValueError(1)])", Exception, "many"),
        ("compile('(', '', 'exec')", SyntaxError, "was never closed"),
        ("raise OSError(2, 'gone')", OSError, "gone"),
    ],
)
def test_an_exception_arrives_as_its_built_in_type_with_the_learners_line(load, code, kind, words):
    chapter, _ = load(f"def f():\n    {code}")
    with pytest.raises(kind, match=words) as caught:
        chapter.f()
    assert type(caught.value).__module__ == "builtins"
    assert caught.value.subject_frames[-1].startswith("ch01_demo.py:2, in f: ")


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "StopIteration"]
)
def test_what_would_end_the_judge_arrives_wrapped(load, name):
    chapter, _ = load(f"def f():\n    raise {name}('out')")
    with pytest.raises(SubjectRaised, match=f"raised {name}: out"):
        chapter.f()


def test_a_skip_of_the_subjects_is_no_skip(load):
    chapter, _ = load("def f():\n    import pytest\n    pytest.skip('please')")
    with pytest.raises(SubjectRaised, match="please"):
        chapter.f()


@pytest.mark.parametrize(
    "body",
    [
        "def __str__(self): raise ValueError",
        "def __str__(self): return 7",
        "args = property(lambda self: 1 / 0)",
        "def __repr__(self): import os; return 'x' * 10**6",
    ],
)
def test_a_hostile_exception_is_still_an_exception(load, body):
    chapter, _ = load(f"class E(Exception):\n    {body}\ndef f():\n    raise E(1, 2)")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its text is the hostile part
        chapter.f()
    assert type(caught.value) is Exception
    assert len(str(caught.value)) <= 20_000


# Ways to die


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(0)", "ended itself with exit code 0"),
        ("import os; os._exit(3)", "ended itself with exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import os; os.closerange(0, 100)", "during the call"),
    ],
)
def test_a_dead_worker_fails_the_call_and_says_how(load, code, words):
    chapter, _ = load(f"def f():\n    {code}\ndef g(): return 1")
    with pytest.raises(SubjectDied, match=words):
        chapter.f()
    with pytest.raises(SubjectDied, match=words):  # and every later call, with the same words
        chapter.g()


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "import threading; threading.Lock().acquire(); threading.Event().wait()",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time = __import__('time')"
        "; time.sleep(100)",
    ],
)
def test_a_hang_ends_at_the_deadline(load, short, code):
    chapter, _ = load(f"def f():\n    {code}")
    begun = time.monotonic()
    with pytest.raises(SubjectTimeout, match="did not return within"):
        chapter.f()
    assert time.monotonic() - begun < 5


def test_endless_iteration_ends_at_the_deadline_of_the_test(load, nursery, monkeypatch):
    monkeypatch.setattr(nursery, "_limits", Limits(test_seconds=1))
    chapter, _ = load("def forever():\n    while True: yield 1")
    with pytest.raises(SubjectTimeout, match="the test did not end"):
        for _ in chapter.forever():
            pass


def test_sending_has_a_deadline_too(load, short):
    chapter, _ = load(
        """
        def stop():
            import os, signal, threading
            threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()
        def take(x): return 1
        """
    )
    chapter.stop()
    time.sleep(0.2)
    with pytest.raises(SubjectTimeout):
        chapter.take(torch.zeros(10_000_000))


def test_output_is_bounded_and_never_the_judges(load, capfd):
    chapter, worker = load(
        """
        import os, sys
        def talk(n):
            print("line" * n)
            sys.stderr.write("error\\n")
            os.write(1, b"raw\\n")
        """
    )
    chapter.talk(100_000)
    chapter.talk(1)
    worker._drain()
    assert len(worker.output) <= remote.MAX_OUTPUT
    assert b"raw" in worker.output
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_flood_is_stopped(load):
    chapter, _ = load("def f():\n    while True: print('x' * 10000)")
    with pytest.raises(SubjectDied, match="printed more than 64 MiB"):
        chapter.f()


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff" * 64,
        (2**40).to_bytes(8, "little") + (1).to_bytes(8, "little"),
        (1).to_bytes(8, "little") + (99).to_bytes(8, "little") + b"N",
        (1).to_bytes(8, "little") + (5).to_bytes(8, "little") + b"?",
    ],
)
def test_frames_of_the_subjects_own_end_the_worker(load, frame):
    chapter, _ = load(
        f"""
        def f():
            import os
            for descriptor in range(3, 10):
                try:
                    os.write(descriptor, {frame!r})
                except OSError:
                    pass
            import time; time.sleep(0.2)
        """
    )
    with pytest.raises((SubjectDied, SubjectRefused)):
        for _ in range(6):
            chapter.f()


def test_an_answer_given_in_advance_is_not_taken(load):
    """A forged answer may only spoil the forger's own call."""
    chapter, _ = load(
        """
        def f():
            import os, struct
            payload = b't\\x02\\x00\\x00\\x00s\\x02\\x00\\x00\\x00okT'
            for number in range(1, 50):
                os.write(3, struct.pack('<QQ', len(payload), number) + payload)
            return False
        def g(): return False
        """
    )
    with pytest.raises(SubjectDied, match="protocol"):
        for _ in range(5):
            chapter.f()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "raised SyntaxError: invalid syntax"),
        ("import sys; sys.exit()", "raised SystemExit"),
        ("raise SystemExit", "raised SystemExit"),
        ("import os; os._exit(0)", "exit code 0"),
        ("1 / 0", "raised ZeroDivisionError: division by zero\n  at ch01_demo.py:1"),
        ("import nowhere", "No module named 'nowhere'"),
        ("from .ch99_later import x", "No module named"),
        ("x = '\ud800'", "SyntaxError|UnicodeError|surrogates"),
        ("x = " + "(" * 5000 + ")" * 5000, "does not load"),
    ],
)
def test_a_chapter_that_does_not_load_says_why(load, text, words):
    with pytest.raises(SubjectBroken, match=words):
        load(text)


def test_a_chapter_that_never_finishes_loading_is_stopped(load, short):
    with pytest.raises(SubjectTimeout, match="does not load"):
        load("while True: pass")


# The process


def test_each_worker_is_fresh(load):
    one, _ = load("import torch\ntorch.patched = 1\nx = 1")
    two, _ = load("import torch\nx = hasattr(torch, 'patched')")
    assert one.x == 1
    assert two.x is False


THREADS = """
import threading
import torch

def f():
    x, found, gate = torch.ones(1 << 15), [], threading.Barrier(4)

    def add():
        gate.wait()
        found.append((x + 1).sum().item())

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
"""


def test_a_workers_first_threads_may_come_at_once(nursery):
    """A fork's pool of threads, which torch makes anew, is there before two of them race for it."""
    source = Source("ch01_demo", THREADS, "ch01_demo.py")
    for _ in range(20):  # without it, every third one fails
        with nursery.worker() as worker:
            worker.start_loading([source], 1)
            assert worker.loaded().f() == [2.0 * (1 << 15)] * 4


def test_the_environment_is_empty_and_descriptors_are_few(load, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    nursery = Nursery()
    try:
        with nursery.worker() as worker:
            text = (
                "import os\n"
                "names = sorted(os.environ)\n"
                "open_ = []\n"
                "for number in range(1000):\n"
                "    try:\n"
                "        os.fstat(number)\n"
                "    except OSError:\n"
                "        continue\n"
                "    open_.append(number)\n"
            )
            worker.start_loading([Source("ch01_demo", text, "x")], 1)
            chapter = worker.loaded()
            assert set(chapter.names) <= {
                "HOME",
                "TMPDIR",
                "LC_CTYPE",
                *PASSED_ON,
                "KINETO_LOG_LEVEL",
            }
            assert chapter.open_ == [0, 1, 2, 3]  # three streams, the socket
    finally:
        nursery.close()


def test_nothing_of_the_judge_is_in_the_worker(load):
    chapter, _ = load(
        """
        import sys
        names = [n for n in sys.modules if n.split('.')[0] in ('pytest', '_pytest', 'hypothesis')]
        mine = sorted(n for n in sys.modules if n.startswith('grader'))
        """
    )
    assert chapter.names == []
    assert "grader.plugin" not in chapter.mine
    assert "grader.grading" not in chapter.mine


def test_workers_end_with_their_nursery():
    nursery = Nursery()
    with nursery.worker() as worker:
        worker.start_loading([Source("ch01_demo", "import os\npid = os.getpid()", "x")], 1)
        pid = worker.loaded().pid
        nursery.close()
    assert _ends(pid), "the worker outlived its nursery"


def _ends(pid):
    """Whether a process ends within seconds, reaped or not."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().split()[2] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_dead_nursery_is_our_fault():
    nursery = Nursery()
    with nursery.worker():
        pass
    nursery._processes[NO_RULES]._process.kill()
    with pytest.raises(UnjudgedError, match="nursery has ended"), nursery.worker() as worker:
        worker.start_loading([Source("ch01_demo", "x = 1", "x")], 1)
        worker.loaded()
    nursery.close()


def test_a_nursery_that_dies_while_the_subject_loads_is_our_fault():
    nursery = Nursery()
    with nursery.worker() as worker:
        worker.start_loading([Source("ch01_demo", "import time\ntime.sleep(9)", "x")], 1)
        worker._await_ready()
        nursery._processes[NO_RULES]._process.kill()
        with pytest.raises(UnjudgedError, match="nursery has ended"):
            worker.loaded()
    nursery.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_forked_in_advance_that_somebody_kills_is_not_handed_out():
    nursery = Nursery()
    source = Source("ch01_demo", "import os\npid = os.getpid()", "x")
    try:
        known = set()
        pid = nursery._processes[NO_RULES]._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        for number in range(4):
            with nursery.worker() as worker:
                worker.start_loading([source], 1)
                known.add(worker.loaded().pid)
            spares, until = set(), time.monotonic() + 5
            while number > 0 and not spares and time.monotonic() < until:
                spares = set(map(int, children.read_text(encoding="utf-8").split())) - known
            assert len(spares) == (number > 0)
            known |= spares
            for spare in spares:
                os.kill(spare, signal.SIGKILL)
                assert _ends(spare)
    finally:
        nursery.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_rules_whose_nursery_was_killed_are_closed_anew():
    rule = Rule("no-neg", "write it yourself", ("neg",), (), ())
    text = "import os, torch\ndef flip(x):\n    return torch.neg(x)\nparent = os.getppid()"
    nursery = Nursery()
    try:
        for _ in range(2):
            job = nursery.fork([(rule,)])
            with job.worker((rule,)) as worker:
                worker.start_loading([Source("ch01_demo", text, "x")], 1)
                chapter = worker.loaded()
                with pytest.raises(RuntimeError, match="write it yourself"):
                    chapter.flip(torch.ones(2))
                stat = Path(f"/proc/{chapter.parent}/stat").read_text(encoding="utf-8")
            job.close()
            shared = int(stat.rsplit(")", 1)[1].split()[1])  # whose fork the job's nursery is
            assert shared != nursery._processes[NO_RULES]._process.pid
            os.kill(shared, signal.SIGKILL)
            time.sleep(0.2)
    finally:
        nursery.close()


def test_a_job_has_its_own_nursery_with_its_rules():
    rule = Rule("no-neg", "write it yourself", ("neg",), (), ())
    text = "import torch\ndef flip(x):\n    return torch.neg(x)"
    nursery = Nursery()
    job = nursery.fork([(rule,), ()])
    try:
        with job.worker((rule,)) as one, job.worker() as other:
            for worker in (one, other):
                worker.start_loading([Source("ch01_demo", text, "x")], 1)
            with pytest.raises(RuntimeError, match="write it yourself"):
                one.loaded().flip(torch.ones(2))
            assert other.loaded().flip(torch.ones(2)).tolist() == [-1, -1]
            job.close()
            assert _ends(other._pid), "its workers end with it"
            with pytest.raises(UnjudgedError, match="nursery has ended"):
                other.fetch(other.place(1))
        with nursery.worker((rule,)) as worker:  # what was closed for one job stays for the next
            worker.start_loading([Source("ch01_demo", text, "x")], 1)
            with pytest.raises(RuntimeError, match="write it yourself"):
                worker.loaded().flip(torch.ones(2))
    finally:
        nursery.close()


# Rules

GELU = Rule("gelu", "write it yourself", ("gelu", "gelu_"), ("torch.nn.GELU",), ())
ATTENTION = Rule(
    "attention",
    "use matrix products",
    ("scaled_dot_product_attention", "_scaled_dot_product_attention_math"),
    ("torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"),
    (),
)
NO_JSON = Rule("json", "no json", (), (), ("json",))


@pytest.mark.parametrize(
    "code",
    [
        "torch.nn.functional.gelu(x)",
        "torch.nn.functional.gelu(x, approximate='tanh')",
        "getattr(torch.nn.functional, 'ge' + 'lu')(x)",
        "torch.ops.aten.gelu(x)",
        "torch.ops.aten.gelu.default(x)",
        "torch.ops.aten.gelu_(x.clone())",
        "torch.ops.aten.gelu.out(x, out=torch.empty_like(x))",
        "torch._C._nn.gelu(x)",
        "torch.nn.GELU()(x)",
        "torch.vmap(torch.nn.functional.gelu)(x)",
        "torch.jit.trace(lambda y: torch.nn.functional.gelu(y), x)(x)",
        "torch.nn.functional.gelu(x.double())",
        "torch.nn.functional.gelu(x.bfloat16())",
        "torch._refs.nn.functional.gelu(x)",
        "torch._decomp.decomposition_table[torch.ops.aten.gelu.default](x)",
        "torch.nn.functional.gelu(x.clone().requires_grad_())",
        "inference(x)",
        "in_thread(x)",
        "reregistered(x)",
    ],
)
def test_a_closed_operator_is_closed_however_it_is_reached(load, code):
    chapter, _ = load(
        f"""
        import threading
        import torch
        import torch._refs.nn.functional
        def inference(x):
            with torch.inference_mode():
                return torch.nn.functional.gelu(x)
        def in_thread(x):
            found = []
            def run():
                try:
                    found.append(torch.nn.functional.gelu(x))
                except Exception as error:
                    found.append(error)
            thread = threading.Thread(target=run)
            thread.start(); thread.join()
            if isinstance(found[0], Exception):
                raise found[0]
            return found[0]
        def reregistered(x):
            library = torch.library.Library("aten", "IMPL")
            try:
                library.impl("gelu", lambda *a, **k: torch.ops.aten.gelu.default(*a), "Meta")
            except Exception:
                pass
            return torch.nn.functional.gelu(x)
        def f(x):
            return {code}
        """,
        rules=[GELU],
    )
    with pytest.raises(RuntimeError, match="rule 'gelu': write it yourself"):
        chapter.f(torch.linspace(-2, 2, 5))


@pytest.mark.parametrize(
    "code",
    [
        "F.scaled_dot_product_attention(x, x, x)",
        "F.scaled_dot_product_attention(x[0], x[0], x[0])",
        "torch.nn.MultiheadAttention(4, 2)(x, x, x)",
        "F.multi_head_attention_forward(x, x, x, 4, 2, *[None] * 5, 0.0, None, None)",
        "alias(x, x, x, 4, 2, *[None] * 5, 0.0, None, None)",
        "type('Mine', (torch.nn.MultiheadAttention,), {})(4, 2)(x, x, x)",
    ],
)
def test_closed_composites_are_closed_under_every_name(load, code):
    chapter, _ = load(
        f"""
        import torch
        import torch.nn.functional as F
        from torch.nn.functional import multi_head_attention_forward as alias
        def f(x):
            return {code}
        """,
        rules=[ATTENTION],
    )
    with pytest.raises(RuntimeError, match="rule 'attention'"):
        chapter.f(torch.randn(2, 3, 4))


def test_what_no_rule_names_still_runs(load):
    chapter, _ = load(
        """
        import torch
        def f(x):
            from torch import nn
            model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
            model(x).sum().backward()
            return torch.vmap(torch.softmax, in_dims=(0, None))(x, 0).sum().item()
        """,
        rules=[GELU, ATTENTION],
    )
    assert chapter.f(torch.randn(3, 4)) == pytest.approx(3)


def test_a_closed_module_cannot_be_imported(load):
    chapter, _ = load("def f():\n    import json", rules=[NO_JSON])
    with pytest.raises(ImportError):
        chapter.f()


def test_rules_hold_only_where_they_are_asked_for(load):
    closed, _ = load("import torch\ndef f(x): return torch.nn.functional.gelu(x)", rules=[GELU])
    with pytest.raises(RuntimeError, match="rule"):
        closed.f(torch.ones(1))
    free, _ = load("import torch\ndef f(x): return torch.nn.functional.gelu(x)")
    assert free.f(torch.zeros(1)).item() == 0


# Forks

HOLES = """
import ctypes

from grader.seam import warm

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = warm._Info

def holes():
    info = libc.mallinfo2()
    return info.fordblks - info.keepcost

kept = [bytes(100 + n % 900) for n in range(20_000)]
del kept[::2]
before = holes()
warm.settle()
print(before, holes())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_no_hole_is_left_that_a_fork_would_fill():
    """Each of them would cost it the copy of a page."""
    done = subprocess.run(
        [sys.executable, "-c", HOLES],
        env={**os.environ, "PYTHONMALLOC": "malloc"},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = map(int, done.stdout.split())
    assert before > 4_000_000
    assert after < before / 20
