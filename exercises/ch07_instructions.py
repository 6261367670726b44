"""Fine-tuning to follow instructions: from entries of a data set to a score for the answers.

An entry is a dict with the keys "instruction", "input" (often empty) and "output". It becomes a
prompt (format_input, format_input_phi3); entries are split and encoded (split_dataset,
InstructionDataset) and batched with targets that say what to learn (custom_collate_fn), which is
all that the training loop of chapter 5 needs. The trained model then answers (extract_response,
generate_responses), and another model, asked over HTTP, says how good the answers are
(judge_prompt, parse_score, mean_score, query_model).

Shapes: B batch, T tokens (time).

References:
    Book chapter 7; Taori et al. 2023, "Stanford Alpaca: An Instruction-following LLaMA Model";
    Abdin et al. 2024, "Phi-3 Technical Report".
"""

import json
import math
import re
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from .ch05_pretraining import generate, text_to_token_ids

Entry = Mapping[str, Any]  # "instruction", "input" and "output", each a text
Item = Any  # a pair (prompt_length, ids), or ids alone

HEADING = "### Response:"  # stands between the prompt and the response


def format_input(entry: Entry) -> str:
    r"""Turn an entry into the prompt of Alpaca, up to where the response begins.

    The prompt is this line, a blank line, the heading of the instruction, and the instruction
    (the first two lines here are one line of the prompt, with a space between them):

        Below is an instruction that describes a task.
        Write a response that appropriately completes the request.

        ### Instruction:
        {instruction}

    If the entry's input is not empty, a blank line, its heading and the input follow:

        ### Input:
        {input}

    Instruction and input stand there as they are, whatever characters they hold. Nothing is added
    at the end, not even a newline.

    Args:
        entry: With "instruction" and "input"; other keys do not matter. Left as it was. An
            instruction, or an input that is not empty, is never white space alone.

    Returns:
        The prompt.

    Example:
        format_input({"instruction": "Add.", "input": "1 2"}) is "Below is an instruction that
        describes a task. Write a response that appropriately completes the request.\n\n###
        Instruction:\nAdd.\n\n### Input:\n1 2", all in one string.

    References:
        Book 7.2; Taori et al. 2023.
    """
    raise NotImplementedError("ch07_instructions.format_input")


def format_input_phi3(entry: Entry) -> str:
    r"""Turn an entry into the shorter prompt of Phi-3 (exercise 7.1 of the book).

    The prompt is `<|user|>`, a newline and the instruction; if the entry's input is not empty, a
    newline and the input follow. Nothing is added at the end. (In a full text of this style comes
    then a newline, `<|assistant|>`, a newline and the output, which are not part of the
    prompt.)

    Args:
        entry: With "instruction" and "input", as for `format_input`. Left as it was.

    Returns:
        The prompt.

    Example:
        format_input_phi3({"instruction": "Add.", "input": "1 2"}) is "<|user|>\nAdd.\n1 2".

    References:
        Book 7.2, exercise 7.1; Abdin et al. 2024.
    """
    raise NotImplementedError("ch07_instructions.format_input_phi3")


def split_dataset(
    entries: Sequence[Entry], train_frac: float, test_frac: float
) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Split entries into parts for training, testing and validation.

    Entries with the same instruction *and* the same input, to the letter, have the same prompt, and
    all of them go into the same part, whatever their outputs: a model must not be tested on a
    prompt that it was trained on. Every entry is in exactly one part, as often as it was given.

    Where all prompts differ, int(N * train_frac) of the N entries are for training,
    int(N * test_frac) for testing, and the rest for validation. Where prompts repeat, a part may
    miss its size, up or down, by less than the number of entries that share one prompt (and
    validation, which gets what is left, by less than twice that). The book takes the parts one
    after the other, in the order of the entries, and so does the reference: a part takes whole
    prompts until it has its size. Another order will do, if the same call gives the same parts
    again.

    Args:
        entries: Each with "instruction", "input" and "output"; left as they were.
        train_frac: The part that is for training, from 0 to 1.
        test_frac: The part that is for testing, from 0 to 1.

    Returns:
        The entries for training, for testing and for validation, in this order, as lists.

    Raises:
        ValueError: A fraction is negative, or both together are more than 1; the message names
            both.

    Example:
        For twenty entries with different prompts, train_frac=0.85 and test_frac=0.1, the parts
        have 17, 2 and 1 entries.

    References:
        Book 7.2.
    """
    raise NotImplementedError("ch07_instructions.split_dataset")


class InstructionDataset(Dataset[tuple[int, list[int]]]):
    r"""Entries as token ids, each with the length of its prompt.

    The full text of an entry is its prompt (`format_input`), a blank line, `### Response:`, a
    newline, and the output, with nothing after it. Item i is the pair (prompt_length, ids) for
    entry i: ids are those of the full text, prompt_length is the number of ids that the tokenizer
    gives for the prompt alone. `len` of the data set is the number of entries.

    Args:
        data: Entries with "instruction", "input" and "output"; left as they were.
        tokenizer: Has encode(text, allowed_special=...), which gives a list of ids. It is called
            with allowed_special={"<|endoftext|>"}, so that this token within a text is one id and
            not an error.

    Example:
        With a tokenizer that has one id for each character, and an entry whose prompt has 120
        characters and whose output is "Yes.", prompt_length is 120, and ids has
        120 + len("\n\n### Response:\n") + 4 = 140 ids.

    References:
        Book 7.3.
    """

    def __init__(self, data: Sequence[Entry], tokenizer: Any) -> None:
        raise NotImplementedError("ch07_instructions.InstructionDataset.__init__")

    def __len__(self) -> int:
        """Count the entries.

        Returns:
            How many there are.
        """
        raise NotImplementedError("ch07_instructions.InstructionDataset.__len__")

    def __getitem__(self, index: int) -> tuple[int, list[int]]:
        """Give one entry.

        Args:
            index: From 0 to `len` - 1.

        Returns:
            The pair (prompt_length, ids), an int and a list of ints (a tensor (T,) of int64 will
            do).
        """
        raise NotImplementedError("ch07_instructions.InstructionDataset.__getitem__")


def custom_collate_fn(
    batch: Sequence[Item],
    pad_token_id: int = 50256,
    ignore_index: int = -100,
    allowed_max_length: int | None = None,
    mask_instruction: bool = False,
    device: str | torch.device = "cpu",
) -> tuple[Tensor, Tensor]:
    """Make a batch: inputs of equal length, and targets that say what to learn from them.

    Rows are as long as the longest list of ids in the batch, T. A row of the inputs is a list of
    ids, then `pad_token_id` up to T. Its targets are the ids one step later: at each place the id
    that comes next, after the last id one `pad_token_id` (the model learns to stop), and
    `ignore_index` at all places after that. What is ignored follows from the length of the list: an
    id within it that happens to equal `pad_token_id` is an id like any other.

    With `mask_instruction`, targets that are ids of the prompt are ignored too (exercise 7.2 of the
    book): of a prompt of p ids, those are the first p - 1 targets (the id at place 0 is nobody's
    target), so that the first id after the prompt is the first thing to learn.

    With `allowed_max_length` M, only the first M places of inputs and targets stay. If that leaves
    a row in which every target is ignored, then the target at its last place stays what it would be
    without masking, so that no row is without a target.

    Args:
        batch: Pairs (prompt_length, ids), as `InstructionDataset` gives them, or plain lists of
            ids (which may have two ids, too); at least one, each with at least one id,
            0 <= prompt_length <= len(ids). The lists are left as they were.
        pad_token_id: Fills the rows; for GPT-2 the id of `<|endoftext|>`.
        ignore_index: What marks a target that the loss leaves out.
        allowed_max_length: The most places of a row, at least 1; None means no limit.
        mask_instruction: Whether targets within the prompt are ignored. Plain lists of ids have no
            prompt.
        device: Where the tensors shall be, as torch names it.

    Returns:
        Inputs and targets, (B, T) int64 each, or (B, M) where M is smaller than T.

    Example:
        [[1, 2, 3], [4]] gives the inputs [[1, 2, 3], [4, 50256, 50256]] and the targets
        [[2, 3, 50256], [50256, -100, -100]]. [(2, [1, 2, 3])] with mask_instruction gives the
        targets [[-100, 3, 50256]], and with allowed_max_length=1 as well [[2]].

    References:
        Book 7.3, exercise 7.2.
    """
    raise NotImplementedError("ch07_instructions.custom_collate_fn")


def extract_response(full_text: str, prompt: str) -> str:
    r"""Cut the response out of what a model has written.

    It is what follows the prompt, without the heading `### Response:` if that comes first, and
    without white space at its ends. The prompt is cut off where the text begins, and only there: a
    response may repeat it. The heading stands nowhere else.

    Args:
        full_text: Begins with the prompt. What follows may begin with white space.
        prompt: As `format_input` gives it.

    Returns:
        The response, which may be empty.

    Example:
        extract_response("Say yes.\n\n### Response:\nYes.\n", "Say yes.") is "Yes.".

    References:
        Book 7.5 and 7.7.
    """
    raise NotImplementedError("ch07_instructions.extract_response")


def generate_responses(
    entries: Sequence[Entry],
    model: nn.Module,
    tokenizer: Any,
    max_new_tokens: int = 256,
    context_size: int = 1024,
    eos_id: int | None = 50256,
    device: str | torch.device = "cpu",
) -> list[dict[str, Any]]:
    r"""Let a model respond to every entry.

    For each entry by itself the model is shown the ids of its prompt (`format_input`, nothing after
    it) and continues greedily, always with the likeliest id, for `max_new_tokens` ids or up to the
    first new `eos_id`, which is not part of the response (an `eos_id` in the prompt ends nothing).
    `extract_response` says what of the text is the response.

    The model runs in eval mode, and is then back in the mode in which it was found. torch's random
    stream is left alone.

    Args:
        entries: Each with "instruction" and "input"; left as they were, and so are the dicts.
        model: Maps ids (B, T) to logits (B, T, V), such as GPTModel; on `device`.
        tokenizer: Has encode(text, allowed_special=...), called with {"<|endoftext|>"}, and
            decode(ids).
        max_new_tokens: The most ids that a response may have, with its heading.
        context_size: The most ids that the model is shown, always the last ones.
        eos_id: The id that ends a response.
        device: Where the ids go for the model.

    Returns:
        A copy of each entry, in their order, with the response under "model_response" (in place of
        one that is there already).

    Example:
        If the model continues the prompt of {"instruction": "Say yes.", "input": ""} with
        "\\n\\n### Response:\\nYes." and then eos_id, the result for this entry is
        {"instruction": "Say yes.", "input": "", "model_response": "Yes."}.

    References:
        Book 7.7.
    """
    raise NotImplementedError("ch07_instructions.generate_responses")


def judge_prompt(entry: Entry, response: str) -> str:
    """Ask another model to score a response.

    The wording is yours. The text must hold, each as it stands: the instruction, the input if it is
    not empty, the entry's output (say that this is the correct one), and the response (say that
    this is to be scored). It must name the ends of the scale, 0 and 100, and it should ask for the
    integer alone, because a reply in prose is harder to read.

    Args:
        entry: With "instruction", "input" and "output". If there is a "model_response" in it, that
            does not matter: what is scored is `response`. Left as it was.
        response: What to score.

    Returns:
        The prompt for the judging model.

    Example:
        For the entry {"instruction": "Name a colour.", "input": "", "output": "Red."} and the
        response "Blue.", the text holds "Name a colour.", "Red.", "Blue.", "0" and "100".

    References:
        Book 7.8.
    """
    raise NotImplementedError("ch07_instructions.judge_prompt")


def parse_score(reply: str) -> int | None:
    """Read the score out of a judging model's reply.

    The score is the first integer in the reply, wherever it stands. A minus sign right before its
    digits belongs to it. The score is None if the reply has no integer, or if the first one is
    below 0 or above 100: later ones are not looked at.

    Args:
        reply: Any text whose integers `int` can read. Letters may stand right beside the digits,
            as in "85pts".

    Returns:
        The score, from 0 to 100, or None.

    Example:
        parse_score("Score: 85/100") is 85, parse_score("-5") and parse_score("Great!") are None.

    References:
        Book 7.8.
    """
    raise NotImplementedError("ch07_instructions.parse_score")


def mean_score(scores: Sequence[int | None]) -> float:
    """Average scores, where a reply without a score counts as 0.

    Leaving such replies out would reward a model whose responses confuse the judge.

    Args:
        scores: At least one, as `parse_score` gives them; left as they were.

    Returns:
        The sum of the scores, None being 0, divided by the number of all of them.

    Example:
        mean_score([80, None, 100]) is 60.0.

    References:
        Book 7.8.
    """
    raise NotImplementedError("ch07_instructions.mean_score")


def query_model(prompt: str, model: str, url: str) -> str:
    r"""Ask a model that Ollama serves, over HTTP.

    POST a JSON object to `url`, encoded in UTF-8, with these keys: "model"; "messages", a list with
    one object, {"role": "user", "content": prompt}; "options", an object with "temperature" 0 and a
    "seed" that is always the same, so that the same question gets the same reply (the book also
    sets "num_ctx" to 2048, the size of the context); and, if you like, "stream".

    Unless "stream" is false, the reply is a stream of lines, each of them a JSON object whose
    ["message"]["content"] is the next piece of the text; any piece may be empty, and the last
    line's is. If "stream" is false, the reply is one such object with the whole text.

    Use what Python brings along: urllib.request (or http.client).

    Args:
        prompt: The question.
        model: The name of the model, such as "llama3".
        url: Where Ollama listens, such as "http://localhost:11434/api/chat".

    Returns:
        The text of the reply, all pieces joined, as they came.

    Raises:
        OSError: The server does not listen, or answers with an error status: urllib.request raises
            URLError and HTTPError by itself, which are kinds of OSError. (A ValueError will do.)

    Example:
        Of the lines {"message": {"content": "8"}, "done": false}, {"message": {"content": "5"},
        "done": false} and {"message": {"content": ""}, "done": true} the text is "85".

    References:
        Book 7.8; https://github.com/ollama/ollama/blob/main/docs/api.md
    """
    raise NotImplementedError("ch07_instructions.query_model")
