"""The judge's side of the seam under a coverage-guided fuzzer.

Claim: any bytes that a worker sends give a value or a clean failure of that test; never a crash, a
hang, or memory beyond the limit.

Needs the package atheris, which this project does not (`pip install atheris`).
Run: python benchmarks/fuzz.py [SECONDS]   (an hour, if not said otherwise)
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import torch

with atheris.instrument_imports(include=["grader.seam.wire", "grader.seam.remote"]):
    from grader.seam import remote, wire
from grader.seam.wire import Encoder
from tests.grader.roads import check, frame, receive

MEMORY_MB = 2048  # of which torch is a good part
count = begun = 0
peak = failed = 0


def seeds():
    """Bytes of each kind of value, and of each kind of answer."""
    write = Encoder(lambda value: wire.handle_bytes(3, "Linear")).encode
    values = [
        *(None, True, 7, 1 << 70, 1.5, "text", b"bytes", [1, 2], ["a"], (1, "b"), {"k": 1}),
        *(torch.Size([2, 3]), torch.float32, torch.device("cuda", 1), object()),
        *(torch.ones(2, 3, dtype=dtype) for dtype in wire.DTYPES),
    ]
    for value in values:
        yield b"\0" + write(value)
        yield b"\1" + frame(1, write(("ok", value))) + frame(2, write(("ok", None)))
    yield b"\1" + frame(1, write(("raised", "ValueError", "words", ["a.py:1, in f: x"])))
    yield b"\1" + frame(1, write(("refused", "why")))
    yield b"\1" + frame(1, write(("callback", 0, (1,), {"a": 2}))) + frame(1, write(("ok", 1)))
    yield b"\1" + frame(2, write(("ok", 1)))
    yield b"\1" + frame(1, b"", 1 << 40)


def one(data):
    """One input: its first byte says by which road the rest goes."""
    global count, failed
    count += 1
    if data[:1] == b"\1":
        receive(data[1 : 1 << 15])
        return
    try:
        check(wire.Decoder(lambda n, kind: None, lambda n: None).decode(data[1:]))
    except wire.WireError:
        failed += 1


def lines_of(module, names):
    """The lines of these classes and functions of a module."""
    found, waiting = set(), []
    for name in names:
        thing = getattr(module, name)
        members = list(vars(thing).values()) if isinstance(thing, type) else [thing]
        waiting += [f.__code__ for f in members if hasattr(f, "__code__")]
    while waiting:
        code = waiting.pop()
        found |= {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}
        waiting += [c for c in code.co_consts if hasattr(c, "co_lines")]
    return found


def covered(corpus):
    """How many lines of the receiving code the corpus reaches, and of how many."""
    wanted = {
        wire.__file__: lines_of(wire, ["Decoder", "_is_key"]),
        remote.__file__: {
            line
            for name in ("_await", "_call_function", "_receive", "_exactly", "_handle")
            for code in [getattr(remote.Worker, name).__code__]
            for _, _, line in code.co_lines()
            if line and line != code.co_firstlineno
        }
        | lines_of(remote, ["_rebuilt"]),
    }
    seen = {name: set() for name in wanted}

    def trace(frame_, event, _):
        name = frame_.f_code.co_filename
        if name not in seen:
            return None
        if event == "line":
            seen[name].add(frame_.f_lineno)
        return trace

    sys.settrace(trace)
    for path in corpus.iterdir():
        one(path.read_bytes())
    sys.settrace(None)
    reached = sum(len(wanted[name] & seen[name]) for name in wanted)
    missed = {Path(name).name: sorted(wanted[name] - seen[name]) for name in wanted}
    return reached, sum(map(len, wanted.values())), missed


def main():
    """Fuzz, and print executions, coverage and memory; a defect ends it with its input."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 3600
    corpus = Path(tempfile.mkdtemp(prefix="kata-fuzz-"))
    for number, data in enumerate(seeds()):
        (corpus / f"seed{number}").write_bytes(data)
    started = time.monotonic()

    def report():
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        took = time.monotonic() - started
        print(f"{count:,} executions in {took:,.0f} s, peak {used} MiB", flush=True)

    def until(data):
        one(data)
        if time.monotonic() - started > seconds:
            report()
            reached, lines, missed = covered(corpus)
            print(f"{len(list(corpus.iterdir()))} inputs kept, no defect")
            print(f"lines of the receiving code: {reached} of {lines}; not reached: {missed}")
            sys.stdout.flush()
            import os

            os._exit(0)

    flags = ["-max_len=4096", f"-rss_limit_mb={MEMORY_MB}", "-timeout=20", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], until)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
