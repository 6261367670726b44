"""The pages in a real browser: no request, no error, reached by keyboard, read by all.

Chromium is driven through the pipe of its DevTools protocol, which needs nothing but Python.
"""

import contextlib
import itertools
import json
import os
import random
import select
import shutil
import subprocess
import sys
import time

import pytest

from grader import pages, similar
from grader.course import Chapter, Course, Exercise
from grader.report import ChapterReport, ExerciseReport, Report, TestReport

pytest.importorskip("jinja2", reason="the pages need jinja2: pip install 'llm-kata[classroom]'")

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or sys.platform == "win32",
    reason="THE BROWSER TESTS DID NOT RUN: there is no Chromium here",
)
SECONDS = 120  # for one answer of a browser on a busy machine


class Browser:
    """A headless Chromium with one page."""

    def __init__(self, folder):
        down, self._write = os.pipe()
        self._read, up = os.pipe()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run"]
        # It speaks on the files 3 and 4.
        script = f'exec "$0" "$@" 3<&{down} 4>&{up}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, CHROMIUM, *options, "about:blank"],
            pass_fds=(down, up),
            stderr=subprocess.DEVNULL,
        )
        os.close(down)
        os.close(up)
        self._rest, self._number, self._session = b"", itertools.count(1), None
        self.events = []
        (target, *_) = [
            one for one in self("Target.getTargets")["targetInfos"] if one["type"] == "page"
        ]
        self._session = self("Target.attachToTarget", targetId=target["targetId"], flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self(f"{domain}.enable")
        self("Page.setLifecycleEventsEnabled", enabled=True)
        self("Emulation.setFocusEmulationEnabled", enabled=True)

    def __call__(self, method, **parameters):
        """Send a command; returns its answer."""
        number = next(self._number)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self.until(lambda got: got.get("id") == number)

    def until(self, wanted):
        """Read up to the message that is wanted; returns its result."""
        end = time.monotonic() + SECONDS
        while True:
            while b"\0" not in self._rest:
                ready, _, _ = select.select([self._read], [], [], max(0, end - time.monotonic()))
                chunk = os.read(self._read, 1 << 20) if ready else b""
                assert chunk, "the browser does not answer"
                self._rest += chunk
            text, _, self._rest = self._rest.partition(b"\0")
            got = json.loads(text)
            if "method" in got:
                self.events.append(got)
            if wanted(got):
                assert "error" not in got, got
                return got.get("result")

    def open(self, path, *, width=1280, height=900, dark=False):
        """Show a file; what happens from here on stands in `events`."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.loaded(self("Page.navigate", url=path.as_uri())["loaderId"])

    def loaded(self, loader=None):
        """Wait until a page is there: the one of this loader, or whatever comes next."""

        def wanted(got):
            facts = got.get("params", {})
            return (
                got.get("method") == "Page.lifecycleEvent"
                and facts["name"] == "load"
                and loader in (None, facts["loaderId"])
            )

        if loader is None or not any(map(wanted, self.events)):
            self.until(wanted)

    def js(self, text):
        """The value of a JavaScript expression."""
        got = self("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def press(self, key):
        """Press and release a key."""
        code = {"Tab": 9, "Enter": 13}[key]
        facts = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        self("Input.dispatchKeyEvent", type="keyDown", **facts, **text)
        self("Input.dispatchKeyEvent", type="keyUp", **facts)

    def close(self):
        """End it."""
        with contextlib.suppress(AssertionError, OSError):
            self("Browser.close")
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    running = Browser(tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


HOSTILE = "<img src=x onerror=alert(1)>"
OUTPUT = (
    "</pre></li></script><script>alert(2)</script><style>*{display:none}</style>"
    "<meta http-equiv=refresh content='0;url=http://example.org/'>"
    "<link rel=stylesheet href=//example.org/>"
)
EXERCISES = tuple(
    Exercise("ch01_demo", name, 2, (), ("look <b>here</b>",), ())
    for name in ("first", "second", *(f"exercise_number_{i}" for i in range(12)))
)
COURSE = Course(
    "Demo <course>",
    (Chapter("ch01_demo", "Demo", "1.1", EXERCISES), Chapter("ch02_more", "More", "2", ())),
)


def report(name, skill, draw):
    def test(number):
        verdict = "PASSED" if draw.random() < skill else draw.choice(["FAILED", "SKIPPED"])
        verdict = "UNJUDGED" if name == "learner3" and number == 1 else verdict
        message = "" if verdict == "PASSED" else f"{OUTPUT} {'long' * 200}"
        kind = "hidden" if number else "visible"
        return TestReport(
            f"test_{kind}.py::test_{number}", not number, verdict, "It holds <i>.", message, 0.1
        )

    chapters = tuple(
        ChapterReport(
            chapter,
            "A chapter",
            draw.random() < 0.9,
            tuple(ExerciseReport(e.name, 2, tuple(map(test, range(3)))) for e in EXERCISES),
        )
        for chapter in ("ch01_demo", "ch02_more")
    )
    return Report(name, "judged", 7, chapters)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages of a class, and the page of pairs that are alike."""
    out = tmp_path_factory.mktemp("pages") / "html"
    draw = random.Random(0)
    names = [HOSTILE, "W" * 80, *(f"learner{number}" for number in range(8))]
    pages.write((report(name, draw.random(), draw) for name in names), COURSE, out)
    text = f"x = '''{OUTPUT}'''\n" + "print(x)  # " + "wide " * 100 + "\n" * 40
    sides = [similar.Side(n, 0.9, (1, 2), frozenset({1, 2}), text) for n in (HOSTILE, "b")]
    found = similar.Found(2, [similar.Pair("ch01_demo", *sides)], [(HOSTILE, "ch01_demo", OUTPUT)])
    pages.write_similar(found, COURSE, out / "pairs.html")
    return out


def some(folder):
    """The class, the hostile learner, one more, and the pairs."""
    (hostile,) = (folder / "learners").glob("img*.html")
    return [
        folder / "index.html",
        hostile,
        folder / "learners" / "learner3.html",
        folder / "pairs.html",
    ]


@pytest.fixture(params=["index", "hostile", "learner", "pairs"])
def page(request, folder):
    return some(folder)[["index", "hostile", "learner", "pairs"].index(request.param)]


def test_pages_ask_for_nothing_say_nothing_and_run_nothing(browser, folder):
    for path in [*folder.rglob("*.html")]:
        browser.open(path)
        browser.js("new Promise(done => setTimeout(done, 50))")
        asked = [
            e["params"]["request"]["url"]
            for e in browser.events
            if e["method"] == "Network.requestWillBeSent"
        ]
        assert asked == [path.as_uri()]
        said = [
            e["params"]
            for e in browser.events
            if e["method"]
            in (
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Page.javascriptDialogOpening",
            )
        ]
        assert said == []
        assert browser.js("location.href") == path.as_uri()
        there = "document.querySelectorAll('script, img, iframe, b, i, link, style').length"
        assert browser.js(there) == 1, "our own style"


def test_hostile_words_are_read_as_they_are(browser, folder):
    index, hostile, _, pairs = some(folder)
    browser.open(index)
    assert HOSTILE in browser.js("document.querySelector('table.heat').innerText")
    browser.open(hostile)
    assert browser.js("document.querySelector('h1').textContent") == HOSTILE
    assert OUTPUT in browser.js("document.querySelector('pre').textContent")
    assert browser.js("getComputedStyle(document.querySelector('pre')).display") == "block"
    browser.open(pairs)
    assert OUTPUT in browser.js("document.querySelector('pre').textContent")


FOCUS = """(() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {tag: e.tagName, href: e.getAttribute('href'), name: e.getAttribute('aria-label'),
          seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
          marked: style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2};
})()"""


def tabbed(browser):
    """What the Tab key reaches, in order."""
    found = []
    for _ in range(500):
        browser.press("Tab")
        focus = browser.js(FOCUS)
        if focus["tag"] == "BODY":
            return found
        found.append(focus)
    raise AssertionError("there is no end")


def test_the_keyboard_reaches_each_learner_and_all_that_scrolls(browser, folder):
    browser.open(folder / "index.html")
    found = tabbed(browser)
    assert found[0]["href"] == "#main", "the first one skips to the content"
    assert all(one["seen"] and one["marked"] for one in found), found
    learners = {f"learners/{p.name}" for p in (folder / "learners").glob("*.html")}
    assert len(learners) == 10
    assert learners <= {one["href"] for one in found}
    order = [one["href"] for one in found if one["href"] in learners]
    assert (
        order[:10]
        == [
            a
            for a in browser.js(
                "[...document.querySelectorAll('table.heat a')].map(a => a.getAttribute('href'))"
            )
        ][:10]
    ), "they are reached in the order of the table"
    regions = browser.js(
        "[...document.querySelectorAll('.wide')].filter(e => !e.closest('details:not([open])'))"
        ".map(e => e.getAttribute('aria-label'))"
    )
    assert [one["name"] for one in found if one["name"] in regions] == regions


def test_enter_opens_what_is_folded_and_follows_links(browser, folder):
    browser.open(folder / "index.html")
    browser.js("document.querySelector('#stuck ~ details > summary').focus()")
    browser.press("Enter")
    assert browser.js("document.querySelector('#stuck ~ details').open")
    browser.press("Tab")
    there = browser.js(FOCUS)["href"]
    assert there.startswith("learners/")
    browser.press("Enter")
    browser.loaded()
    assert browser.js("location.href").endswith(there)


NAMED = {"link", "button", "region", "table", "heading", "cell", "gridcell", "rowheader"}
NAMED |= {"columnheader", "navigation", "DisclosureTriangle", "summary", "image", "RootWebArea"}


def test_every_control_and_cell_has_a_name(browser, page):
    browser.open(page)
    browser.js("document.querySelectorAll('details').forEach(d => { d.open = true })")
    nodes = browser("Accessibility.getFullAXTree")["nodes"]
    seen = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node["ignored"] or role not in NAMED:
            continue
        seen[role] = seen.get(role, 0) + 1
        assert node.get("name", {}).get("value", "").strip(), node
    assert seen["RootWebArea"] == 1
    assert seen["heading"] > 2
    assert seen["table"] >= 1
    assert seen["link"] > 1
    assert seen.get("cell", 0) + seen.get("gridcell", 0) > 2


CONTRAST = """(() => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number);
    return c.startsWith('color(') ? [...n.slice(0, 3).map(v => 255 * v), n[3] ?? 1]
                                  : [n[0], n[1], n[2], n[3] ?? 1]; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = c => { const l = c.slice(0, 3).map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
  const probe = document.body.appendChild(document.createElement('p'));
  probe.style.background = 'Canvas';
  const canvas = parse(getComputedStyle(probe).backgroundColor);
  probe.remove();
  const behind = e => { const all = [];
    for (; e; e = e.parentElement) all.push(parse(getComputedStyle(e).backgroundColor));
    return all.reverse().reduce((under, c) => over(c, under), canvas); };
  const ratio = (e, c) => { const under = behind(e), [a, b] = [light(over(parse(c), under)),
    light(under)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
  const found = [];
  for (const d of document.querySelectorAll('details')) d.open = true;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && e.getClientRects().length)
      found.push([ratio(e, getComputedStyle(e).color), e.tagName + '.' + e.className,
                  walk.currentNode.data.trim().slice(0, 40)]);
  }
  const shapes = [...document.querySelectorAll('rect')].map(
    e => [ratio(e, getComputedStyle(e).fill), e.parentElement.getAttribute('class'), '']);
  return {canvas, text: found.sort((a, b) => a[0] - b[0]), shapes};
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read_in_light_and_dark(browser, page, dark):
    browser.open(page, dark=dark)
    found = browser.js(CONTRAST)
    assert (found["canvas"][0] < 100) is dark, "the page follows the system"
    assert len(found["text"]) > 20
    assert found["text"][0][0] >= 4.5, found["text"][:3]
    assert all(shape[0] >= 3 for shape in found["shapes"])


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(browser, page, width):
    browser.open(page, width=width, height=740)
    browser.js("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = browser.js(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth,"
        " visualViewport.scale]"
    )
    content, room, scale = found
    assert content == room
    assert width - 15 <= room <= width, "but for a scroll bar"
    assert scale == 1


def test_a_wide_table_scrolls_in_its_own_box(browser, folder):
    browser.open(folder / "index.html", width=360, height=740)
    inner, outer = browser.js(
        "(() => { const e = [...document.querySelectorAll('.wide')].pop();"
        " return [e.scrollWidth, e.clientWidth]; })()"
    )
    assert inner > outer
    assert outer <= 360
