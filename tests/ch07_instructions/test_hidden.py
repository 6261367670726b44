"""What decides, beside the visible tests, whether ch07_instructions is right."""

import json
import re
import statistics
from collections import Counter

import pytest
import tiktoken
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)
HEADING = "### Response:"
EOT = "<|endoftext|>"
END = 3  # the id that ends a response of the small models; no character of a prompt has it
AXES = ("row", "place")
CFG = {
    "vocab_size": 13,
    "context_length": 12,
    "emb_dim": 16,
    "n_heads": 2,
    "n_layers": 1,
    "drop_rate": 0.0,
    "qkv_bias": False,
}
# Read once, before the judge forks for each submission.
GPT2 = tiktoken.get_encoding("gpt2")

SNIPPETS = [
    *("Translate:", "{instruction}", "{}", "%s", "{entry['input']}", "\\n", "\n\n", "  ", "\t"),
    *("### Input:", "### Instruction:", HEADING, "Response", "#", "é", "日本語", "🙂", "<|user|>"),
    *("None", "0", "a b", '"', "'", "$x", "```py\nprint(1)\n```"),
]
TEXTS = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=4), min_size=1, max_size=4).map(
    "".join
)
# An instruction says something; an input is empty or does so, too: never white space alone.
SAYING = TEXTS.filter(str.strip)
ENTRIES = st.fixed_dictionaries(
    {"instruction": SAYING, "input": st.just("") | SAYING, "output": st.just("") | TEXTS}
)
SEEDS = st.integers(0, 2**31)


def numbers(*needed):
    """A pattern that finds all of these numbers, in any order."""
    return "(?s)" + "".join(rf"(?=.*(?<![\d.]){re.escape(str(n))}(?!\d))" for n in needed)


def alpaca(entry):
    """The prompt of an entry."""
    lines = [BEGIN, "", "### Instruction:", entry["instruction"]]
    lines += ["", "### Input:", entry["input"]] if entry["input"] else []
    return "\n".join(lines)


def frozen(entries):
    """Entries as a multiset."""
    return Counter(json.dumps(entry, sort_keys=True) for entry in entries)


def prompts_of(part):
    """The different prompts of a part."""
    return {(entry["instruction"], entry["input"]) for entry in part}


def plain(ids):
    """Ids as a list."""
    return ids.tolist() if isinstance(ids, torch.Tensor) else list(ids)


def gpt2(probe):
    """GPT-2's tokenizer beside the subject."""

    def encode(text, allowed_special=()):
        allowed = allowed_special if isinstance(allowed_special, str) else set(allowed_special)
        return GPT2.encode(text, allowed_special=allowed)

    return probe.object(encode=encode, decode=lambda ids: GPT2.decode(plain(ids)))


def characters(probe, ids=ord, letters=chr):
    """A tokenizer with one id for each character."""
    return probe.object(
        encode=lambda text, allowed_special=(): [ids(letter) for letter in text],
        decode=lambda found: "".join(letters(i) for i in plain(found)),
    )


def writer(probe, rests, seen=None):
    """A model that goes on with these texts, one for each prompt, and then repeats END."""

    def forward(idx):
        logits = torch.zeros(*idx.shape, 128)
        for row, ids in enumerate(idx.tolist()):
            text = "".join(map(chr, ids))
            if seen is not None:
                seen.append(text)
            for prompt, rest in rests.items():
                if (prompt + rest).startswith(text) and text.startswith(prompt):
                    logits[row, -1, [*map(ord, rest), END][len(text) - len(prompt)]] = 5.0
        return logits

    return probe.module(forward)


def collated(batch, pad, ignore, limit, mask):
    """Inputs and targets as custom_collate_fn makes them, place by place."""
    pairs = [(0, item) if isinstance(item[-1], int) else item for item in batch]
    places = range(max(len(ids) for _, ids in pairs))[:limit]
    inputs, targets = [], []
    for length, ids in pairs:
        following = dict(enumerate([*ids[1:], pad]))
        inputs.append([ids[i] if i < len(ids) else pad for i in places])
        hidden = {i for i in places if i + 1 < length} if mask else set()
        row = [ignore if i in hidden else following.get(i, ignore) for i in places]
        if hidden.issuperset(places):
            row[-1] = following[places[-1]]
        targets.append(row)
    return torch.tensor(inputs), torch.tensor(targets)


def assert_batch(probe, found, expected, what):
    """These are the inputs and the targets."""
    assert len(found) == 2, f"{what} gave {len(found)} things, expected inputs and targets"
    for name, ours, theirs in zip(("inputs", "targets"), expected, found, strict=True):
        probe.assert_close(theirs, ours, f"{name} of {what}", AXES)


def ollama(requests, pieces, status=200):
    """A server that replies as Ollama does, in one piece or as a stream of lines."""

    def answer(method, path, headers, body):
        try:
            requests.append((method, path, json.loads(body)))
        except ValueError:
            return 400, b'{"error": "the body of the request is not JSON"}'
        if status != 200:
            return status, b'{"error": "something is wrong with the model"}'
        said = [{"message": {"role": "assistant", "content": p}, "done": False} for p in pieces]
        if requests[-1][2].get("stream", True):
            said.append({"message": {"role": "assistant", "content": ""}, "done": True})
        else:
            said = [{"message": {"role": "assistant", "content": "".join(pieces)}, "done": True}]
        lines = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in said)
        return 200, [lines[i : i + 37] for i in range(0, len(lines), 37)]

    return answer


# Prompts


@pytest.mark.exercise("format_input")
@settings(max_examples=25)
@given(entry=ENTRIES)
@example(entry={"instruction": " {input} %s\n", "input": "\n{instruction}\\n ", "output": "x"})
@example(entry={"instruction": "Add.", "input": "1 2\n", "output": "x"})
@example(entry={"instruction": "Go on:\n", "input": "", "output": "x"})
def test_any_text_stands_in_the_prompt_as_it_is(chapter, probe, entry):
    """Instruction and input stand in the prompt as they are: braces, white space and all."""
    found = chapter.format_input(dict(entry))
    assert found == alpaca(entry), f"format_input({entry}) is {found!r}"


@pytest.mark.exercise("format_input")
def test_nothing_else_is_in_the_prompt(chapter, probe):
    """The output and other keys of the entry do not show in the prompt, which changes nothing."""
    entry = {"instruction": "Add.", "input": "", "output": "3", "model_response": "4"}
    given_entry = probe.place(dict(entry))
    expected = f"{BEGIN}\n\n### Instruction:\nAdd."
    assert chapter.format_input(given_entry) == expected
    assert probe.value(given_entry) == entry


@pytest.mark.exercise("format_input_phi3")
@settings(max_examples=25)
@given(entry=ENTRIES)
@example(entry={"instruction": " Add.", "input": "\n1 \n", "output": "x"})
def test_any_text_stands_in_the_prompt_of_phi3(chapter, probe, entry):
    """After the mark of the user come the instruction and the input if any, as they are."""
    lines = ["<|user|>", entry["instruction"], *([entry["input"]] if entry["input"] else [])]
    found = chapter.format_input_phi3(dict(entry))
    assert found == "\n".join(lines), f"format_input_phi3({entry}) is {found!r}"


# Splitting


@pytest.mark.exercise("split_dataset")
@settings(max_examples=25)
@given(
    count=st.integers(0, 40),
    train=st.sampled_from([0.0, 0.1, 0.29, 0.5, 0.7, 0.85, 1.0]),
    rest=st.sampled_from([0.0, 0.07, 0.1, 0.15, 0.3]),
)
@example(count=19, train=0.5, rest=0.1)
@example(count=0, train=0.5, rest=0.1)
def test_sizes_of_any_split(chapter, probe, count, train, rest):
    """Where all prompts differ, the first two sizes are int(N * fraction), the rest validates."""
    test = rest if train + rest <= 1 else 0.0
    entries = [{"instruction": f"{i}?", "input": "", "output": "yes"} for i in range(count)]
    parts = chapter.split_dataset([dict(entry) for entry in entries], train, test)
    sizes = [len(part) for part in parts]
    first, second = int(count * train), int(count * test)
    expected = [first, second, count - first - second]
    what = f"split_dataset({count} entries, {train}, {test})"
    assert sizes == expected, f"{what} gives parts of {sizes} entries, expected {expected}"
    assert frozen(entry for part in parts for entry in part) == frozen(entries)


@pytest.mark.exercise("split_dataset")
@settings(max_examples=25)
@given(
    prompts=st.integers(1, 12),
    times=st.integers(1, 4),
    train=st.sampled_from([0.2, 0.5, 0.6, 0.85]),
    test=st.sampled_from([0.0, 0.1, 0.15]),
    seed=SEEDS,
)
@example(prompts=4, times=3, train=0.5, test=0.1, seed=0)
def test_no_prompt_is_in_two_parts(chapter, probe, prompts, times, train, test, seed):
    """No prompt is in two parts, every entry is in one, and the sizes are kept as can be."""
    entries = [
        {"instruction": f"{i // 2}?", "input": "x" * (i % 2), "output": f"{j}"}
        for j in range(times)
        for i in range(prompts)
    ]
    order = torch.randperm(len(entries), generator=torch.Generator().manual_seed(seed)).tolist()
    entries = [entries[i] for i in order]
    parts = chapter.split_dataset([dict(entry) for entry in entries], train, test)
    assert len(parts) == 3, f"{len(parts)} parts"
    assert frozen(entry for part in parts for entry in part) == frozen(entries)
    seen = [prompt for part in parts for prompt in prompts_of(part)]
    assert len(seen) == len(set(seen)) == prompts, "a prompt is in two parts"
    total = len(entries)
    wanted = (int(total * train), int(total * test))
    wanted = (*wanted, total - sum(wanted))
    for part, size, slack in zip(parts, wanted, (times, times, 2 * times), strict=True):
        assert abs(len(part) - size) < slack, f"{len(part)} entries in a part, not about {size}"


@pytest.mark.exercise("split_dataset")
def test_a_prompt_is_instruction_and_input(chapter, probe):
    """Only entries whose instruction and input are both the same, to the letter, stay together."""
    text = "paraphrase"
    kinds = {
        "instruction for all": [(text, f"word {i}") for i in range(10)],
        "input for all": [(f"Say it {i} times.", text) for i in range(10)],
        "text in upper and lower case": [(text[:i].upper() + text[i:], "") for i in range(10)],
        "text and more and more spaces": [(text + " " * i, "") for i in range(10)],
        "text, cut into instruction and input": [(text[:i], text[i:]) for i in range(1, 11)],
    }
    for kind, prompts in kinds.items():
        entries = [{"instruction": a, "input": b, "output": ""} for a, b in prompts]
        sizes = [len(part) for part in chapter.split_dataset(entries, 0.5, 0.3)]
        assert sizes == [5, 3, 2], f"with one {kind}, the parts have {sizes} entries"


@pytest.mark.exercise("split_dataset")
def test_the_same_call_gives_the_same_parts(chapter, probe):
    """The same call gives the same parts again, with each entry as often as it was given."""
    entries = [{"instruction": f"Say {i % 17}.", "input": "", "output": f"{i}"} for i in range(40)]
    placed = probe.place([dict(entry) for entry in entries])
    first = list(chapter.split_dataset(placed, 0.5, 0.25))
    assert frozen(entry for part in first for entry in part) == frozen(entries)
    assert list(chapter.split_dataset(placed, 0.5, 0.25)) == first
    assert probe.value(placed) == entries, "the list that was given is not as it was"
    sizes = [len(part) for part in chapter.split_dataset([probe.place(entries[0])] * 3, 1.0, 0.0)]
    assert sizes == [3, 0, 0], f"one entry, given three times, makes parts of {sizes} entries"


@pytest.mark.exercise("split_dataset")
def test_impossible_fractions_are_refused(chapter, probe):
    """Fractions that are negative, or more than 1 together, raise ValueError with both."""
    entries = [{"instruction": f"{i}?", "input": "", "output": ""} for i in range(10)]
    sizes = [len(part) for part in chapter.split_dataset(entries, 0.7, 0.3)]
    assert sizes == [7, 3, 0], f"split_dataset(ten entries, 0.7, 0.3) has sizes {sizes}"
    for train, test in ((0.77, 0.56), (-0.25, 0.5), (0.5, -0.125)):
        with pytest.raises(ValueError, match=numbers(abs(train), abs(test))):
            chapter.split_dataset(entries, train, test)


# Data set


@pytest.mark.exercise("InstructionDataset")
@settings(max_examples=20)
@given(entries=st.lists(ENTRIES, min_size=1, max_size=4))
@example(entries=[{"instruction": "Go on:\n", "input": "", "output": "Yes."}])
def test_items_of_any_entries(chapter, probe, entries):
    """Each item has as many ids for the prompt, and for the full text those, as GPT-2 gives."""
    data = chapter.InstructionDataset([dict(entry) for entry in entries], gpt2(probe))
    assert len(data) == len(entries)
    for i, entry in enumerate(entries):
        prompt = alpaca(entry)
        expected = GPT2.encode(f"{prompt}\n\n{HEADING}\n{entry['output']}", disallowed_special=())
        length, ids = data[i]
        assert length == len(GPT2.encode(prompt, disallowed_special=())), f"length of item {i}"
        assert plain(ids) == expected, f"ids of item {i}"


@pytest.mark.exercise("InstructionDataset")
def test_the_end_of_text_may_occur_in_a_text(chapter, probe):
    """<|endoftext|> within instruction, input or output is one id, and not an error."""
    entry = {"instruction": f"What does {EOT} do?", "input": EOT, "output": f"{EOT} ends a text."}
    length, ids = chapter.InstructionDataset([entry], gpt2(probe))[0]
    prompt = GPT2.encode(alpaca(entry), allowed_special={EOT})
    assert length == len(prompt), f"the length is {length}, the prompt has {len(prompt)} ids"
    full = f"{alpaca(entry)}\n\n{HEADING}\n{entry['output']}"
    assert plain(ids) == GPT2.encode(full, allowed_special={EOT})
    assert plain(ids).count(50256) == 3


@pytest.mark.exercise("InstructionDataset")
def test_the_entries_stay_as_they_were(chapter, probe):
    """Making a data set of them does not change the entries."""
    entries = [{"instruction": "Add.", "input": "1 2", "output": " 3 "} for _ in range(2)]
    placed = probe.place([dict(entry) for entry in entries])
    data = chapter.InstructionDataset(placed, characters(probe))
    length, ids = data[1]
    assert "".join(map(chr, plain(ids)[length:])) == f"\n\n{HEADING}\n 3 "
    assert probe.value(placed) == entries


# Batches


ROWS = st.lists(st.integers(0, 6), min_size=1, max_size=7)
PAIRS = ROWS.flatmap(lambda ids: st.tuples(st.integers(0, len(ids)), st.just(ids)))
BATCHES = st.lists(ROWS, min_size=1, max_size=4) | st.lists(PAIRS, min_size=1, max_size=4)


@pytest.mark.exercise("custom_collate_fn")
@settings(max_examples=25)
@given(
    batch=BATCHES,
    pad=st.integers(0, 8),
    ignore=st.sampled_from([-100, -1, 99]),
    limit=st.none() | st.integers(1, 9),
    mask=st.booleans(),
)
def test_any_batch(chapter, probe, batch, pad, ignore, limit, mask):
    """For any batch and any settings, each input and each target is what the docstring says."""
    expected = collated(batch, pad, ignore, limit, mask)
    found = chapter.custom_collate_fn(batch, pad, ignore, limit, mask)
    assert_batch(probe, found, expected, f"{batch}, {pad}, {ignore}, {limit}, {mask}")


@pytest.mark.exercise("custom_collate_fn")
@settings(max_examples=15)
@given(seed=SEEDS)
def test_padding_is_that_of_torch(chapter, probe, seed):
    """Inputs are what pad_sequence makes of the rows; targets are as long, and one step later."""
    source = torch.Generator().manual_seed(seed)
    sizes = torch.randint(1, 30, (5,), generator=source).tolist()
    rows = [torch.randint(50257, (size,), generator=source) for size in sizes]
    ends = [torch.cat([row[1:], torch.tensor([50256])]) for row in rows]
    expected = (
        pad_sequence(rows, batch_first=True, padding_value=50256),
        pad_sequence(ends, batch_first=True, padding_value=-100),
    )
    found = chapter.custom_collate_fn([row.tolist() for row in rows])
    assert_batch(probe, found, expected, f"rows of {sizes} ids")


@pytest.mark.exercise("custom_collate_fn")
def test_an_end_within_a_text_is_a_target(chapter, probe):
    """What is masked follows from lengths: the padding id within a text is a target as any."""
    batch = [[7, 50256, 50256, 8], [50256, 50256], [9]]
    _, targets = chapter.custom_collate_fn(batch)
    end, none = 50256, -100
    expected = [[end, end, 8, end], [end, end, none, none], [end, none, none, none]]
    probe.assert_close(targets, torch.tensor(expected), "targets", AXES)
    pairs = [(2, [50256, 7, 50256, 8]), (3, [5, 6, 50256])]
    _, targets = chapter.custom_collate_fn(pairs, mask_instruction=True)
    expected = [[none, end, 8, end], [none, none, end, none]]
    probe.assert_close(targets, torch.tensor(expected), "targets with mask_instruction", AXES)


@pytest.mark.exercise("custom_collate_fn")
def test_a_prompt_of_no_ids_masks_nothing(chapter, probe):
    """Prompts of 0 and of 1 id mask no target; without mask_instruction, no prompt does."""
    batch = [(0, [11, 12, 13]), (1, [21, 22, 23]), (3, [31, 32, 33])]
    rows = [[12, 13, 50256], [22, 23, 50256], [-100, -100, 50256]]
    _, targets = chapter.custom_collate_fn(batch, mask_instruction=True)
    probe.assert_close(targets, torch.tensor(rows), "targets with mask_instruction", AXES)
    _, targets = chapter.custom_collate_fn(batch)
    rows[2] = [32, 33, 50256]
    probe.assert_close(targets, torch.tensor(rows), "targets", AXES)


@pytest.mark.exercise("custom_collate_fn")
def test_rows_without_a_length(chapter, probe):
    """A plain list of two ids is not taken for a length and its ids."""
    found = chapter.custom_collate_fn([[2, 7], [5, 6, 8]], pad_token_id=0)
    expected = torch.tensor([[2, 7, 0], [5, 6, 8]]), torch.tensor([[7, 0, -100], [6, 8, 0]])
    assert_batch(probe, found, expected, "[[2, 7], [5, 6, 8]]")


@pytest.mark.exercise("custom_collate_fn")
def test_the_first_places_stay(chapter, probe):
    """allowed_max_length keeps the first places; where no row is that long, it changes nothing."""
    batch = [[11, 12, 13, 14, 15], [21, 22]]
    for limit in (2, 4, 5, 6, 50):
        found = chapter.custom_collate_fn(batch, 0, allowed_max_length=limit)
        what = f"a batch with allowed_max_length={limit}"
        assert_batch(probe, found, collated(batch, 0, -100, limit, False), what)


@pytest.mark.exercise("custom_collate_fn")
def test_no_row_is_without_a_target(chapter, probe):
    """A row that would lose all its targets keeps the last one, and other rows are not touched."""
    batch = [(5, [11, 12, 13, 14, 15, 16]), (3, [21, 22, 23, 24, 25]), (4, [31, 32, 33, 34])]
    for limit in (1, 2, 3, 4, 5):
        found = chapter.custom_collate_fn(batch, 0, -7, limit, True)
        what = f"a batch with allowed_max_length={limit}"
        assert_batch(probe, found, collated(batch, 0, -7, limit, True), what)
        learnt = (found[1] != -7).sum(dim=1)
        assert bool((learnt > 0).all()), f"{what} has a row without a target"


@pytest.mark.exercise("custom_collate_fn")
def test_the_lists_of_the_caller_stay(chapter, probe):
    """The lists in the batch are left as they were."""
    for batch in ([[1, 2, 3], [4]], [(2, [1, 2, 3]), (1, [4])]):
        placed = probe.place(
            [(item[0], list(item[1])) if isinstance(item, tuple) else list(item) for item in batch]
        )
        expected = collated(batch, 9, -100, 2, True)
        assert_batch(probe, chapter.custom_collate_fn(placed, 9, -100, 2, True), expected, batch)
        assert probe.value(placed) == batch, "the batch that was given is not as it was"


@pytest.mark.exercise("custom_collate_fn")
def test_the_batch_is_on_the_device(chapter, probe):
    """Both tensors are on the device asked for."""
    batch = [(2, [1, 2, 3]), (1, [4])]
    assert_batch(
        probe,
        chapter.custom_collate_fn(batch),
        collated(batch, 50256, -100, None, False),
        "a batch",
    )
    try:
        found = chapter.custom_collate_fn(batch, device="meta")
    except RuntimeError:  # it looks into its tensors while they are there, and meta ones are empty
        with pytest.raises((RuntimeError, ValueError), match="nowhere"):
            chapter.custom_collate_fn(batch, device="nowhere")
        return
    for name, tensor in zip(("inputs", "targets"), found, strict=True):
        assert tensor.device == torch.device("meta"), f"{name} are not on the device"


@pytest.mark.exercise("custom_collate_fn")
def test_it_collates_for_a_data_loader(chapter, probe):
    """As collate_fn of a DataLoader it gives the batches in order, each as long as it must be."""
    items = [(3, [7, 50256, 8, 9]), (1, [5]), (2, [4, 3]), (0, [2, 1]), (2, [6, 6, 6])]
    loader = probe.loader(items, batch_size=2, collate_fn=chapter.custom_collate_fn)
    found = list(loader)
    assert len(found) == 3, f"{len(found)} batches, expected 3"
    for i, batch in enumerate(found):
        expected = collated(items[2 * i : 2 * i + 2], 50256, -100, None, False)
        assert_batch(probe, batch, expected, f"batch {i}")


@pytest.mark.exercise("custom_collate_fn")
@settings(max_examples=6)
@given(seed=SEEDS)
def test_training_on_batches_lowers_the_loss(chapter, probe, seed):
    """A GPT that is trained on the batches predicts the ids of the responses better."""
    source = torch.Generator().manual_seed(seed)
    items = []
    for _ in range(4):
        size = int(torch.randint(5, 11, (1,), generator=source))
        ids = torch.randint(12, (size,), generator=source).tolist()
        items.append((int(torch.randint(2, 5, (1,), generator=source)), ids))
    inputs, targets = collated(items, 12, -100, None, True)
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    model.eval()

    def loss(logits, wanted):
        return functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())

    before = loss(model(inputs).detach(), targets).item()
    settings = {"pad_token_id": 12, "mask_instruction": True}
    found_inputs, found_targets = chapter.custom_collate_fn(items, **settings)
    state = {name: value.clone() for name, value in probe.parameters(model).items()}
    optimizer = torch.optim.Adam(state.values(), lr=1e-2)
    for _ in range(6):
        logits = model(found_inputs).clone().detach().requires_grad_(True)
        (cotangent,) = torch.autograd.grad(loss(logits, found_targets), logits)
        found = probe.gradients(model, found_inputs, cotangent=cotangent)
        for name, value in state.items():
            value.grad = found["parameters"][name]
        optimizer.step()
        probe.load_state(model, {name: value.clone() for name, value in state.items()})
    after = loss(model(inputs).detach(), targets).item()
    assert after < 0.9 * before, f"the loss was {before:.3f} before training, {after:.3f} after it"


# Responses


@pytest.mark.exercise("extract_response")
@settings(max_examples=25)
@given(
    prompt=SAYING,
    response=st.lists(
        st.sampled_from(["Response", "#", "### ", ":", "Yes.", "\n", " ", "é", "🙂"]), max_size=6
    )
    .map(lambda parts: "".join(parts).strip())
    .filter(lambda text: HEADING not in text),
    before=st.sampled_from(["\n\n", "\n", "", "  \n"]),
    between=st.sampled_from(["\n", " ", "\t\r\n"]),
    after=st.sampled_from(["", "\n", " \n\n", "\t"]),
)
@example(prompt="Repeat.", response="### no\n: é", before="\n\n", between="\n", after="")
@example(prompt="Repeat.", response="no", before="\n\n", between="\t", after="\t")
def test_any_response(chapter, probe, prompt, response, before, between, after):
    """After the prompt, only one heading and white space at both ends are taken away."""
    full_text = f"{prompt}{before}{HEADING}{between}{response}{after}"
    found = chapter.extract_response(full_text, prompt)
    assert found == response, f"the response in {full_text!r} is {response!r}, not {found!r}"


@pytest.mark.exercise("extract_response")
def test_a_response_may_repeat_the_prompt(chapter, probe):
    """Only where the text begins is the prompt cut off."""
    found = chapter.extract_response(f"Say it.\n\n{HEADING}\nSay it. Say it.", "Say it.")
    assert found == "Say it. Say it."
    assert chapter.extract_response("a\n\na", "a") == "a"


@pytest.mark.exercise("extract_response")
def test_a_response_without_a_heading(chapter, probe):
    """Without a heading, all that follows the prompt is the response, which may be empty."""
    assert chapter.extract_response("Say it.\n\nno person.\n", "Say it.") == "no person."
    assert chapter.extract_response("Say it.", "Say it.") == ""
    assert chapter.extract_response(f"Say it.\n\n{HEADING}\n", "Say it.") == ""


def entry_of(instruction, text="", **more):
    """An entry."""
    return {"instruction": instruction, "input": text, "output": "ok", **more}


@pytest.mark.exercise("generate_responses")
def test_the_model_is_shown_the_prompt(chapter, probe):
    """What the model sees first is the prompt with its input, as it is, and nothing after it."""
    entries = [entry_of("Add.", "1 2"), entry_of("Greet. ")]
    prompts, seen = [alpaca(entry) for entry in entries], []
    rests = dict(zip(prompts, ("3", f"\n\n{HEADING}\n Hi. \n"), strict=True))
    model = writer(probe, rests, seen)
    found = chapter.generate_responses(entries, model, characters(probe), 50, 500, END)
    assert [entry["model_response"] for entry in found] == ["3", "Hi."]
    assert seen[0] == prompts[0], f"the model was shown {seen[0]!r} first"
    assert prompts[1] in seen, f"the model was never shown {prompts[1]!r}"


@pytest.mark.exercise("generate_responses")
def test_the_first_end_ends_the_response(chapter, probe):
    """The response stops before the first new eos_id; one in the prompt does not stop it."""
    prompt = alpaca(entry_of("Stop! Go!"))
    tokenizer = characters(probe)
    for end in (ord("!"), 0):
        rest = f"\n\n{HEADING}\nDone! More! More".replace("!", chr(end))

        def forward(idx, rest=rest):
            logits = torch.zeros(*idx.shape, 128)
            logits[:, -1, ord(rest[idx.shape[1] - len(prompt)])] = 1.0
            return logits

        model = probe.module(forward)
        found = chapter.generate_responses([entry_of("Stop! Go!")], model, tokenizer, 30, 999, end)
        assert found[0]["model_response"] == "Done", f"with eos_id {end}, the response is {found}"


@pytest.mark.exercise("generate_responses")
def test_the_settings_are_heeded(chapter, probe):
    """At most max_new_tokens are added, and the model sees at most context_size, the last ones."""
    sizes = []

    def forward(idx):
        sizes.append(idx.shape[1])
        assert idx.shape[1] <= 7, f"the model was shown {idx.shape[1]} ids, over a context of 7"
        return functional.one_hot((idx + 1) % 128, 128).float()

    model, entry = probe.module(forward), entry_of("From", "a")
    found = chapter.generate_responses([entry], model, characters(probe), 5, 7, END)
    assert found[0]["model_response"] == "bcdef", found[0]["model_response"]
    assert max(sizes) == 7, f"the model was shown at most {max(sizes)} ids"
    found = chapter.generate_responses([entry], model, characters(probe), 0, 7, END)
    assert found[0]["model_response"] == ""


@pytest.mark.exercise("generate_responses")
def test_the_defaults_are_those_of_gpt2(chapter, probe):
    """Without settings the response ends at 50256, the <|endoftext|> of GPT-2's tokenizer."""
    entry = entry_of(f"Go on after {EOT}.")
    prompt = GPT2.encode(alpaca(entry), allowed_special={EOT})
    rest = [*GPT2.encode(f"\n\n{HEADING}\nYes. 日"), 50256, *GPT2.encode(" No.")]

    def forward(idx):
        assert idx[0, : len(prompt)].tolist() == prompt, "the model was not shown the prompt"
        logits = torch.zeros(1, idx.shape[1], 50257)
        logits[0, -1, rest[min(idx.shape[1] - len(prompt), len(rest) - 1)]] = 1.0
        return logits

    found = chapter.generate_responses([entry], probe.module(forward), gpt2(probe))
    assert found == [{**entry, "model_response": "Yes. 日"}]


@pytest.mark.exercise("generate_responses")
def test_entries_come_back_as_copies(chapter, probe):
    """Each entry comes back in its place with all its keys; those that were given stay."""
    entries = [entry_of("b", id=7), entry_of("a", model_response="old"), entry_of("b", id=8)]
    rests = {alpaca(entry): f"\n\n{HEADING}\nnew {entry['instruction']}" for entry in entries}
    placed = probe.place([dict(entry) for entry in entries])
    model, tokenizer = writer(probe, rests), characters(probe)
    found = chapter.generate_responses(placed, model, tokenizer, 40, 500, END)
    expected = [{**entry, "model_response": f"new {entry['instruction']}"} for entry in entries]
    assert found == expected
    assert probe.value(placed) == entries, "the entries that were given are not as they were"
    assert chapter.generate_responses([], model, tokenizer, 40, 500, END) == []


@pytest.mark.exercise("generate_responses")
@settings(max_examples=8)
@given(seed=SEEDS)
def test_decoding_is_greedy_and_without_dropout(chapter, probe, seed):
    """The likeliest id in eval mode comes next; mode and random stream are left as they were."""
    probe.seed(seed)
    entry = entry_of("Spell", "z")
    letters = sorted(set(alpaca(entry)))
    end = len(letters)
    cfg = {**CFG, "drop_rate": 0.5, "vocab_size": end + 1}
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    model.eval()
    ids, expected = [letters.index(letter) for letter in alpaca(entry)], []
    for _ in range(6):
        logits = model(torch.tensor([ids])[:, -9:])[0, -1]
        best, second = logits.topk(2).values.tolist()
        if best - second < 1e-4:
            break  # a tie, which rounding decides
        following = int(logits.argmax())
        if following == end:
            break
        expected.append(letters[following])
        ids.append(following)
    model.train()
    probe.get(model, "trf_blocks.0.norm1").eval()
    modes, state = probe.modes(model), probe.random_state()
    tokenizer = characters(probe, letters.index, lambda i: letters[i])
    size = max(len(expected), 1)
    found = chapter.generate_responses([entry], model, tokenizer, size, 9, end)
    if expected:
        assert found[0]["model_response"] == "".join(expected).strip()
    assert found[0]["instruction"] == "Spell"
    assert probe.modes(model) == modes, "the model is not in the mode in which it was found"
    assert torch.equal(probe.random_state(), state), "torch's random stream has moved"


# Scores


@pytest.mark.exercise("judge_prompt")
@settings(max_examples=20)
@given(entry=ENTRIES, response=SAYING)
@example(
    entry={"instruction": "{x}", "input": "'{}'", "output": 'a\n"b"'}, response="{}\n{response}"
)
def test_the_judge_sees_any_text(chapter, probe, entry, response):
    """Instruction, input, output and response stand in the text as they are."""
    text = chapter.judge_prompt(dict(entry), response)
    for part in (*entry.values(), response):
        assert part in text, f"{part!r} is not in {text!r}"


@pytest.mark.exercise("judge_prompt")
def test_the_judge_knows_the_scale(chapter, probe):
    """Both ends of the scale are named, and it is the given response that is to be scored."""
    entry = {"instruction": "Name it.", "input": "", "output": "a llama"}
    entry["model_response"] = "a zebrafish"
    placed = probe.place(dict(entry))
    text = chapter.judge_prompt(placed, "an alpaca")
    for number in ("0", "100"):
        assert re.search(rf"(?<!\d){number}(?!\d)", text), f"{number} is not in {text!r}"
    assert "an alpaca" in text
    assert "an alpaca" not in chapter.judge_prompt(placed, "a vicuna")
    assert "a zebrafish" not in text, "the response in the entry is in the text"
    assert probe.value(placed) == entry


@pytest.mark.exercise("parse_score")
@settings(max_examples=25)
@given(
    before=st.lists(st.sampled_from(["Score: ", "is ", "\n", "**", "(", "é\n", "[", " "])),
    number=st.integers(0, 100) | st.integers(-120, 1200) | st.integers(101, 10**30),
    after=st.sampled_from(["", "/100", " of 100", "%", "**\n", ")", " because 3 of 4 are right"]),
)
@example(before=["Score: ", "\n", "**"], number=85, after="/100")
@example(before=[], number=10**30, after="")
def test_the_first_integer_of_any_reply(chapter, probe, before, number, after):
    """Wherever it stands, the first integer is the score if it is from 0 to 100."""
    reply = f"{''.join(before)}{number}{after}"
    found, expected = chapter.parse_score(reply), number if 0 <= number <= 100 else None
    assert found == expected, f"parse_score({reply!r}) is {found!r}, expected {expected!r}"
    assert found is None or type(found) is int, f"a score is an int, not {found!r}"


@pytest.mark.exercise("parse_score")
def test_later_integers_do_not_count(chapter, probe):
    """If the first integer is not a score there is none, whatever comes after it."""
    replies = {"Out of 1000 points: 85": None, "-3, no: 50": None, "Score: 7 out of 10": 7}
    replies |= {"101 100": None, "0/100": 0, "I cannot say.": None, " \n": None, "score\n42": 42}
    for reply, expected in replies.items():
        found = chapter.parse_score(reply)
        assert found == expected, f"parse_score({reply!r}) is {found!r}, expected {expected!r}"


@pytest.mark.exercise("parse_score")
def test_an_integer_is_its_digits_and_a_minus(chapter, probe):
    """Digits and a minus sign right before them are an integer, whatever stands around them."""
    replies = {"-1": None, "score-5": None, "Score - 85": 85, "7-9": 7}
    replies |= {"score85": 85, "85pts": 85, "x² is 85": 85, "_85_": 85, "85.": 85}
    replies |= {"0085": 85, "0100": 100, "00101": None, "100": 100, "101": None, "-100": None}
    for reply, expected in replies.items():
        found = chapter.parse_score(reply)
        assert found == expected, f"parse_score({reply!r}) is {found!r}, expected {expected!r}"


@pytest.mark.exercise("mean_score")
@settings(max_examples=20)
@given(scores=st.lists(st.none() | st.integers(0, 100), min_size=1, max_size=9))
@example(scores=[None, None])
@example(scores=[0, 100, 0])
@example(scores=[1, 0, 0])
def test_mean_of_any_scores(chapter, probe, scores):
    """The mean is that of all scores, where a missing one is 0."""
    expected = statistics.fmean(0 if score is None else score for score in scores)
    placed = probe.place(list(scores))
    probe.assert_close(chapter.mean_score(placed), expected, f"mean_score({scores})")
    assert probe.value(placed) == scores


# Ollama


@pytest.mark.exercise("query_model")
def test_any_prompt_and_any_reply(chapter, probe):
    """Quotes, white space and any Unicode survive on the way there, and on the way back."""
    requests = []
    pieces = [' He said "no":', "\n\n", "{}", " é日本", "語 🙂", "", "\\n", ".", "\n"]
    url = probe.http(ollama(requests, pieces))
    prompt = ' A "quoted"\nprompt: äöü 日本語 🙂 \\ {"a": 1} &x=%20\n'
    assert chapter.query_model(prompt, "phi3:mini", url) == "".join(pieces)
    assert requests[0][2]["messages"] == [{"role": "user", "content": prompt}]
    assert requests[0][2]["model"] == "phi3:mini"


@pytest.mark.exercise("query_model")
def test_the_same_question_gets_the_same_reply(chapter, probe):
    """The options ask for temperature 0 and always for the same seed."""
    requests = []
    url = probe.http(ollama(requests, ["85"]))
    for prompt in ("Score it.", "Score it.", "Score this one, too."):
        assert chapter.query_model(prompt, "llama3", url) == "85"
    assert len(requests) == 3, f"the server was asked {len(requests)} times, expected 3"
    options = [question["options"] for _, _, question in requests]
    assert options[0]["temperature"] == 0, f"the options are {options[0]}"
    assert type(options[0]["seed"]) is int, f"the options are {options[0]}"
    assert options[0] == options[1]
    seeds = [option["seed"] for option in options]
    assert len(set(seeds)) == 1, f"the seeds are {seeds}"


@pytest.mark.exercise("query_model")
def test_the_address_is_the_one_given(chapter, probe):
    """The question goes to the address that was given, and to no other."""
    first, second = [], []
    probe.http(ollama(first, ["from the first"]))
    url = probe.http(ollama(second, ["from the second"]))
    url = f"{url.rsplit('/', 2)[0]}/behind/a/proxy/chat"
    assert chapter.query_model("Who?", "llama3", url) == "from the second"
    assert not first
    assert [path for _, path, _ in second] == ["/behind/a/proxy/chat"]


@pytest.mark.exercise("query_model")
def test_an_error_is_not_a_reply(chapter, probe):
    """An error status of the server raises an error: it is not taken for a reply."""
    requests = []
    assert (
        chapter.query_model("Hi.", "llama3", probe.http(ollama(requests, ["Hello."]))) == "Hello."
    )
    for status in (404, 500):
        url = probe.http(ollama(requests, [], status))
        with pytest.raises((OSError, ValueError)):
            chapter.query_model("Hi.", "llama3", url)
    assert len(requests) >= 3, "the server was not asked"
