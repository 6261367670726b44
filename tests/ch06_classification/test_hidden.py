"""What only the judge sees of chapter 6."""

import math
import re

import pytest
import tiktoken
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

END = "<|endoftext|>"
GPT2_PAD = 50256
# Read once, before the judge forks for each submission.
GPT2 = tiktoken.get_encoding("gpt2")
SEEDS = st.integers(0, 2**31)
CFG = {
    "vocab_size": 29,
    "context_length": 12,
    "emb_dim": 8,
    "n_heads": 2,
    "n_layers": 2,
    "drop_rate": 0.0,
    "qkv_bias": False,
}


def words(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*(?<![\w.]){re.escape(str(word))}(?!\w))" for word in needed)


def source(seed):
    """Random numbers of a test's own."""
    return torch.Generator().manual_seed(seed)


def shares(*numbers):
    """A pattern that finds all of these numbers, with or without zeros at their ends."""
    found = (rf"(?=.*(?<![\w.]){re.escape(f'{number:g}')}\.?0*(?!\.?\w))" for number in numbers)
    return "(?s)" + "".join(found)


# Data


def read(chapter, probe, text):
    """What load_sms_rows makes of a file with this text."""
    return chapter.load_sms_rows(probe.folder({"sms.tsv": text.encode()}) + "/sms.tsv")


def numbered(labels):
    """Rows with these labels, no two with the same text."""
    return [{"label": label, "text": f"message {i}"} for i, label in enumerate(labels)]


def copies(rows):
    """The same rows as other dicts."""
    return [dict(row) for row in rows]


def places(rows, chosen):
    """Which of the rows were chosen, as places in `rows`."""
    known = {row["text"]: i for i, row in enumerate(rows)}
    found = [known[row["text"]] for row in chosen]
    assert [rows[i] for i in found] == list(chosen), "some rows have changed"
    return found


STREAMS = """
import random
try:
    from numpy.random import get_state
except ImportError:  # torch does without it
    get_state = str

def states():
    return str(random.getstate()), str(get_state())
"""


def streams(probe):
    """The states of the random streams that everybody shares: torch's, Python's, NumPy's."""
    return probe.random_state().tolist(), *probe.code(STREAMS).states()


def tokenizer(probe, encode_text=None, pad=GPT2_PAD):
    """Gives an id below 26 for each character; as tiktoken's, refuses what is not allowed."""

    def encode(text, allowed_special=()):
        allowed = [END] if isinstance(allowed_special, str) else list(allowed_special)
        if END in text and END not in allowed:
            raise ValueError("the text has a special token that is not allowed")
        if encode_text is not None:
            return encode_text(text)
        return ids_of(text, pad)

    return probe.object(encode=encode)


def ids_of(text, pad=GPT2_PAD):
    """The ids of a text, for `tokenizer`."""
    ids = []
    for part in text.split(END):
        ids += [pad, *(ord(character) % 26 for character in part)]
    return ids[1:]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
MESSAGES = st.lists(TEXTS, min_size=1, max_size=3).map(END.join)


@pytest.mark.exercise("load_sms_rows")
@settings(max_examples=25)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["ham", "spam"]),
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\r\n")
                | st.sampled_from("\"'\\,\x85\u2028\x1c\f "),
            ),
        ),
        max_size=6,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    closed=st.booleans(),
)
@example([("ham", 'a"b'), ("spam", '"'), ("spam", "#1, 'x' \\t"), ("ham", '"""')], "\n", True)
@example([("ham", "one\x85two\u2028three\x1cfour\x0bfive"), ("spam", "£1.50 für 結")], "\n", True)
@example([("ham", "first"), ("spam", "last, without an end")], "\r\n", False)
@example([("ham", " spaces around "), ("spam", ""), ("ham", "behind no text  ")], "\n", True)
def test_rows_of_any_text(chapter, probe, rows, end, closed):
    """Whatever characters a message holds, it is read as it was written, one row a line."""
    text = end.join(f"{label}\t{message}" for label, message in rows)
    expected = [{"label": label, "text": message} for label, message in rows]
    found = read(chapter, probe, text + end if closed and rows else text)
    assert found == expected, f"{len(found)} rows for {len(rows)} lines, or other text"


@pytest.mark.exercise("load_sms_rows")
def test_blank_lines_are_skipped(chapter, probe):
    """Blank lines between messages or at the end of the file make no rows."""
    rows = read(chapter, probe, "spam\tone\n\nham\ttwo\r\n\r\n\n")
    assert rows == [{"label": "spam", "text": "one"}, {"label": "ham", "text": "two"}]


@pytest.mark.exercise("load_sms_rows")
def test_a_line_without_a_tab_is_refused(chapter, probe):
    """A line that has a label and no tab raises ValueError with its number or its text."""
    rows = read(chapter, probe, "ham\tone two\nspam\tthree four\n")
    assert [row["text"] for row in rows] == ["one two", "three four"]
    for blank, number in (("", 2), ("\n\n", 4)):
        with pytest.raises(ValueError, match=words(number) + "|three four"):
            read(chapter, probe, f"ham\tone two\n{blank}spam three four\n")


@pytest.mark.exercise("create_balanced_dataset")
@settings(max_examples=25)
@given(labels=st.lists(st.sampled_from(["ham", "spam"]), min_size=1, max_size=25), seed=SEEDS)
@example(["spam"] * 9 + ["ham"] * 4, 0)
@example(["ham"] * 5 + ["spam"] * 5, 1)
def test_balance_of_any_labels(chapter, probe, labels, seed):
    """Both labels come equally often, the rarer in full; rows are distinct and in order."""
    rows = numbered(labels)
    balanced = chapter.create_balanced_dataset(copies(rows), seed)
    count = min(labels.count("ham"), labels.count("spam"))
    kept = [row["label"] for row in balanced]
    assert (kept.count("ham"), kept.count("spam"), len(kept)) == (count, count, 2 * count)
    found = places(rows, balanced)
    assert found == sorted(set(found)), f"rows {found} of the input, in this order"
    again = chapter.create_balanced_dataset(copies(rows), seed=seed)
    assert places(rows, again) == found, "the same seed gave other rows"
    alike = [{"label": label, "text": "sent many times"} for label in labels]
    found = len(chapter.create_balanced_dataset(alike, seed))
    assert found == 2 * count, f"of messages with one text {found} are kept, and not {2 * count}"


@pytest.mark.exercise("create_balanced_dataset")
def test_every_row_of_the_majority_may_stay(chapter, probe):
    """Which rows of the more frequent label stay depends on the seed, and may be any of them."""
    for labels in (["ham"] * 40 + ["spam"] * 20, ["ham"] * 20 + ["spam"] * 40):
        rows = numbered(labels)
        samples = [
            places(rows, chapter.create_balanced_dataset(copies(rows), seed)) for seed in range(50)
        ]
        assert all(len(sample) == 40 for sample in samples)
        assert len({tuple(sample) for sample in samples}) > 40, "seeds make no difference"
        assert set().union(*samples) == set(range(60)), "some rows are never kept"


@pytest.mark.exercise("create_balanced_dataset")
def test_balancing_has_no_side_effects(chapter, probe):
    """The seed is 123 if none is given; the caller's rows and the random streams do not change."""
    rows = numbered(["ham", "spam", "ham", "ham"] * 12)
    kept, before = probe.place(copies(rows)), streams(probe)
    balanced = chapter.create_balanced_dataset(kept)
    assert probe.value(kept) == rows, "the caller's rows have changed"
    assert streams(probe) == before, "a random stream that others use has moved on"
    found = places(rows, balanced)
    assert len(found) == 24, "12 spam and 12 ham"
    assert found == places(rows, chapter.create_balanced_dataset(copies(rows), seed=123))


@pytest.mark.exercise("random_split")
@settings(max_examples=25)
@given(
    count=st.integers(0, 40), train=st.integers(0, 20), validation=st.integers(0, 20), seed=SEEDS
)
@example(30, 13, 6, 3)
@example(15, 18, 1, 4)
def test_sizes_of_any_split(chapter, probe, count, train, validation, seed):
    """The parts have int(n * train_frac), int(n * validation_frac) and the remaining rows."""
    train, validation = train / 20, (20 - train if train + validation > 20 else validation) / 20
    rows = numbered(["ham"] * count)
    parts = chapter.random_split(copies(rows), train, validation, seed)
    first, second = int(count * train), int(count * validation)
    sizes = [len(part) for part in parts]
    assert sizes == [first, second, count - first - second], f"the sizes are {sizes}"
    found = [place for part in parts for place in places(rows, part)]
    assert sorted(found) == list(range(count)), "a row is missing, or in two parts"


@pytest.mark.exercise("random_split")
def test_rows_are_shuffled(chapter, probe):
    """Which part a row lands in depends on the seed, and may be any; so does its place there."""
    rows = numbered(["ham", "spam"] * 15)
    orders = []
    for seed in range(60):
        parts = chapter.random_split(copies(rows), 0.5, 0.2, seed)
        assert [len(part) for part in parts] == [15, 6, 9]
        orders.append([places(rows, part) for part in parts])
    assert len({str(order) for order in orders}) == 60, "seeds make no difference"
    for part in range(3):
        seen = set().union(*(order[part] for order in orders))
        assert seen == set(range(30)), f"some rows never land in part {part}"
        ordered = [order[part] for order in orders if order[part] == sorted(order[part])]
        assert len(ordered) < 10, "the rows of a part are in the order of the input"


@pytest.mark.exercise("random_split")
def test_splitting_has_no_side_effects(chapter, probe):
    """The seed is 123 if none is given; the caller's list and the random streams do not change."""
    rows = numbered(["ham", "spam", "ham"] * 11)
    kept, before = probe.place(copies(rows)), streams(probe)
    parts = chapter.random_split(kept, 0.6, 0.3)
    assert probe.value(kept) == rows, "the caller's list has changed"
    assert streams(probe) == before, "a random stream that others use has moved on"
    found = [places(rows, part) for part in parts]
    assert [len(part) for part in found] == [19, 9, 5], "33 rows, 0.6 and 0.3"
    again = chapter.random_split(copies(rows), 0.6, 0.3, seed=123)
    assert [places(rows, part) for part in again] == found, "the default seed is 123"


@pytest.mark.exercise("random_split")
def test_shares_are_checked(chapter, probe):
    """Shares that are negative or add up to more than 1 raise ValueError that names both."""
    rows = numbered(["ham"] * 8)
    parts = chapter.random_split(copies(rows), 0.75, 0.25)
    assert [len(part) for part in parts] == [6, 2, 0], "8 rows, 0.75 and 0.25"
    for train, validation in ((0.75, 0.5), (1.5, 0.0), (0.0, 1.25), (-0.25, 0.5), (0.5, -0.25)):
        with pytest.raises(ValueError, match=shares(train, validation)):
            chapter.random_split(copies(rows), train, validation)


@pytest.mark.exercise("SpamDataset")
@settings(max_examples=25)
@given(
    texts=st.lists(MESSAGES, min_size=1, max_size=5),
    max_length=st.none() | st.integers(1, 12),
    pad=st.sampled_from([GPT2_PAD, 27, 0]),
    labels=st.lists(st.booleans(), min_size=5, max_size=5),
)
@example(["ab", "abc"], 9, GPT2_PAD, [True] * 5)
@example(["abcdefgh", "abc"], 5, 27, [False] * 5)
def test_items_of_any_messages(chapter, probe, texts, max_length, pad, labels):
    """Long messages keep their first max_length tokens, short ones are padded at the end."""
    rows = [
        {"label": "spam" if spam else "ham", "text": text}
        for text, spam in zip(texts, labels, strict=False)
    ]
    data = chapter.SpamDataset(copies(rows), tokenizer(probe), max_length, pad)
    width = max_length or max(len(ids_of(text)) for text in texts)
    assert data.max_length == width, f"max_length is {data.max_length}, should be {width}"
    assert len(data) == len(rows), f"{len(rows)} messages, and len(data) is {len(data)}"
    for i, text in enumerate(texts):
        ids, label = data[i]
        expected = torch.full((width,), pad)
        cut = torch.tensor(ids_of(text)[:width], dtype=torch.int64)
        expected[: len(cut)] = cut
        probe.assert_close(ids, expected, f"the ids of message {i}", ("position",))
        assert int(label) == labels[i], f"the label of message {i} is {label}"


@pytest.mark.exercise("SpamDataset")
def test_items_of_tiktoken(chapter, probe):
    """With GPT-2's tokens, special token and padding are 50256, and neither is a reason to fail."""
    texts = ["You won!", f"one{END}two", "Ünïcode, 結 and £", f"{END}"]
    rows = [{"label": "ham", "text": text} for text in texts]
    encode = tokenizer(probe, lambda text: GPT2.encode(text, allowed_special={END}))
    data = chapter.SpamDataset(rows, encode, max_length=11)
    for i, text in enumerate(texts):
        ids = GPT2.encode(text, allowed_special={END})[:11]
        expected = torch.tensor(ids + [GPT2_PAD] * (11 - len(ids)))
        probe.assert_close(data[i][0], expected, f"the ids of {text!r}", ("position",))


@pytest.mark.exercise("SpamDataset")
def test_items_become_batches(chapter, probe):
    """A DataLoader makes batches of it: ids (B, max_length) and labels (B,), both int64."""
    rows = [{"label": label, "text": label * 2} for label in ("spam", "ham", "ham", "spam", "ham")]
    data = chapter.SpamDataset(rows, tokenizer(probe), max_length=7)
    ids = [ids_of(row["text"])[:7] for row in rows]
    ids = torch.tensor([line + [GPT2_PAD] * (7 - len(line)) for line in ids])
    labels = torch.tensor([1, 0, 0, 1, 0])
    batches = list(probe.loader(data, batch_size=2))
    assert len(batches) == 3, f"5 messages, 2 in a batch, and {len(batches)} batches"
    for i, (found_ids, found_labels) in enumerate(batches):
        probe.assert_close(found_ids, ids[2 * i : 2 * i + 2], f"the ids of batch {i}")
        probe.assert_close(found_labels, labels[2 * i : 2 * i + 2], f"the labels of batch {i}")


@pytest.mark.exercise("SpamDataset")
def test_an_unknown_label_is_named(chapter, probe):
    """A label other than ham and spam raises ValueError that names it, and is not just no spam."""
    rows = [{"label": "spam", "text": "a"}, {"label": "eggs", "text": "b"}]
    letters = tokenizer(probe)
    data = chapter.SpamDataset(copies(rows[:1]), letters)
    assert (data[0][0].tolist(), int(data[0][1])) == ([97 % 26], 1)
    with pytest.raises(ValueError, match=words("eggs").replace(r"(?<![\w.])", "")):
        chapter.SpamDataset(copies(rows), letters)[1]


@pytest.mark.exercise("SpamDataset")
def test_rows_of_the_caller_stay(chapter, probe):
    """Neither the rows nor the lists of the tokenizer are changed."""
    rows = [{"label": "spam", "text": "abc"}, {"label": "ham", "text": "d"}]
    kept, cached = probe.place(copies(rows)), probe.place([4, 5])
    data = chapter.SpamDataset(kept, probe.object(encode=lambda *_, **__: cached), max_length=3)
    for i in (0, 1):
        probe.assert_close(data[i][0], torch.tensor([4, 5, GPT2_PAD]), f"the ids of message {i}")
    assert probe.value(kept) == rows, "the caller's rows have changed"
    assert probe.value(cached) == [4, 5], "the list that encode gave has changed"


# The model


@st.composite
def configs(draw):
    """A small GPT; of fewer than ten values a LayerNorm may magnify rounding."""
    heads = draw(st.integers(1, 3))
    return {
        "vocab_size": draw(st.integers(3, 30)),
        "context_length": draw(st.integers(3, 9)),
        "emb_dim": heads * draw(st.integers(-(-10 // heads), 12 // heads + 2)),
        "n_heads": heads,
        "n_layers": draw(st.integers(1, 3)),
        "drop_rate": 0.0,
        "qkv_bias": draw(st.booleans()),
        "tied": draw(st.booleans()),
    }


def gpt(probe, **changes):
    """A small GPT with random weights, in eval mode."""
    return probe.earlier("ch04_gpt").GPTModel({**CFG, **changes}).eval()


def trained_end(cfg):
    """The beginnings of the names of what is trained."""
    return (f"trf_blocks.{cfg['n_layers'] - 1}.", "final_norm.", "out_head.")


@pytest.mark.exercise("prepare_for_classification")
@settings(max_examples=20)
@given(cfg=configs(), num_classes=st.integers(1, 6), frozen=st.booleans(), seed=SEEDS)
def test_preparing_any_model(chapter, probe, cfg, num_classes, frozen, seed):
    """A new head on the old features; the right parameters are trained, no other is changed."""
    model = gpt(probe, **cfg)
    if frozen:
        model.requires_grad_(False)
    before = {
        name: value + 0.5 * torch.randn(value.shape, generator=source(seed))
        for name, value in probe.parameters(model).items()
    }
    probe.load_state(model, before)
    ids = torch.randint(cfg["vocab_size"], (2, 3), generator=source(seed))
    chapter.prepare_for_classification(model, num_classes)
    after = probe.parameters(model)
    head = {name: after.pop(f"out_head.{name}") for name in ("weight", "bias")}
    shapes = [tuple(value.shape) for value in head.values()]
    assert shapes == [(num_classes, cfg["emb_dim"]), (num_classes,)], f"the head has {shapes}"
    assert len(head["weight"].unique()) > 1, "all weights of the head are the same"
    logits = model(ids)
    before.pop("out_head.weight", None)
    if cfg["tied"]:  # the parameter's first name is that of tok_emb
        assert not probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert sorted(after) == sorted(before), "the model has other parameters than before"
    for name, value in before.items():
        probe.assert_close(after[name], value, name)
    for name, trained in probe.trainable(model).items():
        wanted = name.startswith(trained_end(cfg))
        assert trained == wanted, f"{name} is {'trained' if trained else 'frozen'}"
    model.add_module("out_head", probe.nn("Identity"))
    expected = functional.linear(model(ids), head["weight"], head["bias"])
    what = f"the logits of {num_classes} classes"
    probe.assert_close(logits, expected, what, ("batch", "position", "class"))


@pytest.mark.exercise("prepare_for_classification")
def test_gradients_reach_the_end_only(chapter, probe):
    """A backward pass leaves gradients in last block, final norm and head, and nowhere else."""
    model = gpt(probe)
    chapter.prepare_for_classification(model, 3)
    cotangent = torch.randn(2, 4, 3)
    found = probe.gradients(model, torch.randint(29, (2, 4)), cotangent=cotangent)["parameters"]
    for name, gradient in found.items():
        if name.startswith(trained_end(CFG)):
            assert gradient is not None, f"{name} has no gradient"
        else:
            assert gradient is None, f"{name} is frozen, and has a gradient"
    probe.assert_close(found["out_head.bias"], cotangent.sum(dim=(0, 1)), "of out_head.bias")


@pytest.mark.exercise("prepare_for_classification")
def test_parameters_of_the_124m_classifier(chapter, probe):
    """GPT-2's 124M model has 124,441,346 parameters with two classes, 7,090,946 of them trained."""
    cfg = {"vocab_size": 50257, "context_length": 1024, "emb_dim": 768, "n_heads": 12}
    cfg |= {"n_layers": 12, "drop_rate": 0.0, "qkv_bias": True}
    model = probe.on_meta(probe.earlier("ch04_gpt").GPTModel, cfg)
    probe.on_meta(chapter.prepare_for_classification, model, 2)
    shapes, trained = probe.parameter_shapes(model), probe.trainable(model)
    counts = [math.prod(shape) for shape in shapes.values()]
    assert sum(counts) == 124_441_346, f"{sum(counts):,} parameters"
    count = sum(n for n, name in zip(counts, shapes, strict=True) if trained[name])
    assert count == 7_090_946, f"{count:,} are trained"


@pytest.mark.exercise("last_token_logits")
@settings(max_examples=25)
@given(B=st.integers(1, 5), T=st.integers(1, 7), K=st.integers(1, 4), seed=SEEDS)
def test_each_row_has_its_own_length(chapter, probe, B, T, K, seed):
    """Row b of the answer is logits[b, lengths[b] - 1], whatever stands behind that position."""
    logits = 50 * torch.randn(B, T, K, generator=source(seed))
    lengths = torch.randint(1, T + 1, (B,), generator=source(seed + 1))
    expected = torch.stack([logits[b, lengths[b].item() - 1] for b in range(B)])
    actual = chapter.last_token_logits(logits.clone(), lengths.clone())
    probe.assert_close(actual, expected, "last_token_logits(logits, lengths)", ("row", "class"))
    behind = torch.arange(T)[None, :, None] >= lengths[:, None, None]
    for filler in (0.0, math.inf, math.nan, -9.0):
        changed = logits.masked_fill(behind, filler)
        actual = chapter.last_token_logits(changed, lengths.clone())
        what = f"last_token_logits with {filler} behind the last real token"
        probe.assert_close(actual, expected, what, ("row", "class"))


@pytest.mark.exercise("last_token_logits")
def test_logits_keep_their_dtype_and_caller(chapter, probe):
    """The answer has the dtype of the logits, and neither argument is changed."""
    for kind in (torch.float64, torch.bfloat16, torch.float32):
        logits, lengths = torch.randn(3, 4, 2).to(kind), torch.tensor([4, 1, 2])
        kept, kept_lengths = probe.place(logits.clone()), probe.place(lengths.clone())
        expected = torch.stack([logits[0, 3], logits[1, 0], logits[2, 1]])
        actual = chapter.last_token_logits(kept, kept_lengths)
        probe.assert_close(actual, expected, f"last_token_logits of {kind}")
        probe.assert_close(probe.value(kept), logits, "the caller's logits")
        probe.assert_close(probe.value(kept_lengths), lengths, "the caller's lengths")


@pytest.mark.exercise("last_token_logits")
def test_gradients_reach_the_last_real_token_only(chapter, probe):
    """Gradients flow to the logits that were picked, unchanged, and to no others."""
    logits, lengths, cotangent = torch.randn(3, 5, 2), torch.tensor([2, 5, 1]), torch.randn(3, 2)
    found = probe.gradients(chapter.last_token_logits, logits, lengths, cotangent=cotangent)
    expected = torch.zeros(3, 5, 2)
    for b, length in enumerate([2, 5, 1]):
        expected[b, length - 1] = cotangent[b]
    probe.assert_close(found["inputs"][0], expected, "the gradient of the logits")


# Accuracy and loss


def table(probe, weight):
    """A model whose logits at a position are the row of `weight` with the id that stands there."""
    model = probe.nn("Embedding", *weight.shape)
    probe.load_state(model, {"weight": weight})
    return model


def unsure(probe, weight, rate):
    """The same with dropout on the logits; a rate of 1 makes them 0 in train mode."""
    model = probe.nn("Sequential", table(probe, weight), probe.nn("Dropout", rate))
    return model.train()


def messages(seed, count, longest, vocab=29, pad=27):
    """Rows of ids; the padding token may stand inside them, but never last."""
    generator, rows = source(seed), []
    for _ in range(count):
        length = int(torch.randint(1, longest + 1, (), generator=generator))
        ids = torch.randint(vocab, (length,), generator=generator)
        ids[torch.rand(length, generator=generator) < 0.2] = pad
        if ids[-1] == pad:
            ids[-1] = 3
        rows.append(ids)
    return rows


def padded(rows, width, pad=27):
    """The rows in one tensor, filled up."""
    return torch.stack([functional.pad(row, (0, width - len(row)), value=pad) for row in rows])


def last_logits(model, rows):
    """What the model says at the end of each row; its padding comes after that."""
    logits = model(padded(rows, max(map(len, rows)), 0))
    return torch.stack([logits[i, len(row) - 1] for i, row in enumerate(rows)])


def labels_for(logits, seed):
    """Labels of which some are right, none a matter of rounding; and whether each is right."""
    best = logits.topk(2, dim=-1)
    clear = best.values[:, 0] - best.values[:, 1] > 1e-3
    right = clear & (torch.rand(len(logits), generator=source(seed)) < 0.6)
    return torch.where(right, best.indices[:, 0], logits.argmin(dim=-1)), right


def batched(ids, labels, *sizes):
    """Batches of these sizes."""
    return list(zip(ids.split(list(sizes)), labels.split(list(sizes)), strict=True))


@pytest.mark.exercise("calc_accuracy_loader")
@settings(max_examples=15)
@given(extra=st.lists(st.integers(0, 5), min_size=3, max_size=3), seed=SEEDS)
def test_accuracy_does_not_depend_on_padding(chapter, probe, extra, seed):
    """Each message is judged by its last real token, however much padding follows in its batch."""
    rows, model = messages(seed, 9, 7), gpt(probe)
    rows[3] = rows[8] = torch.tensor([27])  # of padding alone: read at its first position
    logits = last_logits(model, rows)
    labels, right = labels_for(logits, seed)
    parts = (slice(0, 4), slice(4, 8), slice(8, 9))
    loader = [
        (padded(rows[part], 7 + more), labels[part])
        for part, more in zip(parts, extra, strict=True)
    ]
    calc = chapter.calc_accuracy_loader
    actual = calc(probe.batches(loader), model, "cpu", pad_token_id=27)
    probe.assert_close(actual, right.float().mean().item(), "calc_accuracy_loader(loader, ...)")


@pytest.mark.exercise("calc_accuracy_loader")
@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 5), max_size=5),
    num_batches=st.none() | st.integers(0, 7),
    seed=SEEDS,
)
@example([5, 1], None, 0)
@example([2, 2, 4], 2, 1)
@example([2, 3], 0, 2)
@example([], None, 3)
def test_accuracy_counts_messages_not_batches(chapter, probe, sizes, num_batches, seed):
    """The share is over all messages of the first num_batches batches; nan if there are none."""
    weight = torch.randperm(29 * 4, generator=source(seed)).float().reshape(29, 4) - 50
    ids = torch.randint(27, (sum(sizes), 3), generator=source(seed))
    right = torch.rand(len(ids), generator=source(seed + 1)) < 0.5
    best = weight[ids[:, -1]].argmax(dim=-1)
    labels = torch.where(right, best, (best + 1) % 4)
    loader, model = probe.batches(batched(ids, labels, *sizes)), table(probe, weight)
    actual = chapter.calc_accuracy_loader(loader, model, "cpu", num_batches, 28)
    expected = right[: sum(sizes[:num_batches])].double().mean().item()
    what = f"calc_accuracy_loader(batches of {sizes}, num_batches={num_batches})"
    probe.assert_close(actual, expected, what)


@pytest.mark.exercise("calc_accuracy_loader")
def test_accuracy_pads_with_gpt2s_token(chapter, probe):
    """Padding is 50256 if nothing else is said; inside a message it is an ordinary token."""
    weight = torch.zeros(50257, 2)
    weight[7, 1], weight[8, 0], weight[GPT2_PAD, 1] = 1.0, 1.0, 3.0
    ids = torch.tensor([[8, GPT2_PAD, GPT2_PAD], [7, GPT2_PAD, 8], [GPT2_PAD, 7, GPT2_PAD]])
    loader = [(ids, torch.tensor([0, 0, 1])), (ids[:1, :1], torch.tensor([1]))]
    actual = chapter.calc_accuracy_loader(probe.batches(loader), table(probe, weight), "cpu")
    probe.assert_close(actual, 0.75, "calc_accuracy_loader(loader, model, device)")


@pytest.mark.exercise("calc_accuracy_loader")
def test_accuracy_is_measured_in_eval_mode(chapter, probe):
    """Dropout is off while measuring; mode, weights and random stream are left as they were."""
    weight = torch.randperm(29 * 2).float().reshape(29, 2) + 1
    ids = torch.randint(27, (12, 3))
    best = weight[ids[:, -1]].argmax(dim=-1)
    for training in (True, False):
        model = unsure(probe, weight, 0.5).train(training)
        for labels, expected in ((best, 1.0), (1 - best, 0.0)):
            loader = probe.batches(batched(ids, labels, 5, 5, 2))
            before, modes = probe.random_state(), probe.modes(model)
            actual = chapter.calc_accuracy_loader(loader, model, "cpu", pad_token_id=28)
            probe.assert_close(
                actual, expected, f"the accuracy of a model with training={training}"
            )
            assert probe.modes(model) == modes, f"the modes were {modes}, are {probe.modes(model)}"
            assert torch.equal(probe.random_state(), before), "the random stream has moved on"
        probe.assert_close(probe.parameters(model)["0.weight"], weight, "the weights")


@pytest.mark.exercise("calc_accuracy_loader")
def test_accuracy_records_no_gradients(chapter, probe):
    """The model is called without gradients being recorded: nothing is trained on this."""
    bystander, recorded = table(probe, torch.randn(29, 2)), []

    def first_class(ids):
        try:  # a backward pass works only where a graph was recorded
            probe.gradients(bystander, torch.tensor([1, 2]))
            recorded.append(True)
        except RuntimeError:
            recorded.append(False)
        return functional.one_hot(ids % 2, 2).float()

    model = probe.module(first_class)
    model(torch.tensor([[1]]))
    loader = [(torch.tensor([[4, 3], [3, 2], [3, 5]]), torch.tensor([1, 1, 1]))]
    actual = chapter.calc_accuracy_loader(probe.batches(loader), model, "cpu", pad_token_id=28)
    probe.assert_close(actual, 2 / 3, "calc_accuracy_loader(loader, model, device)")
    assert recorded[0], "the test itself is at fault"
    assert not any(recorded[1:]), "gradients were recorded while measuring"


@pytest.mark.exercise("calc_class_loss_batch")
@settings(max_examples=20)
@given(extra=st.integers(0, 5), count=st.integers(1, 5), seed=SEEDS)
def test_loss_does_not_depend_on_padding(chapter, probe, extra, count, seed):
    """The loss is the mean cross entropy at each message's last real token, for any padding."""
    rows, model = messages(seed, count, 7), gpt(probe)
    targets = torch.randint(29, (count,), generator=source(seed))
    expected = functional.cross_entropy(last_logits(model, rows), targets)
    ids = padded(rows, 7 + extra)
    actual = chapter.calc_class_loss_batch(ids, targets, model, "cpu", pad_token_id=27)
    probe.assert_close(actual, expected, "calc_class_loss_batch(...)")


@pytest.mark.exercise("calc_class_loss_batch")
@settings(max_examples=20)
@given(K=st.integers(2, 5), count=st.integers(1, 6), pad=st.sampled_from([0, 28]), seed=SEEDS)
def test_loss_of_any_number_of_classes(chapter, probe, K, count, pad, seed):
    """The loss is torch's cross entropy of large and small logits, for any number of classes."""
    weight = 20 * torch.randn(29, K, generator=source(seed))
    rows = messages(seed, count, 5, pad=pad)
    targets = torch.randint(K, (count,), generator=source(seed))
    expected = functional.cross_entropy(weight[torch.stack([row[-1] for row in rows])], targets)
    ids, model = padded(rows, 6, pad), table(probe, weight)
    actual = chapter.calc_class_loss_batch(ids, targets, model, torch.device("cpu"), pad)
    probe.assert_close(actual, expected, f"calc_class_loss_batch with {K} classes")
    weight[3] = torch.tensor([200.0] + [0.0] * (K - 1))
    ids, targets = torch.tensor([[4, 3]]), torch.tensor([1])
    probe.load_state(model, {"weight": weight})
    actual = chapter.calc_class_loss_batch(ids, targets, model, "cpu", pad)
    probe.assert_close(actual, torch.tensor(200.0), "the loss of logits [200, 0, ...] and label 1")


@pytest.mark.exercise("calc_class_loss_batch")
def test_loss_pads_with_gpt2s_token(chapter, probe):
    """Padding is 50256 if nothing else is said; inside a message it is an ordinary token."""
    weight = torch.zeros(50257, 2)
    weight[7], weight[8], weight[GPT2_PAD] = torch.randn(3, 2).unbind()
    ids = torch.tensor([[8, GPT2_PAD, GPT2_PAD], [7, GPT2_PAD, 8], [GPT2_PAD, 7, GPT2_PAD]])
    targets = torch.tensor([0, 1, 1])
    expected = functional.cross_entropy(weight[[8, 8, 7]], targets)
    actual = chapter.calc_class_loss_batch(ids, targets, table(probe, weight), "cpu")
    probe.assert_close(actual, expected, "calc_class_loss_batch(ids, targets, model, device)")


@pytest.mark.exercise("calc_class_loss_batch")
def test_loss_of_a_row_of_padding(chapter, probe):
    """A row of padding alone is read at its first position, however long it is."""
    model, targets = gpt(probe), torch.tensor([4, 5])
    rows = [torch.tensor([27]), torch.tensor([3, 1, 4])]
    expected = functional.cross_entropy(last_logits(model, rows), targets)
    for width in (3, 4, 9):
        ids = padded(rows, width)
        actual = chapter.calc_class_loss_batch(ids, targets, model, "cpu", pad_token_id=27)
        probe.assert_close(actual, expected, f"the loss of a batch of {width} positions")


@pytest.mark.exercise("calc_class_loss_batch")
def test_gradients_of_the_loss(chapter, probe):
    """Gradients flow from the loss to the model's weights, as from torch's cross entropy."""
    partial = probe.code("from functools import partial").partial  # a call with one argument left
    weight, targets = torch.randn(29, 3), torch.tensor([0, 2, 1])
    rows = [torch.tensor([4, 5]), torch.tensor([6]), torch.tensor([7, 28, 28, 5])]
    model = table(probe, weight)
    settings = {"model": model, "device": "cpu", "pad_token_id": 28}
    call = partial(chapter.calc_class_loss_batch, target_batch=targets, **settings)
    found = probe.gradients(call, padded(rows, 6, 28), module=model)["parameters"]["weight"]
    weight.requires_grad_(True)
    functional.cross_entropy(weight[[5, 6, 5]], targets).backward()
    probe.assert_close(found, weight.grad, "the gradient of the model's weights")


@pytest.mark.exercise("calc_class_loss_batch")
def test_loss_leaves_mode_and_batch_alone(chapter, probe):
    """The model runs in the mode in which it is, and batch and labels are not changed."""
    weight, ids, targets = (
        torch.randn(29, 3) * 4,
        torch.randint(28, (4, 3)),
        torch.tensor([0, 2, 1, 1]),
    )
    certain = functional.cross_entropy(weight[ids[:, -1]], targets)
    for training, expected in ((True, torch.tensor(3.0).log()), (False, certain)):
        model = unsure(probe, weight, 1.0).train(training)
        kept, kept_targets = probe.place(ids.clone()), probe.place(targets.clone())
        call = chapter.calc_class_loss_batch
        actual = call(kept, kept_targets, model, "cpu", pad_token_id=28)
        probe.assert_close(actual, expected, f"the loss with model.training={training}")
        assert set(probe.modes(model).values()) == {training}, "the mode has changed"
        probe.assert_close(probe.value(kept), ids, "the caller's ids")
        probe.assert_close(probe.value(kept_targets), targets, "the caller's labels")


# Training


def torch_training(weight, train, val, num_epochs, eval_freq, eval_iter, lr, momentum):
    """What training a table of logits comes to, by torch alone, on unpadded rows."""
    model = nn.Embedding.from_pretrained(weight.clone(), freeze=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)

    def measured(batches):
        rows = [row for batch, _ in batches[:eval_iter] for row in batch]
        labels = torch.cat([labels for _, labels in batches[:eval_iter]])
        with torch.no_grad():
            logits = model(torch.stack([row[-1] for row in rows]))
        hits = (logits.argmax(dim=-1) == labels).double().mean().item()
        return functional.cross_entropy(logits, labels).item(), hits

    lists, seen, update = ([], [], [], []), 0, 0
    for _ in range(num_epochs):
        for rows, labels in train:
            optimizer.zero_grad()
            last = torch.stack([row[-1] for row in rows])
            functional.cross_entropy(model(last), labels).backward()
            optimizer.step()
            seen += len(rows)
            if update % eval_freq == 0:
                for losses, batches in zip(lists[:2], (train, val), strict=True):
                    losses.append(measured(batches)[0])
            update += 1
        for hits, batches in zip(lists[2:], (train, val), strict=True):
            hits.append(measured(batches)[1])
    return *lists, seen, model.weight.detach()


LISTS = ("train losses", "validation losses", "train accuracies", "validation accuracies")


def assert_lists(probe, result, expected):
    """The four lists of floats are these."""
    assert len(result) == 5, f"train_classifier_simple gave {len(result)} values, not 5"
    for name, found, wanted in zip(LISTS, result, expected, strict=False):
        assert len(found) == len(wanted), f"{len(found)} {name}, expected {len(wanted)}"
        for i, (value, right) in enumerate(zip(found, wanted, strict=True)):
            probe.assert_close(value, right, f"{name}[{i}]")


def fixed_batches(seed, sizes, K, pad=GPT2_PAD, extra=0):
    """Batches of unpadded rows with labels, and the same padded."""
    rows = messages(seed, sum(sizes), 5, pad=pad)
    labels = torch.randint(K, (len(rows),), generator=source(seed + 7))
    plain, full, start = [], [], 0
    for size in sizes:
        part = slice(start, start + size)
        plain.append((rows[part], labels[part]))
        full.append((padded(rows[part], 5 + extra, pad), labels[part]))
        start += size
    return plain, full


@pytest.mark.exercise("train_classifier_simple")
@settings(max_examples=10)
@given(
    num_epochs=st.integers(1, 4),
    eval_freq=st.integers(1, 6),
    eval_iter=st.integers(1, 4),
    extra=st.integers(0, 4),
    momentum=st.sampled_from([0.0, 0.9]),
    seed=SEEDS,
)
@example(3, 2, 1, 0, 0.9, 1)
@example(2, 5, 3, 3, 0.0, 2)
@example(1, 100, 9, 1, 0.0, 3)
def test_training_equals_torchs(
    chapter, probe, num_epochs, eval_freq, eval_iter, extra, momentum, seed
):
    """Weights, losses, accuracies and examples seen are those of the same training in torch."""
    weight = torch.zeros(50257, 3)
    weight[:29] = torch.randn(29, 3, generator=source(seed))
    weight[GPT2_PAD] = torch.tensor([30.0, -30.0, 10.0])  # reading padding costs a lot
    train, full_train = fixed_batches(seed, (4, 4, 4), 3, extra=extra)
    val, full_val = fixed_batches(seed + 1, (3, 3), 3, extra=extra)
    *lists, seen, after = torch_training(
        weight, train, val, num_epochs, eval_freq, eval_iter, 0.25, momentum
    )
    model = table(probe, weight)
    optimizer = probe.optimizer("SGD", model, lr=0.25, momentum=momentum)
    loaders = probe.batches(full_train), probe.batches(full_val)
    result = chapter.train_classifier_simple(
        model, *loaders, optimizer, "cpu", num_epochs, eval_freq, eval_iter
    )
    assert_lists(probe, result, lists)
    probe.assert_close(result[4], seen, "the examples seen")
    found = probe.parameters(model)["weight"]
    probe.assert_close(found[:29], after[:29], "the weights after training", ("token", "class"))
    probe.assert_close(found[GPT2_PAD], weight[GPT2_PAD], "the weights of the padding token")


@pytest.mark.exercise("train_classifier_simple")
def test_small_batches_are_counted(chapter, probe):
    """Every message counts as one example, in each epoch, also those of a small last batch."""
    weight, ids, labels = torch.randn(29, 2), torch.randint(29, (13, 3)), torch.randint(2, (13,))
    train, val = batched(ids[:9], labels[:9], 4, 4, 1), batched(ids[9:], labels[9:], 3, 1)
    *lists, _, after = torch_training(weight, train, val, 3, 1, 2, 0.5, 0.0)
    model = table(probe, weight)
    probe.gradients(model, ids)  # leaves gradients of its own, which are not to be used
    optimizer = probe.optimizer("SGD", model, lr=0.5)
    loaders = probe.batches(train), probe.batches(val)
    result = chapter.train_classifier_simple(model, *loaders, optimizer, "cpu", 3, 1, 2)
    probe.assert_close(result[4], 27, "9 messages in 3 epochs: the examples seen")
    assert_lists(probe, (result[0], [], *result[2:]), (lists[0], [], *lists[2:]))
    probe.assert_close(probe.parameters(model)["weight"], after, "the weights after training")


CHANGING = """
class Loader:
    def __init__(self, *passes):
        self.passes = list(passes)

    def __len__(self):
        return len(self.passes[0])

    def __iter__(self):
        return iter(self.passes.pop(0) if len(self.passes) > 1 else self.passes[0])
"""


@pytest.mark.exercise("train_classifier_simple")
def test_epochs_and_steep_gradients(chapter, probe):
    """Each epoch takes the batches that the loader gives then, and gradients are used in full."""
    steep, labels = 20 * torch.eye(2), torch.tensor([0, 1, 1, 0, 1, 0])
    weight, ids = torch.randn(29, 2) / 10, torch.randperm(28)[:12].reshape(6, 2)
    first, later = batched(ids, labels, 3, 3), batched(ids.flip(1), 1 - labels, 2, 2, 2)
    expected = weight.clone().requires_grad_(True)
    for batch, targets in first + later:
        loss = functional.cross_entropy(expected[batch[:, -1]] @ steep, targets)
        (gradient,) = torch.autograd.grad(loss, expected)
        expected = (expected - 0.01 * gradient).detach().requires_grad_(True)
    head = probe.nn("Linear", 2, 2, bias=False)
    probe.load_state(head, {"weight": steep})
    head.requires_grad_(False)
    model = probe.nn("Sequential", table(probe, weight), head)
    optimizer = probe.optimizer("SGD", model, lr=0.01)
    loader, val = probe.code(CHANGING).Loader(first, later), probe.batches(first)
    result = chapter.train_classifier_simple(model, loader, val, optimizer, "cpu", 2, 9, 1)
    probe.assert_close(result[4], 12, "2 epochs of 6 messages: the examples seen")
    found = probe.parameters(model)["0.weight"]
    probe.assert_close(found, expected, "the weights after training", ("token", "class"))


@pytest.mark.exercise("train_classifier_simple")
@settings(max_examples=8)
@given(seed=SEEDS, width=st.integers(0, 4))
def test_loss_falls_on_any_seed(chapter, probe, seed, width):
    """Whatever the seed, training lowers the loss; each last value is that of the final weights."""
    probe.seed(seed)
    cfg = {"vocab_size": GPT2_PAD + 1, "emb_dim": 8, "n_layers": 1, "context_length": 10}
    model = gpt(probe, **cfg, drop_rate=0.1)
    model.tok_emb.requires_grad_(False)  # 50,257 tokens take time
    model.add_module("out_head", probe.nn("Linear", 8, 2))
    rows = messages(seed, 16, 6, pad=GPT2_PAD)
    labels = torch.tensor([0, 1] * 8)
    for row, label in zip(rows, labels.tolist(), strict=True):
        row[-1] = 5 + 3 * label  # what is to be learned
    val_rows, val_labels = rows[2:8], 1 - labels[2:8]
    before = functional.cross_entropy(last_logits(model, rows), labels).item()
    ids = padded(rows, 6 + width, GPT2_PAD)
    train = probe.batches(batched(ids, labels, 4, 4, 4, 4))
    val = probe.batches([(padded(val_rows, 7, GPT2_PAD), val_labels)])
    optimizer = probe.optimizer("AdamW", model, lr=0.01)
    result = chapter.train_classifier_simple(model, train, val, optimizer, "cpu", 8, 31, 4)
    model.eval()
    logits, val_logits = last_logits(model, rows), last_logits(model, val_rows)
    after = functional.cross_entropy(logits, labels).item()
    assert after < 0.8 * before, f"the loss was {before:.4f} and is {after:.4f}"
    assert [len(values) for values in result[:4]] == [2, 2, 8, 8], "32 updates, eval_freq=31"
    probe.assert_close(result[0][-1], after, "the last training loss")
    val_loss = functional.cross_entropy(val_logits, val_labels).item()
    probe.assert_close(result[1][-1], val_loss, "the last validation loss")
    for name, accuracies, found, wanted in (
        ("training", result[2], logits, labels),
        ("validation", result[3], val_logits, val_labels),
    ):
        if (found[:, 0] - found[:, 1]).abs().min() > 1e-4:
            hits = (found.argmax(dim=-1) == wanted).double().mean().item()
            probe.assert_close(accuracies[-1], hits, f"the last {name} accuracy")


@pytest.mark.exercise("train_classifier_simple")
@settings(max_examples=6)
@given(seed=SEEDS, widths=st.permutations([0, 2, 5]))
def test_training_does_not_depend_on_padding(chapter, probe, seed, widths):
    """The same messages with more padding behind them train the same weights."""
    probe.seed(seed)
    cfg = {"vocab_size": GPT2_PAD + 1, "emb_dim": 6, "n_layers": 1, "context_length": 10}
    model = gpt(probe, **cfg)
    model.add_module("out_head", probe.nn("Linear", 6, 2))
    start = probe.parameters(model)
    rows = messages(seed, 6, 5, pad=GPT2_PAD)
    labels = torch.randint(2, (6,), generator=source(seed))
    ends = []
    for extra in widths[:2]:
        probe.load_state(model, start)
        loader = probe.batches(batched(padded(rows, 5 + extra, GPT2_PAD), labels, 3, 3))
        optimizer = probe.optimizer("SGD", model, lr=0.1)
        result = chapter.train_classifier_simple(model, loader, loader, optimizer, "cpu", 2, 3, 2)
        model.eval()
        ends.append(last_logits(model, rows))
        loss = functional.cross_entropy(ends[-1], labels).item()
        probe.assert_close(result[0][-1], loss, f"the last loss with {extra} times padding")
    probe.assert_close(ends[1], ends[0], "the logits after training, with and without padding")
    first = last_logits(gpt_with(probe, cfg, start), rows)
    assert (ends[0] - first).abs().max() > 1e-3, "training has not changed the model"


def gpt_with(probe, cfg, state):
    """A classifier of two classes with these weights."""
    model = gpt(probe, **cfg)
    model.add_module("out_head", probe.nn("Linear", cfg["emb_dim"], 2))
    probe.load_state(model, state)
    return model


@pytest.mark.exercise("train_classifier_simple")
def test_training_mode_and_eval_mode(chapter, probe):
    """Dropout is on in every update, also after a measurement, and off in every measurement."""
    weight = 3 * torch.randn(29, 2, generator=source(3))
    ids, labels = torch.randint(28, (8, 3)), torch.tensor([0, 1, 1, 0, 1, 0, 0, 1])
    logits = weight[ids[:, -1]]
    loss = functional.cross_entropy(logits, labels).item()
    hits = (logits.argmax(dim=-1) == labels).double().mean().item()
    for training in (False, True):
        # A dropout rate of 1 leaves no gradients in train mode: nothing is learned.
        model = unsure(probe, weight, 1.0).train(training)
        optimizer = probe.optimizer("SGD", model, lr=0.5)
        loader = probe.batches(batched(ids, labels, 4, 4))
        result = chapter.train_classifier_simple(model, loader, loader, optimizer, "cpu", 3, 1, 2)
        assert_lists(probe, result, ([loss] * 6, [loss] * 6, [hits] * 3, [hits] * 3))
        found = probe.parameters(model)["0.weight"]
        probe.assert_close(found, weight, "weights that were trained with all logits dropped")


@pytest.mark.exercise("train_classifier_simple")
def test_measuring_does_not_change_the_training(chapter, probe):
    """How often and on how much one measures has no influence, with dropout and shuffling."""
    weight = torch.randn(29, 2)
    ids, labels = torch.randint(27, (9, 4)), torch.randint(2, (9,))
    ends = []
    rows = list(zip(ids, labels.tolist(), strict=True))
    for eval_freq, eval_iter in ((1, 2), (50, 1), (2, 3)):
        model = unsure(probe, weight, 0.5)
        optimizer = probe.optimizer("SGD", model, lr=0.5)
        loader = probe.loader(rows, batch_size=3, shuffle=True)
        val_loader = probe.batches(batched(ids[:6], labels[:6], 3, 3))
        probe.seed(1234)
        result = chapter.train_classifier_simple(
            model, loader, val_loader, optimizer, "cpu", 3, eval_freq, eval_iter
        )
        ends.append(probe.parameters(model)["0.weight"])
        if eval_freq == 2:  # updates 0, 2, 4, 6 and 8, the last
            loss = functional.cross_entropy(ends[-1][ids[:, -1]], labels).item()
            probe.assert_close(result[0][-1], loss, "the loss of the final weights")
    for end in ends[1:]:
        probe.assert_close(end, ends[0], "the weights, measured more and less often")
    moved = (ends[0] - weight).abs().amax(dim=-1) > 1e-4
    assert set(moved.nonzero().flatten().tolist()) <= set(ids[:, -1].tolist())
    assert moved.any(), "training has not changed the weights"


# Use


def reviewer(probe, seed, **changes):
    """A classifier that takes the judge's own view of which texts are spam."""
    probe.seed(seed)
    model, head = gpt(probe, **changes), probe.nn("Linear", CFG["emb_dim"], 2)
    model.add_module("out_head", head)
    return model, head


def swap(probe, head):
    """Turn every answer of a head of two classes into its contrary."""
    probe.load_state(head, {name: value.flip(0) for name, value in probe.parameters(head).items()})


def verdict(model, ids):
    """What the answer must be, or None where rounding could decide."""
    ham, spam = model(torch.tensor([ids]))[0, -1].tolist()
    if abs(spam - ham) < 1e-3:
        return None
    return "spam" if spam > ham else "not spam"


REVIEWS = MESSAGES.filter(lambda text: text and not text.endswith(END))


@pytest.mark.exercise("classify_review")
@settings(max_examples=25)
@given(text=REVIEWS, max_length=st.none() | st.integers(1, 40), seed=SEEDS)
@example("a letter of more than a dozen tokens", None, 0)
@example("a letter of more than a dozen tokens", 30, 1)
@example("a letter of more than a dozen tokens", 5, 2)
def test_answer_is_that_of_the_tokens_shown(chapter, probe, text, max_length, seed):
    """Shown are the first min(max_length, context) tokens; the last of them has the answer."""
    model, head = reviewer(probe, seed)
    ids = ids_of(text, 28)[: min(max_length or 12, 12)]
    if ids[-1] == 28:
        return  # cut behind a padding token
    for _ in range(2):
        swap(probe, head)
        expected = verdict(model, ids)
        letters = tokenizer(probe, pad=28)
        answer = chapter.classify_review(text, model, letters, "cpu", max_length, pad_token_id=28)
        if expected is not None:
            assert answer == expected, f"{answer!r} instead of {expected!r}"


@pytest.mark.exercise("classify_review")
@settings(max_examples=12)
@given(text=REVIEWS.filter(lambda text: len(ids_of(text)) <= 12), seed=SEEDS)
@example("ok", 3)
def test_answer_does_not_depend_on_padding(chapter, probe, text, seed):
    """For every max_length that the text fits into, and every padding token, the answer is one."""
    model, head = reviewer(probe, seed)
    ids, letters = ids_of(text, 28), tokenizer(probe, pad=28)
    for _ in range(2):
        swap(probe, head)
        expected = verdict(model, ids)
        for max_length in {len(ids), 12, 50, None}:
            for pad in (28, 27, 26):
                answer = chapter.classify_review(text, model, letters, "cpu", max_length, pad)
                assert expected in (None, answer), f"{answer!r} instead of {expected!r}"


@pytest.mark.exercise("classify_review")
def test_context_is_that_of_the_model(chapter, probe):
    """A text longer than the model's context is cut to it, whatever max_length says."""
    for context in (3, 20):
        model, head = reviewer(probe, context, context_length=context)
        for text in ("one text after another", "never too long, but longer than that", "short one"):
            swap(probe, head)
            expected = verdict(model, ids_of(text)[:context])
            for max_length in (None, 21, 1024):
                letters = tokenizer(probe)
                answer = chapter.classify_review(text, model, letters, "cpu", max_length, 28)
                assert expected in (None, answer), f"{answer!r} instead of {expected!r}"


@pytest.mark.exercise("classify_review")
def test_the_last_real_token_decides(chapter, probe):
    """The last real token decides, also behind an <|endoftext|>; padding is 50256 by default."""
    model, _ = reviewer(probe, 0, vocab_size=GPT2_PAD + 1)
    state = {name: torch.zeros_like(value) for name, value in probe.parameters(model).items()}
    direction = torch.tensor([1.0, -1.0] * (CFG["emb_dim"] // 2))
    state["tok_emb.weight"] = -direction.repeat(GPT2_PAD + 1, 1)
    state["tok_emb.weight"][[0, 1]] = direction  # h and i
    state["final_norm.scale"] = torch.ones(CFG["emb_dim"])
    state["out_head.weight"] = torch.stack([-direction, direction])
    probe.load_state(model, state)
    letters = tokenizer(probe)
    spam = ("h", "ah", f"a{END}ai", f"i{END}a{END}h", f"{END}i", f"a{END}bbbbbbbbbh")
    ham = ("a", "hia", f"ii{END}a", f"i{END}h{END}b", f"{END}{END}a", "hhhhhhhhhhha", "h ")
    for text in (*spam, *ham):
        for max_length in (None, 12, 100):
            answer = chapter.classify_review(text, model, letters, "cpu", max_length)
            expected = "spam" if text in spam else "not spam"
            what = f"a text of tokens {ids_of(text)}, of which 0 and 1 mean spam"
            assert answer == expected, f"{what}: {answer!r}"


@pytest.mark.exercise("classify_review")
def test_padding_token_of_gpt2(chapter, probe):
    """Padding is 50256 if nothing else is said, and so is <|endoftext|> inside a text."""
    model, head = reviewer(probe, 9, vocab_size=50257, context_length=16)
    encode = tokenizer(probe, lambda text: GPT2.encode(text, allowed_special={END}))
    for text in ("You won a prize!", f"No{END} news", f"{END}{END}a", "See you"):
        ids = GPT2.encode(text, allowed_special={END})
        for _ in range(2):
            swap(probe, head)
            expected = verdict(model, ids)
            for max_length in (None, 14):
                answer = chapter.classify_review(text, model, encode, "cpu", max_length)
                assert expected in (None, answer), f"{answer!r} instead of {expected!r}"


@pytest.mark.exercise("classify_review")
def test_an_empty_text_is_no_crash(chapter, probe):
    """For an empty text too, the answer does not depend on max_length."""
    model, head = reviewer(probe, 4)
    letters = tokenizer(probe)
    expected = verdict(model, ids_of("abc"))
    answer = chapter.classify_review("abc", model, letters, "cpu", None, 28)
    assert expected in (None, answer), f"{answer!r} instead of {expected!r}"
    for seed in range(6):
        model, head = reviewer(probe, seed)
        swap(probe, head)
        answers = set()
        for max_length in (1, 2, 5, 12, 50, None):
            try:
                answers.add(chapter.classify_review("", model, letters, "cpu", max_length, 28))
            except ValueError:
                answers.add("refused")
        assert len(answers) == 1, "the answer for an empty text depends on max_length"
        assert answers <= {"spam", "not spam", "refused"}


@pytest.mark.exercise("classify_review")
def test_answer_is_given_in_eval_mode(chapter, probe):
    """Dropout is off while answering; mode and random stream are left as they were."""
    model, head = reviewer(probe, 6, drop_rate=0.9)
    texts = [f"text number {i}"[i:] for i in range(10)]
    for training in (True, False):
        for text in texts:
            swap(probe, head)
            expected = verdict(model.eval(), ids_of(text)[:12])
            model.train(training)
            modes, before = probe.modes(model), probe.random_state()
            answer = chapter.classify_review(text, model, tokenizer(probe), "cpu", None, 28)
            assert expected in (None, answer), f"{answer!r} instead of {expected!r}"
            assert probe.modes(model) == modes, "the mode has changed"
            assert torch.equal(probe.random_state(), before), "the random stream has moved on"
