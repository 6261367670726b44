"""Chapter 5: pretraining, up to the weights that OpenAI trained.

Text becomes token ids and back (5.1), a loss says how surprised the model is (5.1), training makes
it less so (5.2), sampling turns its answers into text (5.3), a checkpoint keeps what was learned
(5.4), and GPT-2's own weights replace it (5.5).

Three rules hold throughout. What evaluates or generates does so in eval mode and without a gradient
graph, and leaves the model in the mode in which it was found: all of it in train mode, or all of
it in eval mode (models of which only a part trains are no case here). Evaluating leaves torch's
random stream alone, so that how often you look at a model does not change what it learns. What is
averaged is averaged over tokens, not over batches, which may differ in size.

In shape comments B is the batch, T time (positions), C emb_dim, V vocab_size, L context_length.

References:
    Book chapter 5; Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
"""

import contextlib
import ctypes
import itertools
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .ch04_gpt import GPTModel, generate_text_simple

# Section 5.1: text, tokens, and the loss.


def text_to_token_ids(text: str, tokenizer: Any) -> Tensor:
    """Encode a text as a batch of one row of token ids.

    `<|endoftext|>` in the text stands for the special token, which the tokenizer has to be allowed:
    allowed_special={"<|endoftext|>"}, or "all", as GPT-2's tokenizer has no other.

    Args:
        text: Any text but the empty one.
        tokenizer: Has `encode(text, allowed_special=...)` giving a list of ids, as tiktoken's.

    Returns:
        Token ids, (1, T) int64.

    Example:
        `text_to_token_ids("Every effort moves you", tiktoken.get_encoding("gpt2"))` is
        [[6109, 3626, 6100, 345]].

    References:
        Book 5.1.1.
    """
    raise NotImplementedError("ch05_pretraining.text_to_token_ids")


def token_ids_to_text(token_ids: Tensor, tokenizer: Any) -> str:
    """Decode a batch of one row of token ids.

    Args:
        token_ids: Token ids, (1, T) int64, T >= 0; one single id (1, 1) is a row as well.
        tokenizer: Has `decode(ids)`, which takes a flat list of Python ints.

    Returns:
        The text.

    Example:
        `token_ids_to_text(torch.tensor([[15496, 11, 314, 716]]), tiktoken.get_encoding("gpt2"))`
        is "Hello, I am".

    References:
        Book 5.1.1.
    """
    raise NotImplementedError("ch05_pretraining.token_ids_to_text")


def cross_entropy(logits: Tensor, targets: Tensor, ignore_index: int = -100) -> Tensor:
    """Average how surprised the model is by the tokens that really came next, in nats.

    At each position, the logits are turned into probabilities by the softmax, and the loss is minus
    the logarithm of the target's. Positions whose target is `ignore_index` do not count: the mean
    is over the others. It must be *stable*: logits of any size, as long as their differences are
    finite, have a finite loss and finite gradients, also where exp would overflow, or a probability
    would be rounded to 0. Build it by hand: not from torch's cross entropy or nll_loss. Gradients
    flow to the logits.

    Args:
        logits: Scores, (N, V) or (B, T, V), float32 or float64.
        targets: Token ids, (N,) or (B, T) int64, each below V or equal to `ignore_index`.
        ignore_index: The target that marks a position as not counted; also one that is below V.

    Returns:
        The mean loss, a tensor of shape () and the dtype of `logits`; nan if no position counts.

    Example:
        Where both of two tokens are equally likely, the loss is ln 2 = 0.6931; with logits
        [[0.0, math.log(3.0)]] and target [1], the probability is 3/4 and the loss 0.2877.

    References:
        Book 5.1.2 and 5.1.3.
    """
    raise NotImplementedError("ch05_pretraining.cross_entropy")


def perplexity(loss: float | Tensor) -> float:
    """Turn a loss into the number of tokens between which the model is, in effect, undecided.

    Args:
        loss: A cross entropy in nats, a float or a tensor of shape ().

    Returns:
        exp(loss), a Python float.

    Example:
        A model that finds all of 50,257 tokens equally likely has a loss of 10.8249 and a
        perplexity of 50,257; one that is always sure and right has 0.0 and 1.0.

    References:
        Book 5.1.2.
    """
    raise NotImplementedError("ch05_pretraining.perplexity")


def calc_loss_batch(
    input_batch: Tensor, target_batch: Tensor, model: nn.Module, device: str | torch.device
) -> Tensor:
    """Compute the cross entropy of a model on one batch, ready for `backward()`.

    Input and target are moved to the device with their method `to`. The model runs once, in the
    mode in which it is.

    Args:
        input_batch: Token ids, (B, T) int64.
        target_batch: For each position the token that comes next, (B, T) int64, or -100 where
            there is none to predict.
        model: Maps token ids (B, T) to logits (B, T, V), such as GPTModel; on `device`.
        device: Where to compute, "cpu" or torch.device("cpu") for instance.

    Returns:
        The mean over all positions of the batch that count, a tensor of shape () with its
        gradient graph.

    Example:
        If the model gives each of V tokens the same logit, the loss is ln V.

    References:
        Book 5.1.3.
    """
    raise NotImplementedError("ch05_pretraining.calc_loss_batch")


def calc_loss_loader(
    data_loader: Iterable[tuple[Tensor, Tensor]],
    model: nn.Module,
    device: str | torch.device,
    num_batches: int | None = None,
) -> float:
    """Compute the mean loss of a model over a whole data loader, or its first batches.

    The mean is over tokens, not over batches: a token in a small last batch counts as much as any
    other, and targets of -100 do not count at all (a batch may have nothing else).

    This evaluates: dropout is off, and afterwards the model is in the mode in which it was found,
    its weights and gradients are as they were, and so is torch's random stream, although going
    through a DataLoader draws from it, even without shuffling.

    Args:
        data_loader: Gives pairs of inputs and targets as in calc_loss_batch. A DataLoader or
            a list: it has a length.
        model: As in calc_loss_batch.
        device: Where to compute.
        num_batches: How many batches to use at most; None means all. The loader may have fewer.

    Returns:
        The mean loss, a Python float; nan if there is no token to count: with an empty loader,
        or with num_batches=0.

    Example:
        With losses of 1.0 on a batch of 6 tokens and 3.0 on a batch of 2, it is 1.5, not 2.0.

    References:
        Book 5.1.3.
    """
    raise NotImplementedError("ch05_pretraining.calc_loss_loader")


# Section 5.2: training.


def evaluate_model(
    model: nn.Module,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    device: str | torch.device,
    eval_iter: int,
) -> tuple[float, float]:
    """Compute a model's loss on what it is trained on, and on what it never saw.

    Neither weights nor mode nor torch's random stream change; dropout is off.

    Args:
        model: As in calc_loss_batch.
        train_loader: As in calc_loss_loader.
        val_loader: As in calc_loss_loader; may be empty.
        device: Where to compute.
        eval_iter: How many batches of each loader to use at most.

    Returns:
        Training loss, validation loss: Python floats, those of calc_loss_loader.

    Example:
        With an empty validation loader, the second one is nan.

    References:
        Book 5.2.
    """
    raise NotImplementedError("ch05_pretraining.evaluate_model")


def train_model_simple(
    model: GPTModel,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    device: str | torch.device,
    num_epochs: int,
    eval_freq: int,
    eval_iter: int,
    start_context: str,
    tokenizer: Any,
) -> tuple[list[float], list[float], list[int]]:
    """Train a model, in place, and note its losses on the way.

    An epoch goes through `train_loader` once, anew each time, and makes one update for each batch:
    the gradient of that batch's loss alone (calc_loss_batch), without any that the model came with,
    then one step of the optimizer. Updates run in train mode, in whatever mode the model came. They
    are counted from 0 on through all epochs; after each update whose number is a multiple of
    `eval_freq` (0, eval_freq, 2 * eval_freq, ...) the model is evaluated with evaluate_model. That
    does not change what is learned: the weights that come out are the same for each `eval_freq` and
    `eval_iter`, bit for bit.

    After each epoch you may print how the model would continue `start_context` (greedily, with
    `tokenizer`, and at most as many tokens in view as the model has positions), to see it learn.
    What is printed, if anything, is up to you.

    Args:
        model: A GPTModel on `device`.
        train_loader: Batches to learn from, as in calc_loss_loader; gone through once an epoch. It
            may give others each time, or the same in another order.
        val_loader: Batches to evaluate on, and not to learn from; may be empty.
        optimizer: Holds the model's parameters.
        device: Where to compute.
        num_epochs: How often to go through `train_loader`.
        eval_freq: How many updates lie between two evaluations, at least 1.
        eval_iter: How many batches of each loader an evaluation uses at most.
        start_context: A text to continue, not empty.
        tokenizer: Has encode and decode, as in text_to_token_ids and token_ids_to_text.

    Returns:
        Three lists with one entry for each evaluation: training losses and validation losses
        (floats, see evaluate_model), and the number of input tokens trained on up to then (ints),
        also those whose target is -100.

    Example:
        With 9 batches of 2 x 256 tokens, num_epochs=10 and eval_freq=5 there are 90 updates and
        18 evaluations, the first after 512 tokens and the second after 6 * 512 = 3072.

    References:
        Book 5.2.
    """
    raise NotImplementedError("ch05_pretraining.train_model_simple")


# Section 5.3: decoding strategies.


def softmax_with_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Turn logits into probabilities, sharper (temperature below 1) or flatter (above 1).

    Args:
        logits: Scores, (..., V) float, any leading dimensions; left unchanged.
        temperature: What the logits are divided by before the softmax, above 0.

    Returns:
        Probabilities that sum to 1 along the last dimension, shape and dtype of `logits`.

    Raises:
        ValueError: The temperature is negative; the message names it.

    Example:
        With logits [0, 1] and temperature 0.5, the probabilities are those of [0, 2]:
        [0.1192, 0.8808].

    References:
        Book 5.3.1.
    """
    raise NotImplementedError("ch05_pretraining.softmax_with_temperature")


def top_k_logits(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of each row, and set the others to -inf.

    Exactly k stay, also where the k-th largest logit occurs more than once: which of several equal
    ones stay is up to you.

    Args:
        logits: Scores, (..., V) float, any leading dimensions; left unchanged.
        k: How many to keep, at least 1; more than V keep all.

    Returns:
        A new tensor, shape and dtype of `logits`: at k places of each row the logit that was
        there, elsewhere -inf.

    Example:
        `top_k_logits(torch.tensor([1.0, 5.0, -2.0, 3.0]), 2)` is [-inf, 5.0, -inf, 3.0].

    References:
        Book 5.3.2.
    """
    raise NotImplementedError("ch05_pretraining.top_k_logits")


def generate(
    model: nn.Module,
    idx: Tensor,
    max_new_tokens: int,
    context_size: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    eos_id: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue each prompt, greedily or by drawing lots, until all are finished.

    In each step the model is called once, for all rows, and each row gets one token. With
    temperature 0 it is the one with the highest logit. Otherwise it is drawn, for each row and step
    anew, from the softmax of the logits at the last position: of the top_k largest only, if top_k
    is given, then divided by the temperature.

    A row that has been given `eos_id` (one in its prompt does not count) is finished: `eos_id`
    stays at its end, and as long as other rows go on, more of them follow. Once every row is
    finished, nothing more is appended, and the model is not called again.

    The model runs in eval mode, without a gradient graph, and is put back in the mode in which it
    was found. Lots are drawn from `generator` alone; without one, from torch's random stream. That
    is left alone when there is nothing to draw, or where a generator is given.

    Args:
        model: Maps token ids (B, T) to logits (B, T, V), such as GPTModel.
        idx: Prompts, (B, T) int64, T >= 1; left unchanged.
        max_new_tokens: How many tokens to append at most; 0 gives the prompts back.
        context_size: The most tokens that the model is shown, at least 1: always the last ones.
        temperature: 0 for greedy, above 0 for sampling.
        top_k: How many tokens to choose from, at least 1; None for all, as is more than V.
        eos_id: The token that ends a text; None for none.
        generator: The source of chance. One seeded alike gives the same tokens again.

    Returns:
        Prompts, each followed by its new tokens, (B, T + n) int64, n <= max_new_tokens.

    Raises:
        ValueError: The temperature is negative; the message names it.

    Example:
        If the highest logit is always that of the last id plus one, then
        `generate(model, torch.tensor([[3], [6]]), 5, 4, eos_id=8)` is
        [[3, 4, 5, 6, 7, 8], [6, 7, 8, 8, 8, 8]].

    References:
        Book 5.3.3.
    """
    raise NotImplementedError("ch05_pretraining.generate")


# Section 5.4: keeping what was learned. Its files are of the format that section 5.5 reads, too.


class SafetensorsFile(Mapping[str, Tensor]):
    """A safetensors file as a mapping from names to tensors; given, nothing to do here.

    Opening reads only the header: 8 bytes with its length (little-endian), then JSON with dtype,
    shape and place of each tensor. `file[name]` then reads that one tensor, as it is stored, into
    memory of its own, and keeps nothing: whoever asks twice reads twice. Close it, or use `with`.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a whole safetensors file; the message says where it fails.

    Example:
        `with SafetensorsFile("model.safetensors") as file: print(file["wte.weight"].shape)`

    References:
        https://github.com/huggingface/safetensors#format
    """

    MAX_HEADER = 100_000_000  # bytes, the format's own limit
    DTYPES: ClassVar[dict[str, torch.dtype]] = {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._name = Path(path).name
        self._file = open(path, "rb")  # noqa: SIM115 - open as long as this object is
        try:
            size = os.fstat(self._file.fileno()).st_size
            header, self._start = self._read_header(size)
            self._places = {n: self._place(n, e) for n, e in header.items() if n != "__metadata__"}
            self._check_layout(size - self._start)
        except BaseException:
            self._file.close()
            raise

    def _error(self, text: str) -> ValueError:
        return ValueError(f"{self._name} {text}")

    def _read_header(self, size: int) -> tuple[dict[str, Any], int]:
        if size == 0:
            raise self._error("is empty (0 bytes); copy or download it again")
        first = self._file.read(8)
        length = int.from_bytes(first, "little")
        if size < 8 or length > min(size - 8, self.MAX_HEADER):
            if first.startswith((b"PK\x03\x04", b"\x80")):  # torch.save: a zip, or a bare pickle
                raise self._error("is a pickle or a zip (.bin, .pt), which is not safetensors")
            raise self._error(
                f"is cut off or not safetensors: it has {size} bytes, and its header needs "
                f"{length + 8 if size >= 8 else 8}"
            )
        try:
            header = json.loads(
                self._file.read(length).decode(), object_pairs_hook=_without_duplicates
            )
        except (ValueError, RecursionError) as error:
            raise self._error(f"has a header that is not JSON: {error}") from None
        if not isinstance(header, dict):
            raise self._error(f"has a {type(header).__name__} for a header, where a dict belongs")
        return header, 8 + length

    def _place(self, name: str, entry: Any) -> tuple[int, int, torch.dtype, list[int]]:
        try:
            dtype, shape = self.DTYPES.get(entry["dtype"]), entry["shape"]
            begin, end = entry["data_offsets"]
            good = type(shape) is list and all(
                type(n) is int and 0 <= n < 2**62 for n in (*shape, begin, end)
            )
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise self._error(f"should have dtype, shape, data_offsets of {name!r}: {entry!s:.99}")
        if dtype is None:
            raise self._error(f"stores {name!r} as {entry['dtype']}, not as {list(self.DTYPES)}")
        need = math.prod(shape) * dtype.itemsize
        if end - begin != need:
            raise self._error(f"has {end - begin} bytes of {name!r}, and {shape} needs {need}")
        return begin, end, dtype, shape

    def _check_layout(self, size: int) -> None:
        at = 0
        for name, (begin, end, *_) in sorted(self._places.items(), key=lambda x: x[1][:2]):
            if begin != at:
                raise self._error(f"has {name!r} at byte {begin} of its data, and not at {at}")
            at = end
        if at != size:
            raise self._error(f"has {size} bytes of data, and its tensors take {at}: is it whole?")

    def __getitem__(self, name: str) -> Tensor:
        begin, end, dtype, shape = self._places[name]
        if begin == end:
            return torch.empty(shape, dtype=dtype)
        memory = bytearray(end - begin)
        self._file.seek(self._start + begin)
        if (count := self._file.readinto(memory)) != len(memory):
            raise self._error(f"gave {count} of the {len(memory)} bytes of {name!r}")
        return torch.frombuffer(memory, dtype=dtype).reshape(shape)

    def __contains__(self, name: object) -> bool:
        return name in self._places  # Mapping's own would read the tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)!r} stands there twice")
    return dict(pairs)


def write_safetensors(path: str | os.PathLike[str], tensors: Mapping[str, Tensor]) -> None:
    """Write tensors to a safetensors file; given, nothing to do here.

    The file appears as a whole: it is written beside `path`, under a name of its own, and takes the
    place of an older one only when it is complete.

    Args:
        path: The file.
        tensors: Names to tensors, each of a dtype in SafetensorsFile.DTYPES.
    """
    names = {dtype: name for name, dtype in SafetensorsFile.DTYPES.items()}
    header, at = {}, 0
    for name, tensor in tensors.items():
        end = at + tensor.numel() * tensor.element_size()
        shape, offsets = list(tensor.shape), [at, end]
        header[name] = {"dtype": names[tensor.dtype], "shape": shape, "data_offsets": offsets}
        at = end
    text = json.dumps(header).encode()
    part = Path(f"{os.fspath(path)}.part")
    with part.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            values = tensor.detach().cpu().contiguous()
            size = values.numel() * values.element_size()
            file.write((ctypes.c_char * size).from_address(values.data_ptr()) if size else b"")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def save_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer, step: int
) -> None:
    """Write all that is needed to go on with a training into one file.

    That is the state dicts of model and optimizer, the step, and the state of torch's random stream
    (torch.get_rng_state), from which dropout and shuffling draw. A state dict is nested: dicts
    (with ints for keys in an optimizer's), lists, tuples, tensors of the dtypes that
    SafetensorsFile knows, and plain values, of which numbers keep all their digits.

    What the file looks like is up to you, as long as load_checkpoint can read it without running
    code. Tensors and JSON will do: `write_safetensors` above writes tensors, and JSON text is a
    tensor of bytes, `torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)`.

    Nothing changes by it: neither model nor optimizer nor the random stream. A file that is there
    already is replaced, and stays as it was if saving fails (an optimizer whose state_dict raises,
    for instance).

    Args:
        path: The file, under exactly this name; its folder exists.
        model: Any module whose state dict holds tensors, in any mode.
        optimizer: Its optimizer, be it fresh or used.
        step: How many updates were made.

    Example:
        `save_checkpoint("model.ckpt", model, optimizer, 135)`, later
        `step = load_checkpoint("model.ckpt", model, optimizer)`.

    References:
        Book 5.4.
    """
    raise NotImplementedError("ch05_pretraining.save_checkpoint")


def load_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer | None = None
) -> int:
    """Put model, optimizer and torch's random stream back to where save_checkpoint found them.

    Going on from there equals never having stopped, bit for bit: weights, the optimizer's state and
    settings (its learning rate, for instance), dropout. No code from the file is run, whatever it
    holds: a file may come from anyone, so one that would run code when it is read, as a pickle can,
    is refused.

    Args:
        path: A file that save_checkpoint wrote.
        model: A module with the same parameters as the saved one, filled in place; its mode stays.
        optimizer: An optimizer of the same kind over its parameters, filled in place; None if none
            is needed, to go on without training. The random stream goes back all the same.

    Returns:
        The step that was saved, an int.

    Raises:
        ValueError: The file is no checkpoint, but runs code, for instance (SafetensorsFile finds
            that by itself). If you read files with something else, its own errors are as good.

    Example:
        See save_checkpoint.

    References:
        Book 5.4; https://docs.python.org/3/library/pickle.html on what a pickle may do.
    """
    raise NotImplementedError("ch05_pretraining.load_checkpoint")


# Section 5.5: loading pretrained weights.


class _NoRandomStart(TorchFunctionMode):
    """Skips what fills a new tensor with random numbers; all else happens as always."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in ("kaiming_uniform_", "normal_", "uniform_"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def empty_gpt(cfg: dict[str, Any]) -> GPTModel:
    """Build `GPTModel(cfg)` for weights that are about to come; given, nothing to do here.

    The random start of the weights is skipped, which takes most of the time, and memory that is
    not written to costs nothing. Masks and ties are as GPTModel makes them; until they are loaded,
    weights are whatever stood in memory.

    Args:
        cfg: As for GPTModel.

    Returns:
        The model, in training mode, with undefined weights.
    """
    with _NoRandomStart():
        return GPTModel(cfg)


def assign(left: Tensor, right: Any) -> Tensor:
    """Copy the numbers of `right` into `left`, in place.

    Shapes must be equal to the letter: nothing is broadcast, reshaped or transposed. `left` may be
    a parameter: it stays one, no gradient flows through the copy, and whatever shares its memory
    (tied weights) gets the numbers too. The two do not share memory afterwards.

    Args:
        left: What is filled, any shape and dtype; keeps both.
        right: A tensor, or whatever torch.as_tensor takes (a NumPy array, nested lists), of the
            shape of `left`. Left unchanged.

    Returns:
        `left` itself.

    Raises:
        ValueError: The shapes differ; the message gives both, and `left` is unchanged.

    Example:
        With `left = torch.zeros(2, 2)`, `assign(left, [[1, 2], [3, 4]])` makes `left`
        [[1.0, 2.0], [3.0, 4.0]]; `assign(left, torch.ones(2))` raises.

    References:
        Book 5.5.
    """
    raise NotImplementedError("ch05_pretraining.assign")


def load_weights_into_gpt(gpt: GPTModel, params: Mapping[str, Any]) -> None:
    """Copy GPT-2's weights into a model, in place.

    GPT-2 stores each linear layer as (in, out), the transpose of a linear layer's weight, and the
    three for queries, keys and values side by side in one, c_attn, in this order:

        params                        model                                   in params
        wte                           tok_emb.weight and out_head.weight      (V, C)
        wpe                           pos_emb.weight                          (L, C)
        blocks[i].attn.c_attn.{w,b}   att.W_query, att.W_key, att.W_value     (C, 3C), (3C,)
        blocks[i].attn.c_proj.{w,b}   att.out_proj                            (C, C), (C,)
        blocks[i].ln_1.{g,b}          norm1.scale, norm1.shift                (C,), (C,)
        blocks[i].ln_2.{g,b}          norm2.scale, norm2.shift                (C,), (C,)
        blocks[i].mlp.c_fc.{w,b}      ff.layers[0]                            (C, 4C), (4C,)
        blocks[i].mlp.c_proj.{w,b}    ff.layers[2]                            (4C, C), (C,)
        g, b                          final_norm.scale, final_norm.shift      (C,), (C,)

    All are keys of nested dicts, but `blocks`, which is a list, and `trf_blocks[i]` stands before
    the model's names of block i. Beware: the transpose of a square matrix, and the three parts of
    c_attn in another order, have the right shapes and the wrong meaning.

    Where `out_head` is tied to `tok_emb` it stays so; otherwise it gets a copy of wte. Parameters
    keep their dtype and share no memory with `params`; the model's mode and masks do not change.

    Args:
        gpt: A GPTModel of the checkpoint's sizes, built with qkv_bias=True.
        params: The dict above; each value a tensor or whatever torch.as_tensor takes. Left
            unchanged.

    Raises:
        ValueError: The numbers of blocks differ (the message gives both), a shape differs (the
            message gives both shapes, and the tensor by the last name in its path above, such as
            wpe, c_fc or ln_2), or `gpt` has no bias for queries, keys and values, so that those
            of c_attn would be lost (the message says "bias").

    Example:
        With C = 2, if blocks[0].attn.c_attn.w is [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], then
        W_query.weight of block 0 becomes [[1, 7], [2, 8]], and W_key.weight [[3, 9], [4, 10]].

    References:
        Book 5.5; Radford et al. 2019.
    """
    raise NotImplementedError("ch05_pretraining.load_weights_into_gpt")


def gpt2_params_from_state_dict(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """Sort the tensors of a Hugging Face GPT-2 checkpoint into the book's params dict.

    A checkpoint has flat names: wte.weight, wpe.weight, ln_f.weight, ln_f.bias and, with i from 0
    on, h.{i}.ln_1, h.{i}.attn.c_attn, h.{i}.attn.c_proj, h.{i}.ln_2, h.{i}.mlp.c_fc and
    h.{i}.mlp.c_proj, each with .weight and .bias. In many files all of them begin with
    `transformer.`. In params a layer's weight is called w and its bias b; a norm's are g and b, and
    those of ln_f stand at the top.

    Whatever else there is gets ignored: the causal masks of older files (h.{i}.attn.bias and
    h.{i}.attn.masked_bias, which are no weights, whatever they are called), and lm_head.weight,
    which is wte once more.

    Args:
        state_dict: Names to tensors, a dict or another mapping. Left unchanged.

    Returns:
        {"blocks": [block 0, block 1, ...], "wte": ..., "wpe": ..., "g": ..., "b": ...}, where each
        block is {"attn": {"c_attn": {"w": ..., "b": ...}, "c_proj": {"w": ..., "b": ...}},
        "ln_1": {"g": ..., "b": ...}, "ln_2": {"g": ..., "b": ...},
        "mlp": {"c_fc": {"w": ..., "b": ...}, "c_proj": {"w": ..., "b": ...}}}. Shapes and dtypes
        are those of the checkpoint: nothing is transposed, split or converted.

    Raises:
        ValueError: A tensor is missing, of the ends or of a block up to the highest number that
            has any; the message names it as the checkpoint would (such as h.0.mlp.c_fc.bias).

    Example:
        `params["blocks"][1]["ln_2"]["g"]` is `state_dict["h.1.ln_2.weight"]`, and `params["g"]` is
        `state_dict["ln_f.weight"]`.

    References:
        Book 5.5.
    """
    raise NotImplementedError("ch05_pretraining.gpt2_params_from_state_dict")


def load_gpt2(folder: str | os.PathLike[str]) -> GPTModel:
    """Build a GPTModel from a folder with a GPT-2 in the format of Hugging Face.

    The folder holds `config.json` and `model.safetensors`. Of the config count vocab_size,
    n_positions (where it is missing, n_ctx, its older name), n_embd, n_head and n_layer. Names in
    the file are those of `gpt2_params_from_state_dict`, with or without the prefix. Its numbers may
    be float32, float16 or bfloat16; the model's are float32.

    `SafetensorsFile` and `empty_gpt` above do what is not the point here. Where the model is large,
    the memory for a second copy of all weights may not be there: with one block read and copied at
    a time, no more than the model and its largest tensor are needed.

    Args:
        folder: Path of the folder.

    Returns:
        The model, in eval mode, with drop_rate 0.0, qkv_bias True, out_head tied to tok_emb, and
        parameters that can be trained further. Its logits are those of the checkpoint.

    Raises:
        FileNotFoundError: One of the two files is missing; the message names it.
        ValueError: The config lacks a number (the message names it); model.safetensors is not a
            whole safetensors file (the message names the file); a tensor is missing or has a shape
            that does not fit the config (the message is that of the functions above); or config and
            file differ in the number of blocks (the message gives both).

    Example:
        `load_gpt2("gpt2")(torch.tensor([[15496, 11, 314, 716]]))` has shape (1, 4, 50257).

    References:
        Book 5.5; Radford et al. 2019.
    """
    raise NotImplementedError("ch05_pretraining.load_gpt2")
