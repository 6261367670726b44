"""Likeness: a disguised copy is found, honest work and what everybody has are not."""

import ast
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader import cli, similar
from grader.errors import UsageError
from grader.overlay import overlay, read_answer

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "ch03_attention"
REFERENCE = (ROOT / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8")
STUB = (ROOT / "exercises" / f"{CHAPTER}.py").read_text(encoding="utf-8")

pytest.importorskip("copydetect")


def honest(seed):
    """A module in which every exercise is some right alternative or wrong answer."""
    draw = random.Random(seed)
    home, by_exercise, text = ROOT / "tests" / CHAPTER, {}, REFERENCE
    for path in sorted([*(home / "right").glob("*.py"), *(home / "wrong").glob("*.py")]):
        answer = read_answer(path)
        by_exercise.setdefault(answer.exercises[0], []).append(answer)
    for answers in by_exercise.values():
        text = overlay(text, draw.choice(answers).text)
    return text


class Renamed(ast.NodeTransformer):
    """Other names for arguments and local variables."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.names.get(node.arg, node.arg)
        return self.generic_visit(node)


def disguised(text):
    """The same work: names changed, definitions in another order, other comments and layout."""
    tree = ast.parse(text)
    names = {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)} - {"self"}
    names |= {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    tree = Renamed({name: f"my_{name}_{i}" for i, name in enumerate(sorted(names))}).visit(tree)
    pieces = [ast.unparse(node) for node in tree.body]
    imports = [p for p in pieces if p.startswith(("import", "from"))]
    others = [p for p in pieces if p not in imports and not p.startswith('"""')]
    body = "\n\n\n# this took me a night\n".join(reversed(others))
    return "\n".join(imports) + "\n\n\n" + body.replace(":\n", ":  # so\n") + "\n"


def hand_in(folder, name, text):
    path = folder / name / f"{CHAPTER}.py"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8") if isinstance(text, str) else path.write_bytes(text)


@pytest.fixture(scope="module")
def the_class(tmp_path_factory):
    """Twelve submissions; two share one mistake, and the last is the fifth in disguise."""
    folder = tmp_path_factory.mktemp("class")
    mistake = read_answer(ROOT / "tests" / CHAPTER / "wrong" / "causal_dropout_drawn_once.py").text
    for number in range(11):
        text = overlay(honest(number), mistake) if number in (2, 7) else honest(number)
        hand_in(folder, f"learner{number:02}", text)
    hand_in(folder, "learner11", disguised(honest(4)))
    return folder


def compare(folder, **options):
    return similar.compare(ROOT, folder, [CHAPTER], **options)


def test_a_disguised_copy_is_found_and_honest_pairs_are_not(the_class):
    assert len(disguised(honest(4)).splitlines()) > 100
    found = compare(the_class)
    assert found.submissions == 12
    assert [(p.left.name, p.right.name) for p in found.pairs] == [("learner04", "learner11")]
    (pair,) = found.pairs
    assert min(pair.left.share, pair.right.share) > 0.6
    assert (found.left_out, found.common, found.ignored) == ([], {}, [])


def test_the_copy_stands_out_from_the_honest_ones(the_class):
    pairs = compare(the_class, share=0.01).pairs
    assert len(pairs) > 1, "two share a mistake"
    best, second = [max(p.left.share, p.right.share) for p in pairs[:2]]
    assert best > second + 0.2


def test_the_longest_stretch_is_where_it_is_said_to_be(tmp_path):
    own = "def helper(x):\n" + "\n".join(
        f"    {c} = x * {i} + {c!r}.count(x)" for i, c in enumerate("abcdefghijklmnop", 100)
    )
    other = "\n".join(f"value_{i} = [{i}, {i} ** {i}]" for i in range(300, 340))
    hand_in(tmp_path, "a", f"\n\n# mine\n{other}\n\n{own}\n")
    hand_in(tmp_path, "b", f'"""Doc."""\nimport torch\n\n{own}\n')
    (pair,) = compare(tmp_path, share=0.2).pairs
    assert pair.left.longest == (45, 61)
    assert pair.right.longest == (4, 20)
    assert pair.left.lines == set(range(45, 62))
    assert pair.right.lines == set(range(4, 21))
    assert pair.right.share > 0.95
    assert 0.2 < pair.left.share < 0.7


@pytest.mark.parametrize("text", [STUB, REFERENCE, disguised(REFERENCE)], ids=["stub", "ref", "my"])
def test_what_everybody_has_makes_no_pair(tmp_path, text):
    hand_in(tmp_path, "a", text)
    hand_in(tmp_path, "b", text + "\n# by b\n")
    found = compare(tmp_path, share=0.01)
    assert (found.pairs, found.left_out) == ([], [])


def test_a_right_alternative_makes_no_pair(tmp_path):
    answers = sorted((ROOT / "tests" / CHAPTER / "right").glob("multi_head*.py"))
    for path in answers:
        text = overlay(REFERENCE, read_answer(path).text)
        hand_in(tmp_path, f"{path.stem}1", text)
        hand_in(tmp_path, f"{path.stem}2", text)
    assert len(answers) > 2
    assert compare(tmp_path, share=0.01).pairs == []


def test_what_many_have_is_not_counted_and_that_is_said(tmp_path):
    for number in range(5):
        hand_in(tmp_path, f"learner{number}", honest(3))
    assert len(compare(tmp_path, common=5).pairs) == 10
    found = compare(tmp_path, common=4)
    assert found.pairs == []
    assert found.common == {CHAPTER: [f"learner{number}" for number in range(5)]}


def test_what_cannot_be_compared_gets_a_sentence(tmp_path):
    broken = {
        "bytes": b"x = '\xff'\n",
        "deep": "x = " + "(" * 5_000,
        "empty": " \n\t\n",
        "huge": "x = 1\n" * 30_000,
        "null": "x = '\0'\n",
        "syntax": "x = 1\ndef f(:\n",
        "tall": "x = " + "-" * 50_000 + "1",
    }
    for name, content in broken.items():
        hand_in(tmp_path, name, content)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / f"{CHAPTER}.py").symlink_to(tmp_path / "huge" / f"{CHAPTER}.py")
    found = compare(tmp_path)
    whys = {name: why for name, _, why in found.left_out}
    assert whys == {
        "bytes": f"{CHAPTER}.py is not UTF-8 text (byte 5)",
        "deep": f"{CHAPTER}.py does not parse (line 1)",
        "empty": f"{CHAPTER}.py is empty",
        "huge": f"{CHAPTER}.py has 180,000 bytes; more than 131,072 are not compared",
        "link": f"{CHAPTER}.py is a link, not a file; hand in the file",
        "null": f"{CHAPTER}.py does not parse",
        "syntax": f"{CHAPTER}.py does not parse (line 2)",
        "tall": f"{CHAPTER}.py does not parse",
    }
    assert found.pairs == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "x = [" + "1, " * 40_000 + "]",
        "# é\n" * 20_000,
        "\n" * 100_000 + "x",
        "'a' " * 9_000,
    ],
    ids=["nothing", "tiny", "list", "comments", "lines", "strings"],
)
def test_odd_texts_are_compared_in_time(tmp_path, text):
    hand_in(tmp_path, "a", text)
    hand_in(tmp_path, "b", text)
    assert compare(tmp_path, share=0.01).submissions == 2


HOSTILE = "<img src=x onerror=alert(1)>\n\u202e[bold]"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder and an archive, one the copy of the other, with a name and texts to be afraid of."""
    folder = tmp_path_factory.mktemp("hostile")
    remark = "  # </pre><script>alert(1)</script>\x1b[2J"
    text = re.sub(r"(?m)\)$", lambda _: f"){remark}", honest(5))
    hand_in(folder, HOSTILE, text)
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr(f"{CHAPTER}.py", disguised(honest(5)))
    (folder / "notes.txt").write_text("", encoding="utf-8")
    return folder


def run(*arguments):
    return CliRunner().invoke(cli.app, ["similar", *map(str, arguments)], env={"COLUMNS": "200"})


def test_the_command_shows_a_table_and_writes_json(hostile, tmp_path):
    done = run(hostile, "--chapter", "ch03", "--json", tmp_path / "pairs.json")
    assert done.exit_code == 0, done.output
    assert re.search(
        r"ch03_attention +<img src=x onerror=alert\(1\)>\\n\\u202e\[bold\] +\d+% +b +\d+% +"
        r"lines \d+-\d+ and \d+-\d+\n",
        done.stdout,
    )
    assert "2 submissions, 1 pair: a reason to look at both, and no proof" in done.stdout
    assert "1 file is no submission: notes.txt" in done.stderr
    data = json.loads((tmp_path / "pairs.json").read_text(encoding="utf-8"))
    (pair,) = data["pairs"]
    assert data["schema"] == 1
    assert [side["name"] for side in pair["of"]] == [HOSTILE, "b"]
    for side in pair["of"]:
        assert 0.6 < side["share"] <= 1
        assert 0 < side["longest"][0] < side["longest"][1]
        assert side["shared_lines"] > 20


def test_the_page_shows_both_texts_and_does_nothing(hostile, tmp_path):
    page = tmp_path / "pairs.html"
    assert run(hostile, "--chapter", "ch03", "--html", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)
    assert text.count("<mark>") == text.count("</mark>") > 2
    assert "&lt;/pre&gt;&lt;script&gt;" in text
    shown = re.sub(r"</?mark>", "", text)
    assert len(re.findall(r"<pre[^>]*>(.*?)</pre>", shown, re.S)) == 2


def test_nobody_alike_is_said_and_bad_options_are_refused(tmp_path, the_class, monkeypatch):
    hand_in(tmp_path, "a", honest(1))
    hand_in(tmp_path, "b", "def f(:\n")
    done = run(tmp_path, "--chapter", "ch03")
    assert (done.exit_code, done.stdout) == (0, "2 submissions: no two are alike\n")
    assert (
        done.stderr == f"b, {CHAPTER}: {CHAPTER}.py does not parse (line 1); it is not compared\n"
    )
    with pytest.raises(UsageError, match=r"--share is 70; it is more than 0 and at most 1"):
        compare(tmp_path, share=70)
    with pytest.raises(UsageError, match="--common is 1"):
        compare(tmp_path, common=1)
    with pytest.raises(UsageError, match="holds no submission"):
        compare(_empty(tmp_path))
    with pytest.raises(UsageError, match=r"ch03_attention.py is not there; likeness"):
        similar.compare(tmp_path, the_class, [CHAPTER])
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(UsageError, match=r"pip install 'llm-kata\[classroom\]'"):
        compare(tmp_path)


def _empty(folder):
    (folder / "c").mkdir()
    return folder / "c"


def test_a_run_says_what_the_last_one_said(the_class, tmp_path):
    """Python salts its hashes, and fingerprints are hashes."""
    texts = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.json"
        command = [sys.executable, "-m", "grader", "similar", str(the_class), "--chapter", "ch03"]
        command += ["--share", "0.3", "--json", str(out)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1]
    assert len(json.loads(texts[0])["pairs"]) > 1
