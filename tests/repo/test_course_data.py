"""The course's own data is what its README says, and what the chapters need."""

import json
import math
import re
import unicodedata
import zlib
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "exercises" / "data"
PLAIN = {"instruction", "input", "output", "category"}
PREFERENCE = {"instruction", "input", "output", "chosen", "rejected"}


def read(name):
    return (DATA / name).read_bytes().decode("utf-8")


def load(name):
    return json.loads(read(name))


@pytest.fixture(scope="module")
def rows():
    lines = read("messages.tsv").removesuffix("\n").split("\n")
    return [tuple(line.split("\t")) for line in lines]


@pytest.fixture(scope="module")
def texts(rows):
    return {label: [text for found, text in rows if found == label] for label in ("ham", "spam")}


def words(text):
    return re.findall(r"[a-z']+|\d+|[^\w\s]", text.lower())


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_a_file_is_plain_utf8_text(path):
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\ufeff" not in text
    assert "\ufffd" not in text
    allowed = "\n\t" if path.suffix == ".tsv" else "\n"
    strange = {
        c for c in text if unicodedata.category(c) in ("Cc", "Co", "Cn") and c not in allowed
    }
    assert not strange
    assert text == unicodedata.normalize("NFC", text)


def test_the_story_is_long_enough_and_is_prose():
    story = read("story.txt")
    assert len(story) >= 22_000
    assert story.isascii()  # so that characters, bytes and the printed text agree
    assert story.count('"') % 2 == 0
    assert story.count('"') > 200
    assert "\n\n\n" not in story
    assert not re.search(r"[ \t]\n|  ", story)
    common = Counter(words(story))
    for name in ("nell", "ferry", "river", "grandfather", "bridge", "ines", "book"):
        assert common[name] >= 8, name


def test_the_messages_are_labelled_lines(rows):
    assert 1200 <= len(rows) <= 1400
    assert {len(row) for row in rows} == {2}
    assert {label for label, _ in rows} == {"ham", "spam"}
    assert all(text.strip() for _, text in rows)
    assert all("\r" not in text for _, text in rows)


def test_the_messages_are_unbalanced_six_to_one(texts):
    assert 5.5 <= len(texts["ham"]) / len(texts["spam"]) <= 6.5


def test_the_messages_have_the_collections_traps(rows, texts):
    every = [text for _, text in rows]
    assert sum(text.count('"') % 2 for text in every) >= 10
    assert sum(text.startswith('"') for text in every) >= 10
    assert sum(text.startswith('"') and text.count('"') % 2 for text in every) >= 3
    assert sum("'" in text for text in every) >= 100
    assert sum(bool(re.search(r"&(amp|lt|gt|quot);", text)) for text in every) >= 6
    assert sum("£" in text for text in texts["ham"]) >= 20
    assert sum(any(ord(c) > 0x1F000 for c in text) for text in every) >= 10
    assert min(map(len, every)) <= 3
    assert max(map(len, every)) >= 400
    assert 25 <= len(rows) - len(set(rows)) <= 45
    assert len({text for _, text in rows}) == len(set(rows)), "a text has both labels"


def test_no_single_token_tells_spam_from_ham(texts):
    having = {
        label: Counter(w for text in found for w in set(words(text)))
        for label, found in texts.items()
    }
    for word in having["spam"]:
        caught = having["spam"][word] / len(texts["spam"])
        wrong = having["ham"][word] / len(texts["ham"])
        assert (caught + 1 - wrong) / 2 < 0.8, word


def test_counting_words_tells_spam_from_ham(rows):
    """Naive Bayes, learned from three quarters of the different messages."""
    different = sorted(set(rows), key=lambda row: zlib.crc32(row[1].encode()))
    cut = len(different) * 3 // 4
    counts = {label: Counter() for label in ("ham", "spam")}
    for label, text in different[:cut]:
        counts[label].update(set(words(text)))
    size = len(counts["ham"] | counts["spam"])
    totals = {label: counts[label].total() + size for label in counts}

    def score(label, text):
        return sum(math.log((counts[label][word] + 1) / totals[label]) for word in set(words(text)))

    right = Counter()
    for label, text in different[cut:]:
        right[label] += (score("spam", text) > score("ham", text)) == (label == "spam")
    held_out = Counter(label for label, _ in different[cut:])
    balanced = sum(right[label] / held_out[label] for label in held_out) / 2
    assert 0.85 < balanced < 0.999


@pytest.mark.parametrize(
    ("name", "fields", "least", "most"),
    [("instructions.json", PLAIN, 400, 500), ("preferences.json", PREFERENCE, 200, 240)],
)
def test_an_entry_has_its_fields_and_occurs_once(name, fields, least, most):
    entries = load(name)
    assert least <= len(entries) <= most
    for entry in entries:
        assert set(entry) == fields
        assert all(isinstance(value, str) for value in entry.values())
        assert all(value == value.strip() for value in entry.values())
        assert all(value for field, value in entry.items() if field != "input"), entry
    tasks = Counter((entry["instruction"], entry["input"]) for entry in entries)
    assert max(tasks.values()) == 1


def test_half_of_the_instructions_have_an_input_and_some_come_again():
    entries = load("instructions.json")
    empty = sum(not entry["input"] for entry in entries)
    assert 0.4 <= empty / len(entries) <= 0.6
    assert Counter(entry["instruction"] for entry in entries).most_common(1)[0][1] >= 5
    categories = Counter(entry["category"] for entry in entries)
    assert len(categories) >= 12
    assert min(categories.values()) >= 5


def test_no_task_is_in_both_files():
    first, second = (
        {(entry["instruction"], entry["input"]) for entry in load(name)}
        for name in ("instructions.json", "preferences.json")
    )
    assert not first & second


def test_a_preferred_answer_differs_from_the_rejected_one():
    entries = load("preferences.json")
    assert all(entry["chosen"] != entry["rejected"] for entry in entries)
    assert all(entry["output"] != entry["rejected"] for entry in entries)
    assert len({entry["rejected"] for entry in entries}) == len(entries)


SIGNS = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "times": lambda a, b: a * b,
    "divided by": lambda a, b: a / b,
}
SPELLED = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def numbers(text):
    return [float(found.replace(",", "")) for found in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("instructions.json", "output"),
        ("preferences.json", "output"),
        ("preferences.json", "chosen"),
    ],
)
def test_sums_are_right(name, answer):
    checked = 0
    for entry in load(name):
        task = re.sub(r" ([-+*/]) ", lambda m: f" {SPELLED[m[1]]} ", entry["instruction"])
        found = re.search(r"(\d+) (plus|minus|times|divided by) (\d+)[.?]", task)
        if found and " plus 15 plus " not in task:
            a, sign, b = int(found[1]), found[2], int(found[3])
            assert SIGNS[sign](a, b) in numbers(entry[answer]), entry
            checked += 1
        elif "the sum of these" in task or task.startswith("Add the numbers"):
            assert float(entry[answer]) == sum(map(float, entry["input"].split(", "))), entry
            checked += 1
    assert checked >= 5


FACTORS = {
    ("kilometres", "metres"): 1000, ("metres", "centimetres"): 100, ("hours", "minutes"): 60,
    ("kilograms", "grams"): 1000, ("minutes", "seconds"): 60, ("minutes", "hours"): 1 / 60,
    ("litres", "millilitres"): 1000, ("weeks", "days"): 7, ("days", "hours"): 24,
    ("centimetres", "millimetres"): 10, ("years", "months"): 12,
}  # fmt: skip


@pytest.mark.parametrize("name", ["instructions.json", "preferences.json"])
def test_conversions_are_right(name):
    checked = 0
    for entry in load(name):
        found = re.fullmatch(
            r"(?:Convert|Change) ([\d.]+) (\w+) (?:to|into) (\w+)\.", entry["instruction"]
        )
        other = re.fullmatch(r"How many (\w+) are ([\d.]+) (\w+)\?", entry["instruction"])
        if found:
            value, unit, wanted = float(found[1]), found[2], found[3]
        elif other:
            value, unit, wanted = float(other[2]), other[3], other[1]
        else:
            continue
        if wanted == "eggs":
            assert entry["output"] == f"{value:g} dozen is {12 * value:g} eggs."
            continue
        result = value * FACTORS[unit, wanted]
        assert math.isclose(numbers(entry["output"])[-1], result), entry
        assert entry["output"].rstrip(".").endswith(wanted)
        checked += 1
    assert checked >= 5


def solve_count(text):
    return str(len(text.split()))


def solve_order(text):
    found = text.split(", ")
    by_number = all(re.fullmatch(r"-?\d+", item) for item in found)
    return ", ".join(sorted(found, key=int if by_number else str.lower))


@pytest.mark.parametrize(
    ("pattern", "solve"),
    [
        (r"Count the words|How many words are there", solve_count),
        (r"alphabetical order|from A to Z|smallest first|from small to large", solve_order),
        (r"Find the largest number", lambda text: max(text.split(", "), key=int)),
        (r"is the smallest", lambda text: min(text.split(", "), key=int)),
        (r"even or odd", lambda text: "odd" if int(text) % 2 else "even"),
    ],
)
def test_what_can_be_worked_out_is_right(pattern, solve):
    entries = load("instructions.json") + load("preferences.json")
    found = [entry for entry in entries if re.search(pattern, entry["instruction"])]
    assert len(found) >= 3
    for entry in found:
        assert entry["output"] == solve(entry["input"]), entry


def test_the_readme_gives_the_true_figures(rows, texts):
    readme = read("README.md")
    assert len(readme.splitlines()) < 40
    assert f"{len(rows):,} short messages" in readme
    assert f"{len(texts['ham']):,} `ham` and {len(texts['spam'])} `spam`" in readme
    assert f"{len(rows) - len(set(rows))} lines are exact copies" in readme
    entries = load("instructions.json")
    kinds = len({entry["category"] for entry in entries})
    assert f"{len(entries)} tasks with their answers, in {kinds} categories" in readme
    assert f"{len(load('preferences.json'))} tasks, each with" in readme
