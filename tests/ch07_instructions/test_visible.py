"""What the learner sees while writing ch07_instructions."""

import json

import pytest
import torch

BEGIN = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)
ADD = {"instruction": "Add the numbers.", "input": "1 and 2", "output": "3"}
GREET = {"instruction": "Say hello.", "input": "", "output": "Hello!"}
END = 3  # the id that ends a response; no character of a prompt has it


def characters(probe):
    """A tokenizer with one id for each character, and what it is asked to encode."""
    texts = []

    def encode(text, allowed_special=()):
        texts.append(text)
        return [ord(character) for character in text]

    def decode(ids):
        return "".join(map(chr, torch.as_tensor(ids).tolist()))

    return probe.object(encode=encode, decode=decode), texts


def writer(probe, continuations):
    """A model that knows how to go on after each of these texts, and then says END."""

    def forward(idx):
        logits = torch.zeros(*idx.shape, 128)
        for row, ids in enumerate(idx.tolist()):
            text = "".join(map(chr, ids))
            for prompt, rest in continuations.items():
                if (prompt + rest).startswith(text) and text.startswith(prompt):
                    following = [*map(ord, rest), END][len(text) - len(prompt)]
                    logits[row, -1, following] = 5.0
        return logits

    return probe.module(forward)


def ollama(requests, pieces):
    """A server that replies as Ollama does, in one piece or as a stream of lines."""

    def answer(method, path, headers, body):
        try:
            requests.append((method, path, json.loads(body)))
        except ValueError:
            return 400, b'{"error": "the body of the request is not JSON"}'
        said = [{"message": {"role": "assistant", "content": p}, "done": False} for p in pieces]
        if requests[-1][2].get("stream", True):
            said.append({"message": {"role": "assistant", "content": ""}, "done": True})
        else:
            said = [{"message": {"role": "assistant", "content": "".join(pieces)}, "done": True}]
        return 200, [json.dumps(line).encode() + b"\n" for line in said]

    return answer


@pytest.mark.exercise("format_input")
def test_alpaca_prompt_by_hand(chapter, probe):
    """Alpaca's line, the instruction and, if there is one, the input; no newline at the end."""
    expected = f"{BEGIN}\n\n### Instruction:\nAdd the numbers.\n\n### Input:\n1 and 2"
    assert chapter.format_input(ADD) == expected
    assert chapter.format_input(GREET) == f"{BEGIN}\n\n### Instruction:\nSay hello."


@pytest.mark.exercise("format_input_phi3")
def test_phi3_prompt_by_hand(chapter, probe):
    """The mark of the user, the instruction and, if there is one, the input, a line each."""
    assert chapter.format_input_phi3(ADD) == "<|user|>\nAdd the numbers.\n1 and 2"
    assert chapter.format_input_phi3(GREET) == "<|user|>\nSay hello."


@pytest.mark.exercise("split_dataset")
def test_split_by_hand(chapter, probe):
    """Of 20 different prompts, 85 % are for training, 10 % for testing, the rest to validate."""
    entries = [{"instruction": f"Count to {i}.", "input": "", "output": ""} for i in range(20)]
    parts = chapter.split_dataset(entries, 0.85, 0.1)
    sizes = [len(part) for part in parts]
    assert sizes == [17, 2, 1], f"the parts have {sizes} entries, expected [17, 2, 1]"
    found = sorted(entry["instruction"] for part in parts for entry in part)
    assert found == sorted(entry["instruction"] for entry in entries)


@pytest.mark.exercise("split_dataset")
def test_a_repeated_prompt_stays_in_one_part(chapter, probe):
    """Entries with the same prompt are in the same part, also if their outputs differ."""
    entries = [
        {"instruction": f"Name colour {i}.", "input": "", "output": output}
        for output in ("red", "blue")
        for i in range(10)
    ]
    parts = chapter.split_dataset(entries, 0.6, 0.2)
    assert (
        sorted(entry["output"] for part in parts for entry in part) == ["blue"] * 10 + ["red"] * 10
    )
    places = [{entry["instruction"] for entry in part} for part in parts]
    assert all(places), f"the parts have {[len(part) for part in parts]} entries"
    for first, second in ((0, 1), (0, 2), (1, 2)):
        both = places[first] & places[second]
        assert not both, f"parts {first} and {second} share the prompts {sorted(both)}"


@pytest.mark.exercise("InstructionDataset")
def test_items_by_hand(chapter, probe):
    """An item is the length of the prompt and the ids of the full text, response and all."""
    data = chapter.InstructionDataset([ADD, GREET], characters(probe)[0])
    assert len(data) == 2
    prompt = f"{BEGIN}\n\n### Instruction:\nSay hello."
    length, ids = data[1]
    assert length == len(prompt), f"the length is {length}, the prompt has {len(prompt)} ids"
    text = "".join(map(chr, torch.as_tensor(ids).tolist()))
    assert text == f"{prompt}\n\n### Response:\nHello!"


@pytest.mark.exercise("custom_collate_fn")
def test_collate_by_hand(chapter, probe):
    """Targets are the ids one step later, one padding id after the last, and then nothing."""
    inputs, targets = chapter.custom_collate_fn([[11, 12, 13, 14], [21, 22], [31, 32, 33]])
    expected = [[11, 12, 13, 14], [21, 22, 50256, 50256], [31, 32, 33, 50256]]
    axes = ("row", "place")
    probe.assert_close(inputs, torch.tensor(expected), "inputs", axes)
    expected = [[12, 13, 14, 50256], [22, 50256, -100, -100], [32, 33, 50256, -100]]
    probe.assert_close(targets, torch.tensor(expected), "targets", axes)


@pytest.mark.exercise("custom_collate_fn")
def test_the_prompt_is_masked(chapter, probe):
    """With mask_instruction, the first thing to learn is the first id after the prompt."""
    batch = [(3, [11, 12, 13, 14, 15]), (1, [21, 22])]
    inputs, targets = chapter.custom_collate_fn(batch, pad_token_id=0, mask_instruction=True)
    expected = torch.tensor([[11, 12, 13, 14, 15], [21, 22, 0, 0, 0]])
    probe.assert_close(inputs, expected, "inputs", ("row", "place"))
    expected = torch.tensor([[-100, -100, 14, 15, 0], [22, 0, -100, -100, -100]])
    probe.assert_close(targets, expected, "targets", ("row", "place"))


@pytest.mark.exercise("custom_collate_fn")
def test_a_cut_row_keeps_a_target(chapter, probe):
    """Cut to allowed_max_length, a row that is all prompt keeps the target at its last place."""
    batch = [(4, [11, 12, 13, 14, 15]), (2, [21, 22, 23])]
    inputs, targets = chapter.custom_collate_fn(batch, 0, -1, 3, True)
    probe.assert_close(inputs, torch.tensor([[11, 12, 13], [21, 22, 23]]), "inputs")
    expected = torch.tensor([[-1, -1, 14], [-1, 23, 0]])
    probe.assert_close(targets, expected, "targets", ("row", "place"))


@pytest.mark.exercise("extract_response")
def test_extract_by_hand(chapter, probe):
    """The response is what follows the prompt, without heading and white space around it."""
    prompt = f"{BEGIN}\n\n### Instruction:\nSay hello."
    full_text = f"{prompt}\n\n### Response:\nHello, you two!\n"
    assert chapter.extract_response(full_text, prompt) == "Hello, you two!"


@pytest.mark.exercise("generate_responses")
def test_responses_by_hand(chapter, probe):
    """Each entry comes back as a copy that has what the model wrote, up to eos_id."""
    add = f"{BEGIN}\n\n### Instruction:\nAdd the numbers.\n\n### Input:\n1 and 2"
    greet = f"{BEGIN}\n\n### Instruction:\nSay hello."
    said = {add: "\n\n### Response:\nThree", greet: "\n\n### Response:\nHi."}
    tokenizer, model = characters(probe)[0], writer(probe, said)
    found = chapter.generate_responses([ADD, GREET], model, tokenizer, 40, 1024, END)
    assert found == [{**ADD, "model_response": "Three"}, {**GREET, "model_response": "Hi."}]


@pytest.mark.exercise("judge_prompt")
def test_the_judge_is_told_everything(chapter, probe):
    """The text holds the instruction, the input, the output, the response and the scale."""
    text = chapter.judge_prompt({**ADD, "output": "Three, surely."}, "I think four.")
    for part in ("Add the numbers.", "1 and 2", "Three, surely.", "I think four.", "0", "100"):
        assert part in text, f"{part!r} is not in the prompt for the judge"


@pytest.mark.exercise("parse_score")
def test_scores_by_hand(chapter, probe):
    """The first integer is the score; without one, or outside 0 to 100, the score is None."""
    replies = {"85": 85, "Score: 85/100, as 15 are lost": 85, "0": 0, "100 of 100": 100}
    replies |= {"Great!": None, "": None, "101": None, "-5": None}
    for reply, expected in replies.items():
        found = chapter.parse_score(reply)
        assert found == expected, f"parse_score({reply!r}) is {found!r}, expected {expected!r}"


@pytest.mark.exercise("mean_score")
def test_mean_by_hand(chapter, probe):
    """A reply without a score counts as 0: it is not left out."""
    probe.assert_close(chapter.mean_score([80, None, 100]), 60.0, "mean_score([80, None, 100])")
    probe.assert_close(chapter.mean_score([7, 8]), 7.5, "mean_score([7, 8])")


@pytest.mark.exercise("query_model")
def test_the_question_and_the_reply(chapter, probe):
    """The prompt is posted as Ollama's API wants it; the text of the reply comes back."""
    requests = []
    url = probe.http(ollama(requests, ["Llamas", " eat", " grass."]))
    reply = chapter.query_model("What do llamas eat?", "llama3", url)
    assert reply == "Llamas eat grass."
    assert len(requests) == 1, f"the server was asked {len(requests)} times"
    method, path, question = requests[0]
    assert (method, path) == ("POST", "/api/chat")
    assert question.get("model") == "llama3"
    assert question.get("messages") == [{"role": "user", "content": "What do llamas eat?"}]
