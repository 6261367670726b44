"""Faults of ours: kill -9 of worker, nursery or judge at random moments.

Each trial grades a right and a wrong submission with the demo course, and kills one process of the
grader's at a moment that the seed chooses. What must hold: a test has the verdict that it has
without the fault, or none, with a reason; no process and no file is left behind; and what is graded
next, by the same judge if it lives, is graded right.

Run: python tests/grader/faults.py [TRIALS] [SEED]   (200 trials take about ten minutes)
"""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grader import scratch
from grader.errors import UnjudgedError
from grader.judge import Job, Judge
from tests.grader.conftest import CHAPTER, write_demo

KINDS = ("worker", "nursery", "fork of the nursery", "judge", "fork of the judge")
RIGHT = (
    "import torch\n"
    "def double(x):\n    return x + x\n"
    "def quadruple(x):\n    return 4 * x\n"
    "def gelu(x):\n    return 0.5 * x * (1 + torch.erf(x / 2**0.5))\n"
)
SUBMISSIONS = {"right": RIGHT, "wrong": RIGHT.replace("x + x", "x + 2")}
PATIENCE = 20  # seconds in which everything that belongs to a fault has ended


def processes():
    """Parent and name of every process that has not ended."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8").rpartition(")")[2]
            state, parent = stat.split()[:2]
            name = Path(f"/proc/{entry}/comm").read_text(encoding="utf-8").strip()
            if state != "Z":
                found[int(entry)] = (int(parent), name)
    return found


def descendants(pid):
    """Process ids below this one, by kind."""
    there = processes()
    found = {pid: "judge"} if pid in there else {}
    fresh = [pid]
    while fresh:
        above = fresh.pop()
        for each, (parent, _) in there.items():
            if parent == above and each not in found:
                if found[above] == "judge":
                    name = there[each][1]
                    found[each] = "nursery" if name == "kata-nursery" else "fork of the judge"
                elif found[above] == "nursery":
                    found[each] = "fork of the nursery"
                else:
                    found[each] = "worker"
                fresh.append(each)
    return found


class Faults:
    """Trials on one demo course; the judge is started again when a fault has ended it."""

    def __init__(self, folder, seed=0):
        self.random = random.Random(seed)
        self.root = write_demo(folder / "course")
        self.subjects = {}
        for name, text in SUBMISSIONS.items():
            (folder / name).mkdir()
            (folder / name / f"{CHAPTER}.py").write_text(text, encoding="utf-8")
            self.subjects[name] = folder / name
        self.judge = None
        self.words = {}
        self.count = 0
        self.tally = Counter()
        self.expected = self.grade()
        begun = time.monotonic()
        assert self.grade() == self.expected
        self.duration = time.monotonic() - begun
        assert {v for (n, _), v in self.expected.items() if n == "right"} == {"PASSED"}

    def grade(self):
        """Verdicts by submission and test; a job that is lost says why."""
        if self.judge is None:
            self.judge = Judge(self.root, [CHAPTER], seed=0)
            self.judge.__enter__()
        self.count += 1
        jobs = [Job(f"{name}-{self.count}", path, CHAPTER) for name, path in self.subjects.items()]
        found = {}
        for job, record in self.judge.run(jobs):
            name = job.name.partition("-")[0]
            if "done" not in record:
                found[name, record["id"]] = record["verdict"]
                self.words[name, record["id"]] = record["message"]
                assert record["verdict"] != "UNJUDGED" or record["message"], "says no reason"
            elif record["done"]:
                found[name, "lost"] = record["done"]
        return found

    def trial(self):
        """One fault; raises AssertionError if anything is not as it must be."""
        kind = self.random.choice(KINDS)
        delay = self.random.uniform(0, 1.2 * self.duration)
        killed = []
        self.judge or self.grade()
        pid, folder = self.judge._process.pid, self.judge._folder

        def strike():
            time.sleep(delay)
            victims = [p for p, k in descendants(pid).items() if k == kind]
            if victims:
                killed.append(self.random.choice(sorted(victims)))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[0], signal.SIGKILL)
                until = time.monotonic() + PATIENCE
                while killed[0] in processes() and time.monotonic() < until:
                    time.sleep(0.005)

        thread = threading.Thread(target=strike)
        thread.start()
        try:
            found, ended = self.grade(), ""
        except UnjudgedError as error:
            found, ended = {}, str(error)
        thread.join()
        self.tally[kind if killed else "nobody was there"] += 1
        self.check(found, ended)
        self.clean(pid, folder, ended)
        assert self.grade() == self.expected, "the next run is not right"

    def check(self, found, ended):
        """A verdict is the right one, or there is none, with a reason."""
        missing = {key for key in self.expected if found.get(key, "UNJUDGED") == "UNJUDGED"}
        for key, verdict in self.expected.items():
            words = f"{key} was {found.get(key)}: {self.words.get(key)}"
            assert found.get(key, verdict) in (verdict, "UNJUDGED"), words
            if key in missing and key not in found:
                assert ended or found.get((key[0], "lost")), f"{key}: no verdict and no reason"
        self.tally["unjudged"] += len(missing)
        self.tally["judged"] += len(self.expected) - len(missing)

    def clean(self, pid, folder, ended):
        """Nothing is left of what the fault has hit."""
        if ended or not self.alive(pid):
            self.judge.__exit__(None, None, None)
            self.judge = None
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not self.is_clean(pid, folder):
            time.sleep(0.02)
        assert self.is_clean(pid, folder), f"{descendants(pid)} and {folder} are left behind"

    def is_clean(self, pid, folder):
        """Of a judge that lives, it and its nursery; of one that has ended, nothing."""
        if self.judge is None:
            return not os.path.exists(folder) and not [
                p for p, (_, line) in processes().items() if str(self.root) in line
            ]
        return len(descendants(pid)) <= 3 and not os.listdir(folder)

    def alive(self, pid):
        """Whether the judge and its nursery have both survived."""
        return "nursery" in descendants(pid).values()

    def close(self):
        """End the judge."""
        if self.judge is not None:
            self.judge.__exit__(None, None, None)


def main():
    """Run the trials and say what came of them."""
    trials, seed = (int(n) for n in [*sys.argv[1:], *("200", "0")[len(sys.argv) - 1 :]])
    with scratch.folder() as folder:
        faults = Faults(folder, seed)
        bad = 0
        for number in range(trials):
            try:
                faults.trial()
            except AssertionError as error:
                bad += 1
                print(f"trial {number}: {error}", flush=True)  # noqa: T201 - a script
            if number % 10 == 9:
                print(f"{number + 1} trials, {bad} went wrong", flush=True)  # noqa: T201
        faults.close()
    told = ", ".join(f"{k} {n}" for k, n in sorted(faults.tally.items()))
    print(f"{trials} trials, seed {seed}: {bad} went wrong ({told})")  # noqa: T201
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
