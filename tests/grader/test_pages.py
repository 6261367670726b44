"""The pages of a class: right, readable by all, and deaf to what a learner's code has said."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from grader import pages
from grader.course import Chapter, Course, Exercise
from grader.errors import UsageError
from grader.report import ChapterReport, ExerciseReport, Report, TestReport

HOSTILE = (
    "</pre></main><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}"
    "\x1b[2J\u202e\x00javascript:alert(1)\" style='x'"
)
VOID = {"meta", "br", "img", "link", "input", "hr"}
COURSE = Course(
    "Demo <course>",
    (
        Chapter(
            "ch01_demo",
            "Demo",
            "1.1",
            (
                Exercise("ch01_demo", "first", 3, (), ("look <here>", "and there"), ()),
                Exercise("ch01_demo", "second", 2, (), (), ()),
            ),
        ),
    ),
)


class Page(HTMLParser):
    """Elements, text and ids of a page, which must be well nested."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.raw, self.elements, self.open, self.words = text, [], [], {}
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.words.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def text(self, tag):
        return " | ".join(w.strip() for w in self.words.get(tag, []) if w.strip())


def made(name, first="PP", second="P", message="wrong", handed_in=True):
    words = {"P": "PASSED", "F": "FAILED", "S": "SKIPPED", "U": "UNJUDGED"}

    def test(i, letter, name):
        text = "" if letter == "P" else message
        kind = "hidden" if i else "visible"
        ident = f"test_{kind}.py::test_{name}_{i}"
        return TestReport(ident, not i, words[letter], f"{name} holds for {i}.", text, 0.1)

    exercises = (
        ExerciseReport("first", 3, tuple(test(i, v, "first") for i, v in enumerate(first))),
        ExerciseReport("second", 2, tuple(test(i, v, "second") for i, v in enumerate(second))),
    )
    return Report(name, "judged", 7, (ChapterReport("ch01_demo", "Demo", handed_in, exercises),))


REPORTS = [
    made("alice"),
    made("bob", "PF"),
    made("carol", "FF", "S", "needs ch01_demo.first, which is not written yet"),
    made("dan", "UP"),
    made("eve", "FF", "F", "ch01_demo.py was not handed in", handed_in=False),
    made("mallory\n<b>\u202e" + "../x", "FF", "F", HOSTILE),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("pages") / "html"
    assert pages.write(iter(REPORTS), COURSE, out) == 6
    return out


@pytest.fixture(scope="module")
def every(folder):
    found = {p: Page(p.read_text(encoding="utf-8")) for p in folder.rglob("*") if p.is_file()}
    assert len(found) == 7
    return found


@pytest.fixture
def index(folder, every):
    return every[folder / "index.html"]


def test_there_is_no_script_no_handler_and_no_request_to_the_outside(every):
    for path, page in every.items():
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "img", "link", "iframe", "object", "base", "form", "b"}, path
        for _, attrs in page.elements:
            assert not any(name.startswith("on") or name in ("style", "src") for name in attrs)
            href = attrs.get("href", "#")
            assert re.fullmatch(r"#[\w-]+|(\.\./|learners/)[\w.-]+\.html|#", href), href
        assert "url(" not in page.raw
        assert "@import" not in page.raw


def test_the_policy_forbids_everything_but_the_style_of_the_page_itself(every):
    for page in every.values():
        (policy,) = [
            m["content"]
            for m in page.all("meta")
            if m.get("http-equiv") == "Content-Security-Policy"
        ]
        style = re.search(r"<style>(.*?)</style>", page.raw, re.S).group(1)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "unsafe" not in policy
        assert page.raw.index("Content-Security-Policy") < page.raw.index("<style>")


def test_links_lead_somewhere(folder, every):
    for path, page in every.items():
        ids = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
        for attrs in page.all("a"):
            target = attrs["href"]
            if target.startswith("#"):
                assert target[1:] in ids
            else:
                assert (path.parent / target).resolve() in every


def test_hostile_names_and_words_are_shown_and_do_nothing(folder, every, index):
    (path,) = [p for p in every if p.name.startswith("mallory")]
    page = every[path]
    assert path.parent == folder / "learners"
    assert page.text("h1") == "mallory\\n<b>\\u202e../x"
    assert "<script>alert(1)</script>" in page.text("pre")
    assert "{{ 7*7 }}" in page.text("pre")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", page.raw + index.raw)
    assert "mallory\\n<b>\\u202e../x" in index.text("a")


def test_the_class_page_is_accessible(every):
    for page in every.values():
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
        assert page.text("title")
        assert any(m.get("name") == "viewport" for m in page.all("meta"))
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert all(b <= a + 1 for a, b in zip([0, *levels], levels, strict=False))
        assert len(page.all("table")) == len(page.all("caption"))
        assert all(attrs.get("scope") in ("row", "col") for attrs in page.all("th"))
        for attrs in page.all("div"):  # what scrolls can be reached and has a name
            assert attrs["tabindex"] == "0"
            assert attrs["role"] == "region"
            assert attrs["aria-label"]
        assert all(attrs["aria-hidden"] == "true" for attrs in page.all("svg"))
        assert page.all("a")[0]["class"] == "skip"


def luminance(color):
    color = color if len(color) == 7 else "#" + "".join(2 * c for c in color[1:])
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_on_the_heat_map_have_contrast():
    style = (pages.TEMPLATES / "style.css").read_text(encoding="utf-8")
    assert ".h0, .h1, .h2, .h3, .h4, .none { color: #000; }" in style
    colors = re.findall(r"\.(?:h\d|none) \{ background: (#\w+)", style)
    assert len(colors) == 6
    for color in colors:
        assert (luminance(color) + 0.05) / 0.05 > 7


def row(page_text, name):
    return re.search(rf">{name}</a></th>(.*?)</tr>", page_text, re.S).group(1)


def test_the_heat_map_says_points_in_words_and_colour(index):
    def of(name):
        return re.findall(r'<td(?: class="(\w+)")?>(?:<abbr[^>]*>)?([^<]*)<', row(index.raw, name))

    assert of("alice") == [("", "5"), ("h4", "3"), ("h4", "2")]
    assert of("bob") == [("", "3"), ("h1", "1"), ("h4", "2")]
    assert of("carol") == [("", "0"), ("h0", "0"), ("h0", "0")]
    assert of("dan") == [("", "?"), ("none", "?"), ("h4", "2")]
    assert of("eve") == [("none", "-")] * 3


def test_the_class_is_counted_right(index):
    assert "6 submissions, 2 exercises, 5 points" in index.text("p")
    assert "1 without a score" in index.text("strong")
    bins = re.findall(r'row">([\d.]+ to [^<]*)</th><td class="measure"><span>(\d+)<', index.raw)
    assert len(bins) == 10
    assert [(label, n) for label, n in bins if n != "0"] == [
        ("0 to under 0.5", "3"),
        ("3 to under 3.5", "1"),
        ("4.5 to 5", "1"),
    ]
    hardest = re.findall(r"<span>(\d+)</span><svg.*?</svg></td><td>(\d) of (\d)</td>", index.raw)
    assert hardest == [("33", "1", "4"), ("60", "3", "5")]
    failing = re.findall(
        r'class="sentence">([^<]*)</th><td class="words">([^<]*)</td><td>(\d)', index.raw
    )
    assert failing[0] == ("first holds for 1.", "ch01_demo.first", "3")


def test_who_is_stuck_where(index):
    text = index.raw[index.raw.index('id="stuck"') : index.raw.index('id="ch01_demo"')]
    found = {
        where: re.findall(r">([\w]+)[^<]*</a>", names)
        for where, names in re.findall(
            r"<summary>([^:]*): \d+</summary>(.*?)</details>", text, re.S
        )
    }
    assert found == {
        "nothing handed in": ["eve"],
        "ch01_demo.first": ["bob", "carol", "mallory"],
    }, "dan's trouble is ours"


def test_a_learners_page_has_sentences_and_hints_and_marks_hidden_tests(folder, every):
    page = every[folder / "learners" / "bob.html"]
    assert "first holds for 1. (hidden test)" in page.text("li")
    assert "first holds for 0." not in page.text("li"), "what passes needs no words"
    assert not every[folder / "learners" / "alice.html"].all("section")
    assert page.text("summary") == "Hint 1 | Hint 2"
    assert "look <here>" in page.text("p")
    assert "3 of 5 points. Graded judged, seed 7." in page.text("p")
    assert "Not handed in." in every[folder / "learners" / "eve.html"].text("strong")
    assert "no score of 5 points" in every[folder / "learners" / "dan.html"].text("p")


def test_pages_of_a_former_run_are_replaced_and_other_files_are_safe(tmp_path):
    out = tmp_path / "out"
    pages.write(REPORTS, COURSE, out)
    pages.write(REPORTS[:1], COURSE, out)
    assert [p.name for p in (out / "learners").iterdir()] == ["alice.html"]
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        pages.write(REPORTS, COURSE, other)
    assert (other / "index.html").read_text(encoding="utf-8") == "mine"
    with pytest.raises(UsageError, match="no results"):
        pages.write([], COURSE, tmp_path / "none")


def test_without_jinja2_the_message_says_what_to_install(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError, match=r"pip install 'llm-kata\[classroom\]'"):
        pages.write(REPORTS, COURSE, tmp_path / "out")


def test_several_chapters_have_a_heat_map_each(tmp_path):
    first = REPORTS[1].chapters[0]
    both = replace(REPORTS[1], chapters=(first, replace(first, name="ch02_more")))
    pages.write([both], COURSE, tmp_path / "out")
    page = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert len([t for t in page.all("table") if t.get("class") == "heat"]) == 2
    assert {"ch01_demo", "ch02_more"} <= {a["id"] for _, a in page.elements if "id" in a}
