"""`kata train`: runs that can be stopped at any moment, with the learner's code, and a judge."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from grader.course import load_course
from grader.errors import KataError, UsageError
from grader.train import instruct
from grader.train.milestone import reach

ROOT = Path(__file__).resolve().parents[2]
COURSE = load_course(ROOT / "exercises" / "course.toml")
SOLUTIONS = ROOT / "solutions"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few updates on plain text, few merges, few responses: these tests look at the machinery."""
    monkeypatch.setattr("grader.train.classify.BASE_STEPS", 2)
    monkeypatch.setattr("grader.train.instruct.BASE_STEPS", 2)
    monkeypatch.setattr("grader.train.instruct.SHOWN", 2)
    monkeypatch.setattr("grader.train.start.MERGES", 20)
    monkeypatch.setitem(instruct.CONTEXT, "tiny", 96)
    monkeypatch.setattr("grader.train.pretrain.SAMPLE_TOKENS", 5)


@pytest.fixture
def story(tmp_path):
    """A short text."""
    path = tmp_path / "story.txt"
    path.write_text("The ferry goes over the river, and the bell rings.\n" * 60, encoding="utf-8")
    return path


def train(task, out, steps, **options):
    """One call of `reach` on the reference."""
    options = {"subject": SOLUTIONS, **options}
    return reach(task, COURSE, ROOT, steps=steps, out=out, **options)


def metrics(out):
    """The lines of a run's metrics."""
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_a_run_leaves_metrics_samples_a_checkpoint_and_a_plot(tmp_path, story):
    """Everything that a run promises is in its folder, and nothing half-written."""
    made = train("pretrain", tmp_path / "run", 6, data=story)
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names == {
        "run.json",
        "metrics.jsonl",
        "sample-before.json",
        "pretrain.ckpt",
        "result.json",
        "loss.png",
    }
    rows = metrics(tmp_path / "run")
    assert [row["step"] for row in rows] == list(range(7))
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert made.result["sample_before"].startswith("The ferry")
    assert (tmp_path / "run" / "loss.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path, story):
    """Ctrl-C between two updates costs at most what came after the last evaluation."""
    train("pretrain", tmp_path / "whole", 8, data=story)

    def stop(done, total, what):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("pretrain", tmp_path / "stopped", 8, data=story, progress=stop)
    assert not (tmp_path / "stopped" / "result.json").exists()
    torch.manual_seed(99)  # whatever the process that goes on has drawn before
    train("pretrain", tmp_path / "stopped", 8, data=story)
    for name in ("pretrain.ckpt", "metrics.jsonl", "result.json"):
        whole, stopped = ((tmp_path / run / name).read_bytes() for run in ("whole", "stopped"))
        assert whole == stopped, name


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_run_goes_on(tmp_path, story):
    """SIGKILL in the middle: the same command ends with the metrics of a run that was let be."""
    command = [sys.executable, "-m", "grader", "train", "pretrain", "--steps", "40"]
    command += ["--data", str(story), "--out"]

    def run(out):
        return subprocess.run([*command, str(out)], cwd=ROOT, capture_output=True, text=True)

    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([*command, str(killed)], cwd=ROOT, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if (killed / "metrics.jsonl").is_file() and len(metrics(killed)) >= 4:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "result.json").exists(), "it had ended before it was killed"
    with (killed / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "pretr')  # as if it had been killed while it wrote
    for out in (killed, whole):
        done = run(out)
        assert done.returncode == 0, done.stderr
        assert "held out" in done.stdout
    assert metrics(killed) == metrics(whole)
    assert not list(killed.glob("*.tmp"))


def test_other_settings_do_not_mix(tmp_path, story):
    """A folder with a run of other settings is refused, with both values; --fresh begins again."""
    out = tmp_path / "run"
    train("pretrain", out, 1, data=story)
    with pytest.raises(UsageError, match=r"steps 1, not 2.*--fresh"):
        train("pretrain", out, 2, data=story)
    train("pretrain", out, 2, data=story, fresh=True)
    assert [row["step"] for row in metrics(out)] == [0, 1, 2]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "essay.txt").write_text("mine")
    with pytest.raises(UsageError, match="is no run"):
        train("pretrain", tmp_path / "other", 1, data=story)
    assert (tmp_path / "other" / "essay.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "7B"}, "--size is '7B'"),
        ({"steps": 0}, "--steps is 0"),
        ({"task": "classify", "size": "124M"}, "--weights"),
        ({"data": Path("no-such-file")}, "no-such-file"),
        ({"subject": Path("no-such-folder")}, "no-such-folder is not a folder"),
        ({"task": "dream"}, "no task 'dream'"),
    ],
)
def test_bad_settings_are_one_sentence(tmp_path, options, words):
    """What, where, and what to do instead."""
    options = {"task": "pretrain", "steps": 1, **options}
    with pytest.raises(UsageError, match=words):
        train(options.pop("task"), tmp_path / "run", options.pop("steps"), **options)


def test_data_that_is_too_little_is_one_sentence(tmp_path):
    """The file, what it has, and what is needed; no line of a chapter."""
    few = tmp_path / "few.txt"
    few.write_text("A short text. " * 9, encoding="utf-8")
    with pytest.raises(UsageError, match=r"few.txt is too short.*\d+ tokens and needs \d+"):
        train("pretrain", tmp_path / "run", 1, data=few)
    one_sided = tmp_path / "ham.tsv"
    one_sided.write_text("".join(f"ham\thello {i}\n" for i in range(99)), encoding="utf-8")
    with pytest.raises(UsageError, match=r"ham.tsv leaves 0 different messages"):
        train("classify", tmp_path / "run2", 1, data=one_sided)


def test_a_broken_checkpoint_says_what_to_do(tmp_path, story):
    """Whatever a power cut has left of it, the sentence names the file and --fresh."""
    out = tmp_path / "run"
    train("pretrain", out, 1, data=story)
    (out / "pretrain.ckpt").write_bytes(b"\x00" * 100)
    with pytest.raises(KataError, match=r"pretrain.ckpt cannot be gone on from.*--fresh"):
        train("pretrain", out, 1, data=story)
    train("pretrain", out, 1, data=story, fresh=True)


def test_a_terminal_without_unicode_shows_what_it_can(tmp_path, story):
    """What a model writes may be in no terminal's alphabet; that ends no command."""
    command = [sys.executable, "-m", "grader", "train", "pretrain", "--steps", "1"]
    command += ["--data", str(story), "--out", str(tmp_path / "run")]
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "before: 'The ferry" in done.stdout
    assert "?" in done.stdout


def test_a_stub_is_named(tmp_path, story):
    """With the learner's code, what is not written yet is named, with the command to check it."""
    with pytest.raises(KataError, match=r"ch02_text.train_bpe is not written yet.*kata check"):
        train("pretrain", tmp_path / "run", 1, data=story, subject=ROOT / "exercises")


def test_the_learners_code_is_what_trains(tmp_path, story):
    """A mistake in the subject's chapter shows, with its line; the other chapters are given."""
    subject = tmp_path / "mine"
    subject.mkdir()
    text = (SOLUTIONS / "ch04_gpt.py").read_text(encoding="utf-8")
    body = "        b, t = in_idx.shape\n        raise ArithmeticError('mine')\n"
    head = text.index("    def forward", text.index("class GPTModel"))
    at = text.index("### BEGIN SOLUTION", head)
    at = text.rindex("\n", 0, at) + 1
    (subject / "ch04_gpt.py").write_text(text[:at] + body + text[at:], encoding="utf-8")
    with pytest.raises(KataError, match=r"ch04_gpt.py:\d+, in forward.*ArithmeticError: mine"):
        train("pretrain", tmp_path / "run", 1, data=story, subject=subject)


def test_classify_measures_held_out_messages_and_answers(tmp_path):
    """Accuracies before and after, the majority beside them, and a function for one's own text."""
    made = train("classify", tmp_path / "run", 2)
    result = made.result
    assert 0 <= result["accuracy_before"] <= 1
    assert 0 <= result["accuracy_after"] <= 1
    assert 0.5 <= result["majority"] < 0.65, "the held-out messages are balanced"
    assert result["held_out"] >= 50
    assert made.ask("Lunch at noon?") in ("spam", "not spam")
    assert (tmp_path / "run" / "accuracy.png").is_file()
    again = train("classify", tmp_path / "run", 2)
    assert again.result == result, "a run that has ended gives the same again"


class Ollama(BaseHTTPRequestHandler):
    """Answers as an Ollama server does."""

    asked: ClassVar[list[dict]] = []

    def do_GET(self):
        self.reply(b"Ollama is running")

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(request)
        score = "73" if len(self.asked) % 2 else "no idea"
        message = {"role": "assistant", "content": score}
        self.reply(json.dumps({"message": message, "done": True}).encode() + b"\n")

    def reply(self, data):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def ollama():
    """A stand-in server on the loopback; its address."""
    Ollama.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ollama)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/chat"
    server.shutdown()
    server.server_close()


def test_instruct_answers_before_and_after_and_is_judged(tmp_path, ollama, monkeypatch):
    """Responses to unseen instructions, and their scores by a server that answers."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = train("instruct", tmp_path / "run", 2)
    responses = made.result["responses"]
    assert len(responses) == 2
    assert all({"before", "model_response", "follows"} <= set(one) for one in responses)
    shown = []
    found = instruct.judge(made.chapters, responses, "llama3", ollama, lambda *a: shown.append(a))
    assert found == {"model": "llama3", "scores": [73, None], "mean": 36.5}
    assert [request["model"] for request in Ollama.asked] == ["llama3", "llama3"]
    assert len(shown) == 2


def test_without_a_server_nothing_is_judged():
    """No server is no error."""
    nobody = "http://127.0.0.1:9/api/chat"
    assert instruct.judge(None, [], "llama3", nobody, lambda *a: None) is None
    with pytest.raises(UsageError, match="--judge-url"):
        instruct.judge(None, [], "llama3", "file:///etc/passwd", lambda *a: None)


def test_124M_starts_from_a_checkpoint(tmp_path, story):
    """With --weights the model is GPT-2's, as chapter 5 loads it."""
    from transformers import GPT2Config, GPT2LMHeadModel

    small = {"n_layer": 1, "n_head": 2, "n_embd": 8, "n_positions": 32}
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config(**small)).save_pretrained(tmp_path / "weights")
    made = train(
        "pretrain",
        tmp_path / "run",
        1,
        data=story,
        size="124M",
        weights=tmp_path / "weights",
    )
    assert 10 < made.result["first"]["train_loss"] < 12, "random weights on 50,257 tokens"
    assert os.path.getsize(tmp_path / "run" / "pretrain.ckpt") > 50257 * 8 * 4
