"""Chapter 6: fine-tuning a GPT model to tell spam from other messages.

The data first (load_sms_rows, create_balanced_dataset, random_split, SpamDataset), then the model
(prepare_for_classification), where it is read (last_token_logits), its loss and accuracy,
training, and the use of what was trained (classify_review).

Messages of one batch differ in length and are filled up with padding tokens. GPT's attention looks
back only, so that padding *after* a message changes nothing before it: read at the last real
token, a prediction does not depend on how much padding follows. Read at the last position, as the
printed book does, it does.

In shape comments B is the batch, T time (positions), C emb_dim, V vocab_size, K classes.
"""

import contextlib
import itertools
import math
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from .ch04_gpt import GPTModel

LABELS = {"ham": 0, "spam": 1}  # what a row says, and what a model is trained on


def load_sms_rows(path: str | os.PathLike[str]) -> list[dict[str, str]]:
    r"""Read messages and their labels from a tab-separated text file, one message a line.

    Each line is a label, a tab, and the message. Nothing in it is quoted or escaped: a quotation
    mark is part of the message, wherever it stands, one or many. Lines end with a line feed, or
    with carriage return and line feed, which do not belong to the message; the last one may lack
    its end. A carriage return alone does not occur. No other character ends a line: a message may
    hold a U+0085 or U+2028, at which str.splitlines would cut. White space around a message belongs
    to it, and a message may be empty. Blank lines are skipped; no line is of white space alone.
    There is no header. The file is UTF-8, whatever the computer's own encoding is.

    Args:
        path: The file.

    Returns:
        {"label": ..., "text": ...} for each message, in the order of the file.

    Raises:
        ValueError: A line has no tab; the message says which, by its number in the file (blank
            lines count, the first line is 1) or by its text.

    Example:
        The two lines `ham<tab>"Ok` and `spam<tab>Call "now"!` give
        [{"label": "ham", "text": '"Ok'}, {"label": "spam", "text": 'Call "now"!'}].

    References:
        Book 6.2; Almeida et al. 2011, "Contributions to the Study of SMS Spam Filtering".
    """
    ### BEGIN SOLUTION
    rows = []
    with open(path, encoding="utf-8") as file:  # text mode turns every line end into \n
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            label, tab, text = line.rstrip("\n").partition("\t")
            if not tab:
                raise ValueError(f"line {number} has no tab between label and text: {line!r:.60}")
            rows.append({"label": label, "text": text})
    return rows
    ### END SOLUTION


### BEGIN SOLUTION
def _label_of(row: dict[str, str]) -> int:
    if row["label"] not in LABELS:
        raise ValueError(f"the label is {row['label']!r}, and should be one of {list(LABELS)}")
    return LABELS[row["label"]]


### END SOLUTION


def create_balanced_dataset(
    rows: Sequence[dict[str, str]], seed: int = 123
) -> list[dict[str, str]]:
    """Keep as many messages of one label as of the other: all of the rarer, a sample of the rest.

    Whichever label is the more frequent is drawn down to the number of the other, at random and
    without replacement: of n messages each is as likely as any other to stay, none comes twice.
    Rows of the same text are as many messages. Random numbers come from a generator of this call's
    own: the random streams that others use (torch's, Python's, NumPy's) are left alone.

    Args:
        rows: Rows whose "label" is "ham" or "spam", as load_sms_rows gives; left unchanged.
        seed: Start of the random numbers: the same rows and seed give the same answer.

    Returns:
        The rows that are kept, in the order in which they stand in `rows`.

    Example:
        Of one "spam" and 9 "ham" rows, 2 are returned: the "spam" and one of the "ham", in front
        of or behind it as in `rows`.

    References:
        Book 6.2.
    """
    ### BEGIN SOLUTION
    places: list[list[int]] = [[], []]
    for i, row in enumerate(rows):
        places[_label_of(row)].append(i)
    count, rng = min(map(len, places)), random.Random(seed)  # noqa: S311 - no secret
    kept = {i for of_label in places for i in rng.sample(of_label, count)}
    return [row for i, row in enumerate(rows) if i in kept]
    ### END SOLUTION


def random_split(
    rows: Sequence[dict[str, str]], train_frac: float, validation_frac: float, seed: int = 123
) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    """Shuffle rows and deal them into three parts: training, validation and test.

    The first part gets int(len(rows) * train_frac) rows, the second int(len(rows) *
    validation_frac), the third all others: every row lands in exactly one part. Random numbers
    come from a generator of this call's own: the random streams that others use (torch's, Python's,
    NumPy's) are left alone.

    Args:
        rows: Any rows; left unchanged, their order too.
        train_frac: Share of the first part, from 0 to 1.
        validation_frac: Share of the second part; the two add up to 1 at most.
        seed: Start of the random numbers: the same rows and seed give the same answer.

    Returns:
        The rows for training, for validation and for test, each part in shuffled order.

    Raises:
        ValueError: A share is negative, or the two add up to more than 1; the message names both.

    Example:
        Of 10 rows, `random_split(rows, 0.7, 0.1)` gives parts of 7, 1 and 2.

    References:
        Book 6.2.
    """
    ### BEGIN SOLUTION
    if min(train_frac, validation_frac) < 0 or train_frac + validation_frac > 1 + 1e-9:
        raise ValueError(f"{train_frac} and {validation_frac} are no shares of one whole")
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    train_end = int(len(rows) * train_frac)
    validation_end = train_end + int(len(rows) * validation_frac)
    return shuffled[:train_end], shuffled[train_end:validation_end], shuffled[validation_end:]
    ### END SOLUTION


class SpamDataset(Dataset[tuple[Tensor, int]]):
    """Messages as token ids of one length, with labels as numbers.

    A message that is too long keeps its first tokens; one that is too short is filled up with
    padding tokens at its end. `<|endoftext|>` in a message is the special token of that name, and
    no reason to fail.

    Attributes:
        max_length: The number of ids of each item, an int.

    Args:
        rows: Rows with "label" ("ham" or "spam") and "text"; left unchanged.
        tokenizer: Has `encode(text, allowed_special=...)`, which gives a list of ids; the list is
            left unchanged. It is called with {"<|endoftext|>"}: without it, tiktoken's raises
            ValueError where it meets one.
        max_length: The number of ids of each item; None takes that of the longest message.
        pad_token_id: The id that fills up; 50256 is GPT-2's `<|endoftext|>`.

    Raises:
        ValueError: A label is neither "ham" nor "spam"; the message names it.

    Example:
        With a tokenizer that gives [5, 6, 7] for "win win win" and [8] for "ok", the items of
        SpamDataset([{"label": "spam", "text": "win win win"}, {"label": "ham", "text": "ok"}],
        tokenizer) are ([5, 6, 7], 1) and ([8, 50256, 50256], 0), the ids as tensors.

    References:
        Book 6.3.
    """

    def __init__(
        self,
        rows: Sequence[dict[str, str]],
        tokenizer: Any,
        max_length: int | None = None,
        pad_token_id: int = 50256,
    ) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.labels = [_label_of(row) for row in rows]
        special = {"<|endoftext|>"}
        encoded = [list(tokenizer.encode(row["text"], allowed_special=special)) for row in rows]
        if max_length is None:
            max_length = max(map(len, encoded), default=0)
        self.max_length = max_length
        self.ids = torch.full((len(encoded), max_length), pad_token_id)  # (rows, T)
        for line, ids in zip(self.ids, encoded, strict=True):
            line[: len(ids)] = torch.tensor(ids[:max_length])
        ### END SOLUTION

    def __len__(self) -> int:
        """Count the messages."""
        ### BEGIN SOLUTION
        return len(self.labels)
        ### END SOLUTION

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Give one message.

        Args:
            index: Its place in `rows`.

        Returns:
            Token ids, (max_length,) int64, and the label, 0 for "ham" and 1 for "spam": two values
            of which a DataLoader makes (B, max_length) int64 and (B,) int64.
        """
        ### BEGIN SOLUTION
        return self.ids[index], self.labels[index]
        ### END SOLUTION


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    """Turn a language model into a classifier of which only the end is trained, in place.

    All parameters are frozen (requires_grad is False). Then the output head gives way to a new,
    randomly started nn.Linear(emb_dim, num_classes) with bias, and three things are trained: this
    head, the last transformer block and final_norm, whatever was frozen before the call. No other
    weight changes; where the old head shared its weight with tok_emb, tok_emb keeps it.

    Args:
        model: A GPTModel with trf_blocks, final_norm and out_head; changed.
        num_classes: The number of classes K, at least 1.

    Returns:
        `model` itself, which now maps ids (B, T) to logits (B, T, K).

    Example:
        On the 124M model with qkv_bias, 2 classes leave 124,441,346 parameters, of which 7,090,946
        are trained: 7,087,872 in the block, 1,536 in the norm and 1,538 in the head.

    References:
        Book 6.5.
    """
    ### BEGIN SOLUTION
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes, device=old.device, dtype=old.dtype)
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    return model
    ### END SOLUTION


def last_token_logits(logits: Tensor, lengths: Tensor) -> Tensor:
    """Pick from each row the logits at its last real token, and not at the padding behind it.

    Args:
        logits: The model's output, (B, T, K) float; left unchanged.
        lengths: The number of positions of each row up to its last real token, (B,) int64, each
            from 1 to T.

    Returns:
        Logits, (B, K), dtype of `logits`: row b is logits[b, lengths[b] - 1]. Gradients flow.

    Example:
        With `logits = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])`,
        `last_token_logits(logits, torch.tensor([3, 1]))` is [[3.0], [4.0]].

    References:
        Book 6.6.
    """
    ### BEGIN SOLUTION
    rows = torch.arange(logits.shape[0], device=logits.device)  # (B,)
    return logits[rows, lengths.to(logits.device) - 1]  # (B, K)
    ### END SOLUTION


### BEGIN SOLUTION
def _class_logits(model: nn.Module, ids: Tensor, pad_token_id: int) -> Tensor:
    """What the model answers at the last token of each row that is no padding."""
    positions = torch.arange(1, ids.shape[1] + 1, device=ids.device)  # (T,)
    ends = positions * (ids != pad_token_id)  # (B, T), 0 where there is padding
    # The last, not the count: the padding token may stand inside a message too.
    return last_token_logits(model(ids), ends.amax(dim=1).clamp(min=1))  # (B, K)


@contextlib.contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode, no graph, and afterwards modes and random stream as they were found."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:  # a DataLoader draws a number whenever it is iterated over
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        for module, mode in modes:
            module.training = mode


### END SOLUTION


def calc_accuracy_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: torch.device | str,
    num_batches: int | None = None,
    pad_token_id: int = 50256,
) -> float:
    """Compute the share of messages that a model classifies rightly.

    The prediction is the class with the highest logit at the last real token of a row: the last
    one that is not `pad_token_id`, which may well stand earlier in the row too. So it does not
    depend on how much padding follows. A row of padding alone is read at its first position. All
    messages count alike, whatever the size of their batch.

    The model runs in eval mode, without a gradient graph; afterwards it is back in the mode, train
    or eval, in which the whole of it was found, and torch's random stream is where it was: a
    DataLoader draws from it whenever it is iterated over.

    Args:
        data_loader: Batches of ids (B, T) int64 and labels (B,) int64; T and B may differ from
            batch to batch. A DataLoader or a list: it has a length.
        model: Maps ids (B, T) to logits (B, T, K).
        device: Where the batches are moved to.
        num_batches: How many batches to look at, from the first; None or more than there are
            means all.
        pad_token_id: The id of padding.

    Returns:
        The share, a float from 0 to 1; nan if there is no message.

    Example:
        3 right of 4 messages in a first batch and 0 of 1 in a second give 0.6.

    References:
        Book 6.6.
    """
    ### BEGIN SOLUTION
    correct, count = 0, 0
    with _evaluating(model):
        for ids, labels in itertools.islice(data_loader, num_batches):
            logits = _class_logits(model, ids.to(device), pad_token_id)  # (B, K)
            correct += int((logits.argmax(dim=1) == labels.to(device)).sum())
            count += len(labels)
    return correct / count if count else math.nan
    ### END SOLUTION


def calc_class_loss_batch(
    input_batch: Tensor,
    target_batch: Tensor,
    model: nn.Module,
    device: torch.device | str,
    pad_token_id: int = 50256,
) -> Tensor:
    """Compute the cross entropy of a batch at the last real token of each row.

    That is the last token which is not `pad_token_id`; a row of padding alone is read at its first
    position. The loss does not depend on how much padding follows. The model runs in the mode in
    which it is.

    Args:
        input_batch: Token ids, (B, T) int64; left unchanged.
        target_batch: Labels, (B,) int64, each below K; left unchanged.
        model: Maps ids (B, T) to logits (B, T, K), for any number K of classes.
        device: Where the batch is moved to.
        pad_token_id: The id of padding.

    Returns:
        The mean over the rows of -log softmax(logits)[label], () float. Gradients flow from it to
        the parameters of the model.

    Example:
        If the logits at the last real token are [0.0, 0.0], the loss is ln 2 = 0.6931, whatever
        stands at other positions.

    References:
        Book 6.6.
    """
    ### BEGIN SOLUTION
    logits = _class_logits(model, input_batch.to(device), pad_token_id)  # (B, K)
    return nn.functional.cross_entropy(logits, target_batch.to(device))
    ### END SOLUTION


### BEGIN SOLUTION
def _loader_loss(data_loader: Any, model: nn.Module, device: Any, num_batches: int) -> float:
    total, count = 0.0, 0
    with _evaluating(model):
        for ids, labels in itertools.islice(data_loader, num_batches):
            total += calc_class_loss_batch(ids, labels, model, device).item() * len(labels)
            count += len(labels)
    return total / count if count else math.nan


### END SOLUTION


def train_classifier_simple(
    model: nn.Module,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
    num_epochs: int,
    eval_freq: int,
    eval_iter: int,
) -> tuple[list[float], list[float], list[float], list[float], int]:
    """Train a classifier, and take down how well it does.

    In train mode, each batch makes one update: fresh gradients of its calc_class_loss_batch, then
    one step of the optimizer. Padding is GPT-2's 50256, and how much of it follows a message makes
    no difference. After the first update, and then after every `eval_freq` updates (counted on
    through the epochs), both losses are taken down; at the end of each epoch both accuracies.

    What is taken down is measured in eval mode on the first `eval_iter` batches of each loader, on
    the weights as they are at that moment, and has no influence on the training: the weights do
    not depend on `eval_freq`, also where the model has dropout or train_loader shuffles.

    Args:
        model: Maps ids (B, T) to logits (B, T, K), in either mode; trained in place.
        train_loader: Batches of ids (B, T) int64 and labels (B,) int64; B may differ.
        val_loader: The same, of messages that the model is not trained on.
        optimizer: Over the parameters of the model that are to be trained.
        device: Where the batches are moved to.
        num_epochs: How many times to go through train_loader, which may give other batches each
            time.
        eval_freq: Number of updates from one measurement of the losses to the next, at least 1.
        eval_iter: Number of batches of a measurement; more than there are means all.

    Returns:
        Training losses, validation losses, training accuracies, validation accuracies (lists of
        floats, in the order of time; a loss is the mean over messages), and the number of examples
        that were trained on (an int, each counted as often as it was used).

    Example:
        3 epochs of 5 batches are updates 0 to 14; with `eval_freq=4` there are losses after updates
        0, 4, 8 and 12, and 3 accuracies. Of 5 batches with 8, 8, 8, 8 and 2 messages, 102 examples
        are seen.

    References:
        Book 6.7.
    """
    ### BEGIN SOLUTION
    train_losses, val_losses, train_accs, val_accs = [], [], [], []
    examples_seen, update = 0, 0
    for _ in range(num_epochs):
        model.train()
        for input_batch, target_batch in train_loader:
            optimizer.zero_grad()
            calc_class_loss_batch(input_batch, target_batch, model, device).backward()
            optimizer.step()
            examples_seen += len(target_batch)
            if not update % eval_freq:
                train_losses.append(_loader_loss(train_loader, model, device, eval_iter))
                val_losses.append(_loader_loss(val_loader, model, device, eval_iter))
            update += 1
        train_accs.append(calc_accuracy_loader(train_loader, model, device, eval_iter))
        val_accs.append(calc_accuracy_loader(val_loader, model, device, eval_iter))
    return train_losses, val_losses, train_accs, val_accs, examples_seen
    ### END SOLUTION


def classify_review(
    text: str,
    model: GPTModel,
    tokenizer: Any,
    device: torch.device | str,
    max_length: int | None = None,
    pad_token_id: int = 50256,
) -> str:
    """Say whether a text is spam.

    A text of more than `max_length` tokens, or of more than the model's context, is cut to its
    first ones. The answer is read at the last real token, and depends on nothing that may be put
    behind it: for every `max_length` that the text fits into it is the same, whatever the padding
    token is. `<|endoftext|>` in the text is the special token, and no reason to fail; no text ends
    in the padding token itself. An empty text may be read as one padding token, or be refused with
    ValueError, whatever `max_length` is.

    The model runs in eval mode, without a gradient graph; afterwards it is back in the mode, train
    or eval, in which the whole of it was found, and torch's random stream is where it was.

    Args:
        text: The message.
        model: A GPTModel with an out_head of two classes, of which 1 is spam. The rows of
            `model.pos_emb.weight` are its context.
        tokenizer: Has `encode(text, allowed_special=...)`, which gives a list of ids.
        device: Where the ids are moved to.
        max_length: The most tokens to look at, at least 1, such as that of the training data;
            None, or more than the context, means the context.
        pad_token_id: The id of padding.

    Returns:
        "spam" or "not spam".

    Example:
        `classify_review("You won a prize, call now!", model, tiktoken.get_encoding("gpt2"), "cpu")`
        is "spam" after training, and stays so with max_length=120 and max_length=1000.

    References:
        Book 6.8.
    """
    ### BEGIN SOLUTION
    context = model.pos_emb.weight.shape[0]
    length = context if max_length is None else min(max_length, context)
    ids = list(tokenizer.encode(text, allowed_special={"<|endoftext|>"}))[:length]
    idx = torch.tensor([ids or [pad_token_id]], device=device)  # (1, T)
    with _evaluating(model):
        logits = _class_logits(model, idx, pad_token_id)  # (1, K)
    return "spam" if logits.argmax().item() == 1 else "not spam"
    ### END SOLUTION
