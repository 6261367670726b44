"""What only the judge sees of chapter 5."""

import contextlib
import copy
import io
import json
import math
import pickle
import re
import tempfile
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

SEEDS = st.integers(0, 2**32 - 1)


def words(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*\b{re.escape(str(word))}\b)" for word in needed)


# Sections 5.1 to 5.4: losses, training, sampling, checkpoints.

TEXTS = st.lists(st.one_of(st.text(max_size=12), st.just("<|endoftext|>")), max_size=4)


def gpt2_tokenizer(probe, decoded):
    """tiktoken's, beside the subject; notes what decode was given."""
    import tiktoken

    tokenizer = tiktoken.get_encoding("gpt2")

    def encode(text, allowed_special=()):
        special = allowed_special if isinstance(allowed_special, str) else set(allowed_special)
        return tokenizer.encode(text, allowed_special=special, disallowed_special=())

    def decode(ids):
        decoded.append(ids)
        return tokenizer.decode(ids)

    return tokenizer, probe.object(encode=encode, decode=decode)


def letters(probe, V):
    """A tokenizer with an id below V for each character."""

    def encode(text, allowed_special=()):
        return [ord(character) % V for character in text]

    def decode(ids):
        return " ".join(map(str, ids))

    return probe.object(encode=encode, decode=decode)


def table_model(probe, table):
    """A model whose logits for the token that follows token i are row i of a table."""
    model = probe.nn("Embedding", *table.shape)
    probe.load_state(model, {"weight": table})
    return model


def dropping_model(probe, table):
    """The same model, but in train mode everything is dropped: all logits are 0."""
    model, drop = probe.nn("Embedding", *table.shape), probe.nn("Dropout", 1.0)
    probe.load_state(model, {"weight": table})
    return probe.nn("Sequential", model, drop)


def random_batches(V, sizes, source, ignored=0.0):
    """Batches of random tokens, one for each (B, T); some targets are -100."""
    batches = []
    for size in sizes:
        x, y = (torch.randint(V, size, generator=source) for _ in range(2))
        batches.append((x, y.where(torch.rand(size, generator=source) >= ignored, -100)))
    return batches


PASSES = """
class Passes:
    def __init__(self, *passes):
        self.passes = list(passes)

    def __len__(self):
        return len(self.passes[0])

    def __iter__(self):
        return iter(self.passes[0] if len(self.passes) == 1 else self.passes.pop(0))
"""


def loader_of_passes(probe, *passes):
    """A loader: its batches at the first pass, the second, ..., all later ones."""
    return probe.code(PASSES).Passes(*passes)


def mean_loss(table, batches):
    """The loss of a table model over all tokens of some batches."""
    if not batches:
        return math.nan
    logits = torch.cat([table[x].flatten(0, 1) for x, _ in batches]).double()
    return F.cross_entropy(logits, torch.cat([y.flatten() for _, y in batches])).item()


def partial(probe, function, **settings):
    """functools.partial beside the subject, where a gradient can flow through the call."""
    return probe.earlier("ch04_gpt").torch.functools.partial(function, **settings)


def small_gpt(**changes):
    """The book's cfg of a tiny model."""
    cfg = {
        "vocab_size": 19,
        "context_length": 6,
        "emb_dim": 8,
        "n_heads": 2,
        "n_layers": 1,
        "drop_rate": 0.0,
        "qkv_bias": False,
    }
    return {**cfg, **changes}


def gpt_output(w, idx, cfg):
    """The logits of a GPTModel with these float64 parameters, by torch's own functions."""
    C = cfg["emb_dim"]
    x = w["tok_emb.weight"][idx] + w["pos_emb.weight"][: idx.shape[1]]
    for i in range(cfg["n_layers"]):
        b = {n.split(".", 2)[2]: p for n, p in w.items() if n.startswith(f"trf_blocks.{i}.")}
        h = F.layer_norm(x, (C,), b["norm1.scale"], b["norm1.shift"])
        q, k, v = (
            (h @ b[f"att.W_{n}.weight"].T).unflatten(-1, (cfg["n_heads"], -1)).transpose(1, 2)
            for n in ("query", "key", "value")
        )
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + F.linear(h, b["att.out_proj.weight"], b["att.out_proj.bias"])
        h = F.layer_norm(x, (C,), b["norm2.scale"], b["norm2.shift"])
        h = F.gelu(F.linear(h, b["ff.layers.0.weight"], b["ff.layers.0.bias"]), approximate="tanh")
        x = x + F.linear(h, b["ff.layers.2.weight"], b["ff.layers.2.bias"])
    x = F.layer_norm(x, (C,), w["final_norm.scale"], w["final_norm.shift"])
    return x @ w["out_head.weight"].T


def gpt_loss(w, batches, cfg):
    """The loss of such a model over all tokens of some batches, a float64 tensor."""
    w = {name: tensor.double() for name, tensor in w.items()}
    logits = torch.cat([gpt_output(w, x, cfg).flatten(0, 1) for x, _ in batches])
    return F.cross_entropy(logits, torch.cat([y.flatten() for _, y in batches]))


def train(chapter, probe, model, train_batches, val_batches, optimizer, **settings):
    """train_model_simple, with the arguments that matter least filled in."""
    given = {"num_epochs": 1, "eval_freq": 1, "eval_iter": 9, **settings}
    loaders = [
        probe.batches(batches) if isinstance(batches, list) else batches
        for batches in (train_batches, val_batches)
    ]
    results = chapter.train_model_simple(
        model,
        *loaders,
        optimizer,
        "cpu",
        given["num_epochs"],
        given["eval_freq"],
        given["eval_iter"],
        "go on",
        letters(probe, 19),
    )
    assert len(results) == 3, "train_losses, val_losses and tokens_seen are needed"
    return results


def descended(w, batches, cfg, lr, losses_of):
    """Plain gradient descent in float64, and after each update some losses."""
    losses = []
    for batch in batches:
        leaves = {name: tensor.double().requires_grad_() for name, tensor in w.items()}
        gpt_loss(leaves, [batch], cfg).backward()
        w = {name: leaf.detach() - lr * leaf.grad for name, leaf in leaves.items()}
        losses.append([gpt_loss(w, some, cfg).item() for some in losses_of])
    return w, losses


def scripted(table, shown=None):
    """A model whose logits follow from all the tokens it is shown, in their order."""
    V = table.shape[1]

    def forward(idx):
        if shown is not None:
            shown.append(idx.tolist())
        steps = torch.arange(1, idx.shape[1] + 1)
        return table[(idx * (2 * steps + 1)).cumsum(dim=1) % len(table)].reshape(*idx.shape, V)

    return forward


def continued(forward, idx, max_new_tokens, context_size, eos_id=None):
    """The greedy continuation, row by row; finished rows are filled up with eos_id."""
    rows = []
    for row in idx.tolist():
        new = []
        while len(new) < max_new_tokens and (not new or new[-1] != eos_id):
            scores = forward(torch.tensor([(row + new)[-context_size:]]))[0, -1].tolist()
            new.append(scores.index(max(scores)))
        rows.append((row, new))
    longest = max(len(new) for _, new in rows)
    return torch.tensor([row + new + [eos_id] * (longest - len(new)) for row, new in rows])


def assert_frequencies(drawn, probas, what):
    """Drawn tokens come as often as their probabilities say; a false alarm has a chance < 1e-9."""
    n = drawn.numel()
    found = torch.bincount(drawn.flatten(), minlength=len(probas)) / n
    # Hoeffding: P(|found - p| > d) <= 2 exp(-2 n d^2), and 100 such comparisons are made at most.
    allowed = math.sqrt(math.log(2 * 100 / 1e-9) / (2 * n))
    wrong = (found - probas).abs() > allowed
    assert not wrong.any(), f"{what}: a token comes too often, or too seldom"
    assert not found[probas == 0].any(), f"{what}: a token came that cannot be drawn"


def generator_of(probe, seed):
    """A torch.Generator beside the subject."""
    return probe.earlier("ch04_gpt").torch.Generator().manual_seed(seed)


def keeper(probe, state=None, loaded=None):
    """Something that has an optimizer's state dict, and notes what state dict it is given."""

    def load_state_dict(state):
        loaded.append(state)

    return probe.object(state_dict=lambda: state, load_state_dict=load_state_dict)


def adam_state(source=None):
    """What the state dict of an optimizer may look like."""
    return {
        "state": {
            0: {"step": torch.tensor(7.0), "exp_avg": torch.randn(3, 4, generator=source)},
            1: {"step": torch.tensor(7.0), "exp_avg": torch.randn(3, generator=source) * 1e-20},
        },
        "param_groups": [
            {"lr": 0.1 / 3, "betas": (0.9, 0.999), "fused": None, "amsgrad": True, "params": [0, 1]}
        ],
    }


def assert_same_state(found, expected, path):
    """Two nested states are equal bit for bit; whether a sequence is a list or a tuple is free."""
    if isinstance(expected, torch.Tensor):
        assert isinstance(found, torch.Tensor), f"{path} is not a tensor any more"
        assert found.dtype == expected.dtype, f"{path} became {found.dtype}"
        assert found.shape == expected.shape, f"{path} became {tuple(found.shape)}"
        same = found.nan_to_num(7.5).equal(expected.nan_to_num(7.5))
        assert same, f"{path} has other numbers"
    elif isinstance(expected, dict):
        assert isinstance(found, dict), f"{path} is not a dict any more"
        assert set(found) == set(expected), f"{path} has the keys {list(found)}"
        for key, value in expected.items():
            assert_same_state(found[key], value, f"{path}[{key!r}]")
    elif isinstance(expected, list | tuple):
        assert isinstance(found, list | tuple), f"{path} is not a sequence any more"
        assert len(found) == len(expected), f"{path} has {len(found)} entries"
        for i, value in enumerate(expected):
            assert_same_state(found[i], value, f"{path}[{i}]")
    else:
        same = found == expected and isinstance(found, type(expected))
        assert same, f"{path} became {found!r}"


@pytest.mark.exercise("text_to_token_ids")
@settings(max_examples=10)
@given(parts=TEXTS)
@example(parts=[" Hello, I am", "<|endoftext|>", " Every effort "])
def test_ids_are_those_of_the_tokenizer(chapter, probe, parts):
    """For any text the ids are the tokenizer's, and <|endoftext|> is one special token."""
    text = "".join(parts) or " "
    tokenizer, ours = gpt2_tokenizer(probe, [])
    expected = tokenizer.encode(text, allowed_special="all")
    ids = chapter.text_to_token_ids(text, ours)
    expected = torch.tensor([expected], dtype=torch.int64)
    probe.assert_close(ids, expected, "text_to_token_ids(text, tokenizer)", ("row", "token"))


@pytest.mark.exercise("token_ids_to_text")
@settings(max_examples=10)
@given(parts=TEXTS)
@example(parts=[" one id \n"])
@example(parts=["!"])
@example(parts=["na\u00efve \u65e5\u672c\u8a9e \U0001f642\U0001f9d1"])
def test_ids_become_the_text_again(chapter, probe, parts):
    """The ids of any text become that text; decode is given a flat list of Python ints."""
    text, decoded = "".join(parts), []
    tokenizer, ours = gpt2_tokenizer(probe, decoded)
    ids = tokenizer.encode(text, allowed_special="all")
    found = chapter.token_ids_to_text(torch.tensor([ids], dtype=torch.int64), ours)
    assert found == text, "the text differs"
    assert all(type(i) is int for ids in decoded for i in ids), "decode must get Python ints"


@pytest.mark.exercise("cross_entropy")
@settings(max_examples=25)
@given(
    leading=st.lists(st.integers(1, 4), min_size=1, max_size=2),
    V=st.integers(1, 9),
    scale=st.sampled_from([0.1, 1.0, 10.0]),
    double=st.booleans(),
    seed=SEEDS,
)
@example(leading=[3, 2], V=5, scale=1.0, double=False, seed=1)
@example(leading=[7], V=5, scale=10.0, double=True, seed=1)
def test_cross_entropy_equals_torch(chapter, probe, leading, V, scale, double, seed):
    """For any shape and any targets left out, the loss is that of torch.nn.functional."""
    source = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(*leading, V, generator=source, dtype=torch.float64)
    logits = logits if double else logits.float()
    targets = torch.randint(V, leading, generator=source)
    targets = targets.where(torch.rand(leading, generator=source) < 0.7, -100)
    expected = F.cross_entropy(logits.double().flatten(0, -2), targets.flatten()).to(logits.dtype)
    loss = chapter.cross_entropy(logits.clone(), targets.clone())
    probe.assert_close(loss, expected, "cross_entropy(logits, targets)")


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_of_large_logits(chapter, probe):
    """Large logits and tiny probabilities have a finite loss and finite gradients."""
    logits = torch.tensor([[1000.0, 0.0, -1000.0], [-2000.0, -1000.0, -3000.0], [0.0, 300.0, 0.0]])
    for targets, losses in (([0, 1, 1], 0.0), ([1, 0, 0], 2300 / 3), ([2, 2, 2], 4300 / 3)):
        targets = torch.tensor(targets)
        loss = chapter.cross_entropy(logits.clone(), targets)
        probe.assert_close(loss, torch.tensor(losses), "cross_entropy(large logits, targets)")
        found = probe.gradients(chapter.cross_entropy, logits.clone(), targets)["inputs"][0]
        expected = (logits.softmax(-1) - F.one_hot(targets, 3)) / 3
        probe.assert_close(found, expected, "the gradient for large logits")


@pytest.mark.exercise("cross_entropy")
@settings(max_examples=10)
@given(B=st.integers(1, 3), T=st.integers(1, 4), V=st.integers(2, 7), seed=SEEDS)
@example(B=2, T=4, V=5, seed=3)
def test_cross_entropy_has_gradients(chapter, probe, B, T, V, seed):
    """The gradient by the logits is torch's; what is left out has none."""
    source = torch.Generator().manual_seed(seed)
    logits = torch.randn(B, T, V, generator=source, dtype=torch.float64)
    targets = torch.randint(V, (B, T), generator=source)
    targets = targets.where(torch.rand(B, T, generator=source) < 0.6, -100)
    targets[0, 0] = 1
    leaf = logits.clone().requires_grad_()
    F.cross_entropy(leaf.flatten(0, 1), targets.flatten()).backward()
    found = probe.gradients(chapter.cross_entropy, logits.clone(), targets)["inputs"][0]
    probe.assert_close(found, leaf.grad, "the gradient", axes=("batch", "time", "token"))


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_of_nothing(chapter, probe):
    """If every target is left out the loss is nan; with one that counts it is that one's."""
    logits, targets = torch.randn(2, 3, 4), torch.full((2, 3), -100)
    loss = chapter.cross_entropy(logits.clone(), targets.clone())
    probe.assert_close(loss, torch.tensor(math.nan), "cross_entropy(logits, nothing but -100)")
    targets[1, 2] = 3
    loss = chapter.cross_entropy(logits.clone(), targets.clone())
    expected = -logits[1, 2].log_softmax(-1)[3]
    probe.assert_close(loss, expected, "cross_entropy(logits, one target)")


@pytest.mark.exercise("cross_entropy")
def test_another_ignore_index(chapter, probe):
    """ignore_index may be another number, also one that is a token's."""
    logits, targets = torch.randn(6, 4), torch.tensor([1, 2, 3, 2, 0, 1])
    for ignored in (2, 0, -1):
        marked = targets.where(targets != 3, ignored)
        expected = F.cross_entropy(logits, marked, ignore_index=ignored)
        loss = chapter.cross_entropy(logits.clone(), marked.clone(), ignore_index=ignored)
        probe.assert_close(loss, expected, f"cross_entropy(..., ignore_index={ignored})")


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_changes_no_argument(chapter, probe):
    """Logits and targets of the caller are the same afterwards as before."""
    logits, targets = torch.randn(2, 3, 4), torch.tensor([[0, -100, 2], [1, 3, -100]])
    placed = probe.place(logits.clone()), probe.place(targets.clone())
    loss = chapter.cross_entropy(*placed)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    probe.assert_close(loss, expected, "cross_entropy(logits, targets)")
    probe.assert_close(probe.value(placed[0]), logits, "the caller's logits")
    probe.assert_close(probe.value(placed[1]), targets, "the caller's targets")


@pytest.mark.exercise("perplexity")
@settings(max_examples=20)
@given(loss=st.floats(0, 20))
@example(loss=10.8249)
def test_perplexity_is_exp_of_the_loss(chapter, probe, loss):
    """The perplexity is e to the power of the loss, for floats as for tensors."""
    probe.assert_close(chapter.perplexity(loss), math.exp(loss), "perplexity(float)")
    tensor = torch.tensor(loss)
    expected = math.exp(tensor.item())
    probe.assert_close(chapter.perplexity(tensor), expected, "perplexity(tensor)")


@pytest.mark.exercise("calc_loss_batch")
@settings(max_examples=10)
@given(B=st.integers(1, 4), T=st.integers(1, 5), V=st.integers(2, 7), seed=SEEDS)
@example(B=3, T=4, V=6, seed=8)
def test_loss_of_a_batch_equals_torch(chapter, probe, B, T, V, seed):
    """For batches of any shape, and with targets of -100, the loss is torch's."""
    source = torch.Generator().manual_seed(seed)
    table = 2 * torch.randn(V, V, generator=source)
    [(x, y)] = random_batches(V, [(B, T)], source, ignored=0.3)
    loss = chapter.calc_loss_batch(x.clone(), y.clone(), table_model(probe, table), "cpu")
    expected = torch.tensor(mean_loss(table, [(x, y)]))
    probe.assert_close(loss, expected, "calc_loss_batch(x, y, model, 'cpu')")


@pytest.mark.exercise("calc_loss_batch")
def test_loss_of_a_batch_can_go_backward(chapter, probe):
    """The gradient of the loss reaches the model's parameters."""
    table = torch.randn(5, 5)
    x, y = torch.tensor([[0, 1, 2], [4, 3, 2]]), torch.tensor([[1, -100, 4], [3, 2, 2]])
    model = table_model(probe, table)
    call = partial(probe, chapter.calc_loss_batch, model=model, device="cpu")
    found = probe.gradients(call, x, y, module=model)["parameters"]["weight"]
    leaf = table.clone().requires_grad_()
    F.cross_entropy(leaf[x].flatten(0, 1), y.flatten()).backward()
    assert found is not None, "no gradient has reached the model"
    probe.assert_close(found, leaf.grad, "the gradient by the weights", ("token", "next token"))


@pytest.mark.exercise("calc_loss_batch")
def test_batches_are_moved_to_the_device(chapter, probe):
    """Input and target are both moved to the device that was given."""
    table, moved = torch.randn(5, 5), []
    x, y = torch.tensor([[0, 1, 2]]), torch.tensor([[1, 2, 4]])

    def movable(name, tensor):
        def to(*args, **settings):
            moved.append((name, str(args[0] if args else settings["device"])))
            return tensor

        return probe.object(to=to)

    for device in ("cpu", torch.device("cpu", 0)):
        moved.clear()
        batch = movable("input", x), movable("target", y)
        loss = chapter.calc_loss_batch(*batch, table_model(probe, table), device)
        expected = torch.tensor(mean_loss(table, [(x, y)]))
        probe.assert_close(loss, expected, f"calc_loss_batch(x, y, model, {device})")
        came = sorted(set(moved))
        assert came == [("input", str(device)), ("target", str(device))], f"moved: {came}"


@pytest.mark.exercise("calc_loss_batch")
def test_loss_of_a_batch_keeps_the_mode(chapter, probe):
    """The model runs in the mode in which it is: in train mode, with dropout."""
    table = torch.randn(5, 5)
    [(x, y)] = batches = random_batches(5, [(3, 4)], None)
    model = dropping_model(probe, table)
    loss = chapter.calc_loss_batch(x, y, model, "cpu")
    probe.assert_close(loss, torch.tensor(math.log(5)), "in train mode, all logits dropped")
    assert all(probe.modes(model).values()), "the model was in train mode, and is not"
    loss = chapter.calc_loss_batch(x, y, model.eval(), "cpu")
    probe.assert_close(loss, torch.tensor(mean_loss(table, batches)), "in eval mode")


@pytest.mark.exercise("calc_loss_loader")
@settings(max_examples=15)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), max_size=5),
    num_batches=st.one_of(st.none(), st.integers(0, 7)),
    ignored=st.sampled_from([0.0, 0.5, 0.9]),
    seed=SEEDS,
)
@example(sizes=[(3, 5), (1, 2), (2, 4)], num_batches=None, ignored=0.5, seed=1)
@example(sizes=[(1, 1), (3, 5), (2, 4)], num_batches=2, ignored=0.0, seed=1)
@example(sizes=[(2, 3), (1, 4)], num_batches=5, ignored=0.0, seed=1)
def test_every_token_counts_alike(chapter, probe, sizes, num_batches, ignored, seed):
    """Over batches of any sizes, the mean is over the targets that are not -100."""
    source = torch.Generator().manual_seed(seed)
    table = 3 * torch.randn(6, 6, generator=source)
    batches = random_batches(6, sizes, source, ignored)
    args = probe.batches(batches), table_model(probe, table), "cpu"
    loss = chapter.calc_loss_loader(*args, num_batches=num_batches)
    expected = mean_loss(table, batches[:num_batches])
    probe.assert_close(loss, expected, "calc_loss_loader(loader, model, 'cpu', num_batches)")


@pytest.mark.exercise("calc_loss_loader")
def test_batches_with_nothing_to_count(chapter, probe):
    """A batch of -100 only adds nothing; a loader with nothing else gives nan."""
    table = 3 * torch.randn(6, 6)
    batches = random_batches(6, [(2, 3), (2, 2), (1, 4)], None)
    nothing = torch.tensor([[1, 2]]), torch.tensor([[-100, -100]])
    model = table_model(probe, table)
    loader = probe.batches([batches[0], nothing, *batches[1:]])
    loss = chapter.calc_loss_loader(loader, model, "cpu")
    probe.assert_close(loss, mean_loss(table, batches), "a batch of -100 among others")
    loss = chapter.calc_loss_loader(probe.batches([nothing, nothing]), model, "cpu")
    probe.assert_close(loss, math.nan, "nothing but batches of -100")


@pytest.mark.exercise("calc_loss_loader")
def test_loss_of_a_loader_is_without_dropout(chapter, probe):
    """Dropout is off for the loss of a loader, and each module is in its old mode afterwards."""
    table, batches = 2 * torch.randn(5, 5), random_batches(5, [(2, 3), (1, 2)], None)
    model = dropping_model(probe, table)
    for training in (True, False):
        model.train(training)
        loss = chapter.calc_loss_loader(probe.batches(batches), model, "cpu")
        probe.assert_close(loss, mean_loss(table, batches), f"model.training={training}")
        modes = set(probe.modes(model).values())
        assert modes == {training}, f"model.training was {training}; now: {probe.modes(model)}"


@pytest.mark.exercise("calc_loss_loader")
def test_loss_of_a_loader_leaves_the_random_stream(chapter, probe):
    """Weights, gradients and torch's random stream are as before, though a DataLoader draws."""
    table, batches = 2 * torch.randn(5, 5), random_batches(5, [(2, 3), (1, 2)], None)
    model, pairs = table_model(probe, table), [(torch.tensor([0, 1]), torch.tensor([3, 2]))] * 5
    grads = probe.gradients(model, torch.tensor([[0, 1, 4, 1]]))["parameters"]
    before = probe.random_state()
    loss = chapter.calc_loss_loader(probe.batches(batches), model, "cpu")
    probe.assert_close(loss, mean_loss(table, batches), "calc_loss_loader(loader, model, 'cpu')")
    assert torch.equal(probe.random_state(), before), "torch's random stream has moved on"
    shuffled = probe.loader(pairs, batch_size=2, shuffle=True)
    loss = chapter.calc_loss_loader(shuffled, model, "cpu", num_batches=2)
    expected = mean_loss(table, [(x[None], y[None]) for x, y in pairs])
    probe.assert_close(loss, expected, "calc_loss_loader(shuffled loader, model, 'cpu')")
    assert torch.equal(probe.random_state(), before), "torch's random stream has moved on"
    probe.assert_close(probe.parameters(model)["weight"], table, "the weights")
    probe.assert_close(probe.get(model, "weight.grad"), grads["weight"], "the gradients")


@pytest.mark.exercise("evaluate_model")
@settings(max_examples=10)
@given(
    train_sizes=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=4),
    val_sizes=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=4),
    eval_iter=st.integers(1, 5),
    seed=SEEDS,
)
@example(train_sizes=[(3, 4), (1, 1), (2, 2)], val_sizes=[(1, 1), (2, 4)], eval_iter=1, seed=1)
@example(train_sizes=[(2, 2)], val_sizes=[], eval_iter=3, seed=1)
def test_both_losses_are_those_of_the_model(
    chapter, probe, train_sizes, val_sizes, eval_iter, seed
):
    """Both losses are means over the tokens of at most eval_iter batches; of none, nan."""
    source = torch.Generator().manual_seed(seed)
    table = 3 * torch.randn(6, 6, generator=source)
    train, val = (random_batches(6, sizes, source) for sizes in (train_sizes, val_sizes))
    loaders = probe.batches(train), probe.batches(val)
    losses = chapter.evaluate_model(table_model(probe, table), *loaders, "cpu", eval_iter)
    assert len(losses) == 2, "two losses are needed"
    probe.assert_close(losses[0], mean_loss(table, train[:eval_iter]), "the training loss")
    probe.assert_close(losses[1], mean_loss(table, val[:eval_iter]), "the validation loss")


@pytest.mark.exercise("evaluate_model")
def test_evaluation_changes_nothing(chapter, probe):
    """Dropout is off; afterwards mode, weights and torch's random stream are as before."""
    table = 2 * torch.randn(5, 5)
    train, val = (random_batches(5, [(2, 3), (1, 2)], None) for _ in range(2))
    model, loaders = dropping_model(probe, table), (probe.batches(train), probe.batches(val))
    for training in (True, False):
        model.train(training)
        before = probe.random_state()
        losses = chapter.evaluate_model(model, *loaders, "cpu", 5)
        probe.assert_close(losses[0], mean_loss(table, train), f"training={training}, first loss")
        probe.assert_close(losses[1], mean_loss(table, val), f"training={training}, second loss")
        modes = set(probe.modes(model).values())
        assert modes == {training}, f"model.training was {training}; now: {probe.modes(model)}"
        assert torch.equal(probe.random_state(), before), "torch's random stream has moved on"
        probe.assert_close(probe.parameters(model)["0.weight"], table, "the weights")


@pytest.mark.exercise("train_model_simple")
@settings(max_examples=5)
@given(seed=SEEDS, period=st.integers(2, 9), layers=st.integers(1, 2))
def test_loss_decreases_on_any_seed(chapter, probe, seed, period, layers):
    """On any seed, and any short text said again and again, 48 updates halve the loss."""
    source = torch.Generator().manual_seed(seed)
    ids = torch.randint(19, (period,), generator=source).repeat(40)[:73]
    batches = [(ids[i : i + 36].view(6, 6), ids[i + 1 : i + 37].view(6, 6)) for i in (0, 36)]
    cfg = small_gpt(n_layers=layers, emb_dim=16, drop_rate=0.1)
    probe.seed(seed)
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    before = gpt_loss(probe.parameters(model), batches, cfg).item()
    optimizer = probe.optimizer("AdamW", model, lr=0.01)
    settings = {"num_epochs": 2, "eval_freq": 47, "eval_iter": 2}
    results = train(chapter, probe, model, batches * 12, batches[:1], optimizer, **settings)
    after = gpt_loss(probe.parameters(model), batches, cfg).item()
    assert after < before / 2, "the loss has not become less than half of what it was"
    assert results[2] == [36, 48 * 36], "tokens_seen is wrong"
    assert len(results[0]) == 2, "two evaluations are needed"
    probe.assert_close(results[0][1], after, "the last of train_losses")


@pytest.mark.exercise("train_model_simple")
def test_each_update_follows_the_gradient_of_its_batch(chapter, probe):
    """Weights and losses are what the gradients of each epoch's batches make, and no others."""
    cfg = small_gpt()
    first, later = (random_batches(19, [(3, 6), (2, 4), (1, 5)], None) for _ in range(2))
    val = random_batches(19, [(2, 6), (1, 3)], None)
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    start, optimizer = probe.parameters(model), probe.optimizer("SGD", model, lr=0.05)
    weights, losses = descended(start, first + later, cfg, 0.05, (later[:2], val[:2]))
    probe.gradients(model, val[0][0])  # the model comes with gradients, which must not count
    loader = loader_of_passes(probe, first, later)
    results = train(
        chapter, probe, model, loader, val, optimizer, num_epochs=2, eval_freq=2, eval_iter=2
    )
    for name, tensor in probe.parameters(model).items():
        probe.assert_close(tensor, weights[name].float(), f"{name} after six updates")
    assert len(results[0]) == len(results[1]) == 3, "evaluations follow updates 0, 2 and 4"
    for i, update in enumerate((0, 2, 4)):
        what = f"losses[{i}], after update {update}"
        probe.assert_close(results[0][i], losses[update][0], f"train_{what}")
        probe.assert_close(results[1][i], losses[update][1], f"val_{what}")


@pytest.mark.exercise("train_model_simple")
def test_evaluations_come_every_eval_freq_updates(chapter, probe):
    """Updates are counted from 0 through all epochs; all three lists have an entry for each."""
    sizes = [(2, 6), (2, 3), (1, 5), (3, 2), (1, 1)]  # 12, 6, 5, 6 and 1 tokens
    seen, total = [], 0
    for B, T in sizes * 2:
        seen.append(total := total + B * T)
    model = probe.earlier("ch04_gpt").GPTModel(small_gpt(n_layers=0, qkv_bias=True))
    optimizer = probe.optimizer("SGD", model, lr=0.01)
    batches = random_batches(19, sizes, None)
    batches[0][1][0, 1:4] = -100  # their input tokens are trained on all the same
    for eval_freq in (3, 4, 1, 50):
        loaders = batches, (batches[:1] if eval_freq != 4 else [])
        results = train(
            chapter, probe, model, *loaders, optimizer, num_epochs=2, eval_freq=eval_freq
        )
        expected = seen[::eval_freq]
        assert results[2] == expected, f"eval_freq={eval_freq}: tokens_seen is wrong"
        for losses in results[:2]:
            assert len(losses) == len(expected), f"eval_freq={eval_freq}: {len(losses)} losses"
            assert all(type(loss) is float for loss in losses), "losses are floats"
        assert all(math.isnan(x) == (eval_freq == 4) for x in results[1]), "nan without batches"
    logits = model(batches[0][0])
    loss = F.cross_entropy(logits.flatten(0, 1), batches[0][1].flatten()).item()
    results = train(chapter, probe, model, batches[:1], batches[:1], optimizer, num_epochs=1)
    assert results[0][0] < loss, "an update did not lower the loss on its own batch"


@pytest.mark.exercise("train_model_simple")
def test_looking_does_not_change_what_is_learned(chapter, probe):
    """However often and long the model is evaluated, the same weights come out, bit for bit."""
    pairs = [(torch.randint(19, (6,)), torch.randint(19, (6,))) for _ in range(7)]
    results = []
    for eval_freq, eval_iter in ((1, 3), (2, 1), (99, 1)):
        probe.seed(11)
        model = probe.earlier("ch04_gpt").GPTModel(small_gpt(drop_rate=0.3))
        start = probe.parameters(model)
        loader = probe.loader(pairs, batch_size=3, shuffle=True)
        settings = {"num_epochs": 2, "eval_freq": eval_freq, "eval_iter": eval_iter}
        optimizer = probe.optimizer("AdamW", model, lr=0.01)
        train(chapter, probe, model, loader, [], optimizer, **settings)
        results.append(probe.parameters(model))
    for name, tensor in results[0].items():
        same = all(torch.equal(tensor, other[name]) for other in results[1:])
        assert same, f"{name} depends on how often the model was evaluated"
    moved = [not torch.equal(start[name], tensor) for name, tensor in results[0].items()]
    assert all(moved), "some weights have not moved at all"


@pytest.mark.exercise("train_model_simple")
def test_training_is_in_train_mode(chapter, probe):
    """Dropout is on in every update, in whatever mode the model came, and off in evaluations."""
    cfg = small_gpt(drop_rate_emb=1.0)  # so the embeddings learn nothing, unless dropout is off
    batches = random_batches(19, [(2, 6), (1, 6)], None)
    model = probe.earlier("ch04_gpt").GPTModel(cfg).eval()
    start, optimizer = probe.parameters(model), probe.optimizer("SGD", model, lr=0.1)
    results = train(chapter, probe, model, batches, batches, optimizer, num_epochs=3, eval_freq=5)
    weights = probe.parameters(model)
    for name in ("tok_emb.weight", "pos_emb.weight"):
        assert torch.equal(weights[name], start[name]), f"{name}: an update was without dropout"
    assert not torch.equal(weights["out_head.weight"], start["out_head.weight"]), "nothing learned"
    expected = gpt_loss(weights, batches, cfg).item()
    assert len(results[0]) == 2, "evaluations follow updates 0 and 5"
    probe.assert_close(results[0][1], expected, "the last of train_losses, without dropout")


@pytest.mark.exercise("softmax_with_temperature")
@settings(max_examples=20)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    temperature=st.sampled_from([0.02, 0.1, 0.5, 1, 1.5, 3.0, 50]),
    scale=st.sampled_from([1.0, 200.0]),
    double=st.booleans(),
    seed=SEEDS,
)
@example(shape=[2, 3, 4], temperature=0.1, scale=200.0, double=False, seed=1)
def test_temperature_divides_logits(chapter, probe, shape, temperature, scale, double, seed):
    """At any size and temperature, it is the softmax of the quotients along the last dimension."""
    source = torch.Generator().manual_seed(seed)
    # Multiples of 1/8 and a temperature that may be inexact: differences, and so the answer, are.
    logits = (scale * torch.randn(shape, generator=source, dtype=torch.float64)).round()
    expected = torch.softmax(logits / temperature, dim=-1)
    logits = logits if double else logits.float()
    placed = probe.place(logits.clone())
    probas = chapter.softmax_with_temperature(placed, temperature)
    what = f"softmax_with_temperature(logits, {temperature})"
    probe.assert_close(probas, expected.to(logits.dtype), what)
    probe.assert_close(probe.value(placed), logits, "the caller's logits")


@pytest.mark.exercise("softmax_with_temperature")
def test_a_negative_temperature_is_refused(chapter, probe):
    """A negative temperature would prefer the worst: it raises ValueError that names it."""
    logits = torch.tensor([1.0, -2.0, 0.5])
    for temperature in (-0.25, -37):
        with pytest.raises(ValueError, match=re.escape(str(temperature))):
            chapter.softmax_with_temperature(logits.clone(), temperature)
    probas = chapter.softmax_with_temperature(logits.clone(), 0.25)
    probe.assert_close(probas, torch.softmax(logits * 4, dim=-1), "temperature 0.25")


OVERWRITE = """
def overwrite(call, logits, k):
    call(logits, k).fill_(7.0)
"""


@pytest.mark.exercise("top_k_logits")
@settings(max_examples=25)
@given(
    leading=st.lists(st.integers(1, 3), max_size=2),
    V=st.integers(1, 8),
    k=st.integers(1, 11),
    levels=st.sampled_from([1, 2, 1000]),
    seed=SEEDS,
)
@example(leading=[2, 3], V=6, k=2, levels=1, seed=1)
@example(leading=[3], V=8, k=3, levels=2, seed=1)
@example(leading=[2], V=4, k=9, levels=1000, seed=1)
def test_exactly_k_logits_are_kept(chapter, probe, leading, V, k, levels, seed):
    """min(k, V) of the largest stay in their places in each row, also where several are equal."""
    source = torch.Generator().manual_seed(seed)
    logits = torch.randint(levels, (*leading, V), generator=source) / 4 - 3
    placed = probe.place(logits.clone())
    kept = chapter.top_k_logits(placed, k)
    assert isinstance(kept, torch.Tensor), "a tensor is needed"
    assert kept.shape == logits.shape, f"expected shape {tuple(logits.shape)}"
    assert kept.dtype == logits.dtype, f"expected dtype {logits.dtype}"
    stays = kept != -math.inf
    counts = stays.sum(dim=-1)
    assert bool((counts == min(k, V)).all()), f"{min(k, V)} logits of each row must stay"
    probe.assert_close(kept[stays], logits[stays], "the logits that stay")
    values = kept.sort(dim=-1, descending=True).values[..., : min(k, V)]
    expected = logits.sort(dim=-1, descending=True).values[..., : min(k, V)]
    probe.assert_close(values, expected, "the largest of each row")
    probe.assert_close(probe.value(placed), logits, "the caller's logits")
    probe.code(OVERWRITE).overwrite(chapter.top_k_logits, placed, k)
    probe.assert_close(probe.value(placed), logits, "the caller's logits, after writing to kept")


@pytest.mark.exercise("generate")
@settings(max_examples=15)
@given(
    B=st.integers(1, 3),
    T=st.integers(1, 5),
    new=st.integers(0, 6),
    context_size=st.integers(1, 7),
    eos_id=st.one_of(st.none(), st.integers(0, 3)),
    seed=SEEDS,
)
@example(B=3, T=4, new=6, context_size=2, eos_id=None, seed=4)
@example(B=3, T=2, new=6, context_size=5, eos_id=1, seed=5)
def test_greedy_generation(chapter, probe, B, T, new, context_size, eos_id, seed):
    """Without temperature each row gets the best token again and again, until it gets eos_id."""
    source = torch.Generator().manual_seed(seed)
    table = torch.stack([torch.randperm(4, generator=source) for _ in range(31)]) / 4 - 3
    idx, shown = torch.randint(4, (B, T), generator=source), []
    expected = continued(scripted(table), idx, new, context_size, eos_id)
    model = probe.module(scripted(table, shown))
    out = chapter.generate(model, idx.clone(), new, context_size, eos_id=eos_id)
    probe.assert_close(out, expected, "generate(...)", axes=("row", "time"))
    steps = expected.shape[1] - T
    seen = [expected[:, : T + i][:, -context_size:].tolist() for i in range(steps)]
    assert shown == seen, "the model must be called once a step, with the last tokens of all rows"


@pytest.mark.exercise("generate")
def test_top_k_and_greed(chapter, probe):
    """With temperature 0, top_k changes nothing; more than V tokens are as good as all."""
    table, idx = (
        torch.stack([torch.randperm(9) for _ in range(31)]) / 4 - 3,
        torch.randint(9, (2, 3)),
    )
    expected = continued(scripted(table), idx, 4, 5)
    for top_k in (1, 3, 400):
        model = probe.module(scripted(table))
        out = chapter.generate(model, idx.clone(), 4, 5, temperature=0.0, top_k=top_k)
        probe.assert_close(out, expected, f"generate(..., temperature=0.0, top_k={top_k})")


@pytest.mark.exercise("generate")
@settings(max_examples=8)
@given(
    temperature=st.sampled_from([0.5, 1.0, 2.5]),
    top_k=st.sampled_from([None, 2, 3, 100]),
    own=st.booleans(),
    seed=SEEDS,
)
@example(temperature=0.5, top_k=None, own=False, seed=1)
@example(temperature=2.5, top_k=3, own=True, seed=1)
@example(temperature=1.0, top_k=100, own=True, seed=1)
def test_tokens_are_drawn_by_their_probabilities(chapter, probe, temperature, top_k, own, seed):
    """Each row and step draws anew, from the softmax of its own top_k logits over temperature."""
    source = torch.Generator().manual_seed(seed)
    table = torch.randperm(12, generator=source).view(3, 4).float() / 4 - 9  # no two are equal
    table = torch.cat((table, torch.full((3, 1), -40.0)), dim=1)  # token 4 is never drawn
    probe.seed(seed)
    model, B = table_model(probe, table[[0, 1, 2, 0, 1]]), 3000
    idx = torch.arange(B)[:, None] % 3
    generator = generator_of(probe, seed) if own else None
    out = chapter.generate(
        model, idx, 2, 4, temperature=temperature, top_k=top_k, generator=generator
    )
    assert isinstance(out, torch.Tensor), "a tensor is needed"
    assert out.shape == (B, 3), f"expected shape {(B, 3)}"
    probe.assert_close(out[:, :1], idx, "the prompts")
    probas = torch.zeros(3, 5)
    for i, row in enumerate(table):
        best = row.argsort(descending=True)[: top_k or 5]
        probas[i, best] = torch.softmax(row[best] / temperature, dim=0)
    probas[:, 4] = 0 if top_k in (2, 3) else probas[:, 4]
    for i in range(3):
        first, second = out[i::3, 1], out[i::3, 2]
        assert_frequencies(first, probas[i].where(probas[i] > 1e-6, 0), "the first new token")
        pairs = (probas[i][:, None] * probas[[0, 1, 2, 0, 1]]).flatten()
        pairs = pairs.where(pairs > 1e-6, 0)
        assert_frequencies(first * 5 + second, pairs, "two new tokens in a row")


@pytest.mark.exercise("generate")
def test_drawn_rows_stay_finished(chapter, probe):
    """When sampling, a row ends with its first eos_id too; when the last row ends, all is over."""
    model, idx = table_model(probe, torch.zeros(4, 4)), torch.full((40, 2), 2)
    generator = generator_of(probe, int(torch.randint(2**31, ())))
    out = chapter.generate(model, idx.clone(), 400, 5, 1.0, eos_id=2, generator=generator)
    assert isinstance(out, torch.Tensor), "a tensor is needed"
    probe.assert_close(out[:, :2], idx, "the prompts")
    # That a row gets no eos_id in 400 draws of chance 1/4 has a chance of 1e-50.
    ends = [row.index(2) if 2 in row else 999 for row in out[:, 2:].tolist()]
    assert max(ends) == out.shape[1] - 3, "generation ends with the last row's first eos_id"
    for row, end in zip(out[:, 2:].tolist(), ends, strict=True):
        assert set(row[end:]) == {2}, "after its first eos_id, a row has nothing else"
    assert len(set(ends)) > 1, "all rows ended at once, so they were not drawn one by one"


@pytest.mark.exercise("generate")
def test_an_eos_in_the_prompt_does_not_count(chapter, probe):
    """A prompt may hold eos_id, at its end too: only a new one ends a row."""

    def count_on(idx):
        return F.one_hot((idx + 1) % 10, 10).float()

    idx = torch.tensor([[8, 4], [3, 8]])
    out = chapter.generate(probe.module(count_on), idx.clone(), 3, 4, eos_id=8)
    expected = torch.tensor([[8, 4, 5, 6, 7], [3, 8, 9, 0, 1]])
    probe.assert_close(out, expected, "generate(model, idx, 3, 4, eos_id=8)", ("row", "time"))
    out = chapter.generate(probe.module(count_on), idx.clone(), 30, 4, eos_id=0)
    expected = torch.tensor([[8, 4, 5, 6, 7, 8, 9, 0], [3, 8, 9, 0, 0, 0, 0, 0]])
    probe.assert_close(out, expected, "generate(model, idx, 30, 4, eos_id=0)", ("row", "time"))


@pytest.mark.exercise("generate")
def test_only_sampling_draws_from_the_random_stream(chapter, probe):
    """Torch's random stream moves only if lots are drawn without a generator, and repeats them."""
    table, idx = torch.randn(6, 6), torch.tensor([[1], [4]])
    model, expected = table_model(probe, table), continued(lambda x: table[x], idx, 5, 4)
    before = probe.random_state()
    out = chapter.generate(model, idx.clone(), 5, 4)
    probe.assert_close(out, expected, "generate(model, idx, 5, 4)", ("row", "time"))
    chapter.generate(model, idx.clone(), 5, 4, 1.0, generator=generator_of(probe, 3))
    assert torch.equal(probe.random_state(), before), "torch's random stream has moved on"
    outs = []
    for seed in (7, 7, 8):
        probe.seed(seed)
        outs.append(chapter.generate(model, idx.clone(), 60, 4, 5.0))
    assert torch.equal(outs[0], outs[1]), "the same seed of torch gave different tokens"
    assert not torch.equal(outs[0], outs[2]), "another seed of torch gave the same tokens"


@pytest.mark.exercise("generate")
def test_generation_leaves_mode_and_prompts(chapter, probe):
    """Dropout is off; afterwards mode, weights and prompts are as before."""
    table, idx = 3 * torch.randn(6, 6), torch.tensor([[1, 0], [4, 4]])
    model, expected = dropping_model(probe, table), continued(lambda x: table[x], idx, 5, 4)
    for training in (True, False):
        kept = probe.place(idx.clone())
        out = chapter.generate(model.train(training), kept, 5, 4)
        probe.assert_close(out, expected, f"model.training={training}", ("row", "time"))
        modes = set(probe.modes(model).values())
        assert modes == {training}, f"model.training was {training}; now: {probe.modes(model)}"
        probe.assert_close(probe.value(kept), idx, "the caller's prompts")


@pytest.mark.exercise("generate")
def test_generate_refuses_a_negative_temperature(chapter, probe):
    """A negative temperature raises ValueError that names it; 0 and tiny ones are greedy."""
    table, idx = (
        torch.stack([torch.randperm(6) for _ in range(6)]).float(),
        torch.tensor([[1], [4]]),
    )
    model, expected = table_model(probe, table), continued(lambda x: table[x], idx, 5, 4)
    for temperature in (-0.25, -37):
        with pytest.raises(ValueError, match=re.escape(str(temperature))):
            chapter.generate(model, idx.clone(), 5, 4, temperature=temperature)
    for temperature in (0, 0.0, 0.005):
        out = chapter.generate(model, idx.clone(), 5, 4, temperature=temperature)
        probe.assert_close(out, expected, f"generate(..., temperature={temperature})")


@pytest.mark.exercise("generate")
def test_generate_records_no_gradients(chapter, probe):
    """The model is called without a gradient graph: nothing will be trained on this."""
    bystander, recorded = probe.nn("Linear", 2, 2), []

    def count_on(idx):
        try:  # a backward pass works only where a graph was recorded
            probe.gradients(bystander, torch.ones(1, 2))
            recorded.append(True)
        except RuntimeError:
            recorded.append(False)
        return F.one_hot((idx + 1) % 10, 10).float()

    model = probe.module(count_on)
    model(torch.tensor([[1]]))
    out = chapter.generate(model, torch.tensor([[4]]), 2, 3)
    probe.assert_close(out, torch.tensor([[4, 5, 6]]), "generate(model, idx, 2, 3)")
    assert recorded == [True, False, False], "gradients were recorded while generating"


@pytest.mark.exercise("save_checkpoint")
@settings(max_examples=8)
@given(seed=SEEDS, step=st.integers(0, 10**7), kind=st.sampled_from(["float", "bfloat16"]))
@example(seed=1, step=2**24 + 1, kind="float")
def test_what_is_saved_comes_back(chapter, probe, seed, step, kind):
    """Weights, buffers, nested optimizer state and step come back equal, bit for bit."""
    source, loaded = torch.Generator().manual_seed(seed), []
    path = probe.folder({}) + "/last.ckpt"
    models = [probe.nn("Linear", 5, 3) for _ in range(2)]
    weights = {"weight": torch.randn(3, 5, generator=source), "bias": torch.zeros(3)}
    probe.load_state(models[0], weights)
    for model, count in zip(models, (2**40 + 1, 0), strict=True):
        model.register_buffer("count", torch.tensor(count))
        model.register_buffer("nothing", torch.zeros(0, 2))
    for model in models:
        getattr(model, kind)()
    state, expected = adam_state(source), models[0].state_dict()
    kept = copy.deepcopy(state)
    expected = {name: tensor.clone() for name, tensor in expected.items()}
    chapter.save_checkpoint(path, models[0], keeper(probe, state), step)
    found = chapter.load_checkpoint(path, models[1], keeper(probe, loaded=loaded))
    assert type(found) is int, "the step must be an int"
    assert found == step, "the step differs"
    assert_same_state(models[1].state_dict(), expected, "the model's state dict")
    assert len(loaded) == 1, "the optimizer's load_state_dict must be called once"
    assert_same_state(loaded[0], kept, "the optimizer's state dict")


@pytest.mark.exercise("save_checkpoint")
def test_a_checkpoint_is_replaced_whole(chapter, probe):
    """Saving again replaces the file; if saving fails, the checkpoint that was there is intact."""
    path = probe.folder({}) + "/last.ckpt"
    models = [probe.nn("Linear", 3, 2) for _ in range(3)]
    weights = [probe.parameters(model) for model in models]
    for step in (1, 2):
        chapter.save_checkpoint(path, models[step - 1], keeper(probe, adam_state()), step)

    def fail():
        raise ValueError("this optimizer has no state")

    with pytest.raises(ValueError, match="this optimizer has no state"):
        chapter.save_checkpoint(path, models[0], probe.object(state_dict=fail), 3)
    assert chapter.load_checkpoint(path, models[2]) == 2, "the checkpoint of step 2 is lost"
    assert_same_state(probe.parameters(models[2]), weights[1], "the weights")


@pytest.mark.exercise("save_checkpoint")
def test_a_checkpoint_does_not_follow_the_model(chapter, probe):
    """What happens to the model after saving does not reach the file."""
    path = probe.folder({}) + "/a name with no ending"
    model, other = probe.nn("Linear", 3, 2), probe.nn("Linear", 3, 2)
    saved = {name: tensor.clone() for name, tensor in probe.parameters(model).items()}
    chapter.save_checkpoint(path, model, keeper(probe, adam_state()), 5)
    probe.load_state(model, {name: tensor + 1 for name, tensor in saved.items()})
    chapter.load_checkpoint(path, other)
    assert_same_state(probe.parameters(other), saved, "the weights")
    chapter.load_checkpoint(path, model)
    assert_same_state(probe.parameters(model), saved, "the weights, loaded into the same model")


def steps(probe, model, optimizer, inputs, cotangents):
    """Some updates of a model in train mode, dropout and all; nothing of the chapter is used."""
    for idx, cotangent in zip(inputs, cotangents, strict=True):
        probe.gradients(model, idx, cotangent=cotangent)
        optimizer.step()


@pytest.mark.exercise("load_checkpoint")
def test_resuming_equals_not_having_stopped(chapter, probe):
    """A fresh model and optimizer that resume end where the uninterrupted ones do, bit for bit."""
    build = probe.earlier("ch04_gpt").GPTModel
    cfg, path = small_gpt(drop_rate=0.2, tied=True), probe.folder({}) + "/last.ckpt"
    inputs = [torch.randint(19, (3, 5)) for _ in range(6)]
    cotangents = [torch.randn(3, 5, 19) for _ in range(6)]
    for kind, options, other in (
        ("AdamW", {"lr": 0.01 / 3, "betas": (0.8, 0.95), "weight_decay": 0.3}, {"lr": 0.5}),
        ("SGD", {"lr": 0.07, "momentum": 0.9}, {"lr": 0.5}),
    ):
        model, resumed = build(cfg), build(cfg)
        optimizer = probe.optimizer(kind, model, **options)
        steps(probe, model, optimizer, inputs[:3], cotangents[:3])
        chapter.save_checkpoint(path, model, optimizer, 3)
        steps(probe, model, optimizer, inputs[3:], cotangents[3:])
        stream = probe.random_state()
        second = probe.optimizer(kind, resumed, **other)
        probe.seed(12345)
        assert chapter.load_checkpoint(path, resumed, second) == 3, "the step differs"
        steps(probe, resumed, second, inputs[3:], cotangents[3:])
        assert_same_state(probe.parameters(resumed), probe.parameters(model), f"{kind}: weights")
        assert torch.equal(probe.random_state(), stream), "the random stream differs"
        tied = probe.shares_memory(resumed, "tok_emb.weight", "out_head.weight")
        assert tied, "tok_emb.weight and out_head.weight were one tensor, and are two"


@pytest.mark.exercise("load_checkpoint")
def test_the_random_stream_goes_on_where_it_was(chapter, probe):
    """After loading, torch's random stream is where it was when saving, and the mode is kept."""
    path, optimizer = probe.folder({}) + "/last.ckpt", keeper(probe, adam_state())
    probe.seed(99)
    model = probe.nn("Linear", 3, 2)  # draws its weights: the stream is not where a seed puts it
    stream = probe.random_state().clone()
    chapter.save_checkpoint(path, model, optimizer, 8)
    probe.seed(1)
    step = chapter.load_checkpoint(path, model.eval(), keeper(probe, loaded=[]))
    probe.assert_close(step, 8, "load_checkpoint(path, model, optimizer)")
    assert torch.equal(probe.random_state(), stream), "the random stream is elsewhere"
    assert probe.modes(model) == {"": False}, "loading has changed the model's mode"
    probe.seed(2)
    chapter.load_checkpoint(path, model)
    assert torch.equal(probe.random_state(), stream), "without optimizer the stream is elsewhere"


@pytest.mark.exercise("load_checkpoint")
def test_a_model_can_be_loaded_alone(chapter, probe):
    """Without an optimizer the model is filled, whatever its names, and stays in its mode."""
    path = probe.folder({}) + "/last.ckpt"
    tensors = [[torch.randn(3, 2), torch.randn(2)] for _ in range(2)]  # their names: "0" and "1"
    model, other = (probe.nn("ParameterList", values) for values in tensors)
    chapter.save_checkpoint(path, model.train(), keeper(probe, adam_state()), 21)
    for training in (False, True):
        step = chapter.load_checkpoint(path, other.train(training))
        probe.assert_close(step, 21, "load_checkpoint(path, model)")
        assert_same_state(probe.parameters(other), probe.parameters(model), "the weights")
        assert probe.modes(other) == {"": training}, "loading has changed the model's mode"


class Hostile:
    """A pickle of this opens a file for writing, which creates it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def hostile_files(own, ran):
    """Files with a pickle that creates the file `ran`, also in the place of each part of `own`."""
    pickles = [pickle.dumps(Hostile(ran), protocol) for protocol in (0, 2, 4)]
    yield from pickles
    for zipped in (True, False):
        buffer = io.BytesIO()
        torch.save(Hostile(ran), buffer, _use_new_zipfile_serialization=zipped)
        yield buffer.getvalue()
    if zipfile.is_zipfile(io.BytesIO(own)):
        with zipfile.ZipFile(io.BytesIO(own)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        for replaced in list(parts)[:6]:
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                for name, data in parts.items():
                    archive.writestr(name, pickles[1] if name == replaced else data)
            yield buffer.getvalue()


@pytest.mark.exercise("load_checkpoint")
def test_no_code_from_a_file_is_run(chapter, probe):
    """A file with a pickle that would run code is refused, and the code does not run."""
    folder, model = probe.folder({}), probe.nn("Linear", 3, 2)
    weights = {name: tensor.clone() for name, tensor in probe.parameters(model).items()}
    chapter.save_checkpoint(f"{folder}/good.ckpt", model, keeper(probe, adam_state()), 4)
    own = probe.read(f"{folder}/good.ckpt")
    for number, data in enumerate(hostile_files(own, f"{folder}/ran")):
        path, refused = probe.folder({"bad.ckpt": data}) + "/bad.ckpt", True
        with contextlib.suppress(Exception):
            chapter.load_checkpoint(path, model)
            refused = number > 4  # a part that need not be read may be anything
        assert refused, "a file that is no checkpoint was loaded"
        with pytest.raises(FileNotFoundError):
            probe.read(f"{folder}/ran")
    assert chapter.load_checkpoint(f"{folder}/good.ckpt", model) == 4, "the step differs"
    assert_same_state(probe.parameters(model), weights, "the weights")


# Section 5.5: loading pretrained weights.

LAYERS = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")


@st.composite
def sizes(draw):
    """A small GPT-2 (C, H, V, L, number of layers) of which no two sizes need be equal.

    C is at least 10: of two or three random numbers the variance may be next to nothing, and
    a LayerNorm then magnifies the rounding of float32 beyond the tolerance.
    """
    heads = draw(st.integers(1, 4))
    least = -(-10 // heads)
    return {
        "C": heads * draw(st.integers(least, least + 3)),
        "H": heads,
        "V": draw(st.integers(3, 23)),
        "L": draw(st.integers(2, 9)),
        "layers": draw(st.integers(1, 3)),
    }


TINY = {"C": 12, "H": 3, "V": 13, "L": 7, "layers": 2}


def cfg_of(size, **changes):
    """The dict that GPTModel takes."""
    cfg = {
        "vocab_size": size["V"],
        "context_length": size["L"],
        "emb_dim": size["C"],
        "n_heads": size["H"],
        "n_layers": size["layers"],
        "drop_rate": 0.0,
        "qkv_bias": True,
        "tied": True,
    }
    return {**cfg, **changes}


def config_of(size, **changes):
    """What stands in config.json."""
    config = {
        "vocab_size": size["V"],
        "n_positions": size["L"],
        "n_embd": size["C"],
        "n_head": size["H"],
        "n_layer": size["layers"],
    }
    return {**config, **changes}


def shapes_of(size):
    """Names and shapes of a checkpoint's tensors."""
    C = size["C"]
    widths = {"attn.c_attn": 3 * C, "mlp.c_fc": 4 * C}
    shapes = {"wte.weight": (size["V"], C), "wpe.weight": (size["L"], C)}
    for i in range(size["layers"]):
        for layer in LAYERS:
            width = widths.get(layer, C)
            inner = 4 * C if layer == "mlp.c_proj" else C
            shapes[f"h.{i}.{layer}.weight"] = (C,) if "ln" in layer else (inner, width)
            shapes[f"h.{i}.{layer}.bias"] = (width,)
    return {**shapes, "ln_f.weight": (C,), "ln_f.bias": (C,)}


def tensors_of(size, seed=None):
    """Random tensors of a checkpoint, large enough that each of them matters."""
    seed = int(torch.randint(2**31, ())) if seed is None else seed
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes_of(size).items():
        inner = shape[0] if len(shape) == 2 and name.startswith("h.") else 4
        values = torch.randn(shape, generator=generator).div_(inner**0.5)
        tensors[name] = values + 1 if "ln" in name and name.endswith("weight") else values
    return tensors


def params_of(tensors, size):
    """The book's params dict of these tensors."""

    def both(name, keys):
        return {keys[0]: tensors[f"{name}.weight"], keys[1]: tensors[f"{name}.bias"]}

    blocks = []
    for i in range(size["layers"]):
        block = {"attn": {}, "mlp": {}}
        for layer in LAYERS:
            part, _, name = layer.rpartition(".")
            target = block[part] if part else block
            target[name] = both(f"h.{i}.{layer}", "wb" if part else "gb")
        blocks.append(block)
    ends = {"wte": tensors["wte.weight"], "wpe": tensors["wpe.weight"]}
    return {"blocks": blocks, **ends, **both("ln_f", "gb")}


def leaves(params, path="params"):
    """Paths and tensors of a params dict."""
    if isinstance(params, torch.Tensor):
        return {path: params}
    items = enumerate(params) if isinstance(params, list) else params.items()
    found = {}
    for key, value in items:
        found.update(leaves(value, f"{path}[{key!r}]"))
    return found


def assert_same(probe, found, expected):
    """Two params dicts are equal, tensor by tensor."""
    found, expected = leaves(found), leaves(expected)
    assert sorted(found) == sorted(expected), "the keys of params differ"
    for path, tensor in expected.items():
        probe.assert_close(found[path], tensor, path)


def mapped(thing, change):
    """A params dict with every tensor changed."""
    if isinstance(thing, dict):
        return {key: mapped(value, change) for key, value in thing.items()}
    if isinstance(thing, list):
        return [mapped(value, change) for value in thing]
    return change(thing)


def logits_of(tensors, size, idx):
    """What GPT-2 with these tensors answers, by torch's own functions, in float64."""
    t = {name: tensor.double() for name, tensor in tensors.items() if name != "wte.weight"}
    wte = tensors["wte.weight"]

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], t[f"{name}.weight"], t[f"{name}.bias"])

    def linear(x, name):
        return x @ t[f"{name}.weight"] + t[f"{name}.bias"]

    x = wte[idx].double() + t["wpe.weight"][: idx.shape[1]]
    for i in range(size["layers"]):
        qkv = linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").split(size["C"], dim=-1)
        q, k, v = (part.unflatten(-1, (size["H"], -1)).transpose(1, 2) for part in qkv)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + linear(mixed, f"h.{i}.attn.c_proj")
        wide = F.gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + linear(wide, f"h.{i}.mlp.c_proj")
    x = norm(x, "ln_f")
    return (x @ wte.double().T).float()


def assert_logits(probe, model, expected, idx, what):
    """The model's logits, compared with the place of the first difference."""
    probe.assert_close(model(idx), expected, what, ("batch", "position", "token"))


def idx_of(size, seed=None):
    """Token ids, two rows, at most as many as there are positions."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    T = int(torch.randint(1, size["L"] + 1, (), generator=generator))
    return torch.randint(size["V"], (2, T), generator=generator)


def folder_of(probe, config, tensors):
    """A folder with a checkpoint; tensors may be the bytes of the file."""
    if isinstance(tensors, dict):
        tensors = safetensors.torch.save({k: v.contiguous() for k, v in tensors.items()})
    files = {"config.json": json.dumps(config).encode(), "model.safetensors": tensors}
    return probe.folder(files)


def transformers_gpt2(size, seed):
    """A GPT-2 of transformers with random weights, every one of which matters."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(**config_of(size), bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config).eval()
    tensors = tensors_of(size, seed)
    model.transformer.load_state_dict(tensors)
    return model


def saved(model):
    """The two files that save_pretrained writes for a model of transformers."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        names = ("config.json", "model.safetensors")
        return {name: (Path(folder) / name).read_bytes() for name in names}


@pytest.mark.exercise("assign")
@settings(max_examples=15)
@given(shape=st.lists(st.integers(1, 4), max_size=3), seed=SEEDS)
def test_assign_takes_equal_shapes_only(chapter, probe, shape, seed):
    """Shapes must be equal: neither broadcasting nor reshaping nor transposing makes them fit."""
    right = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    left = probe.place(torch.zeros(shape))
    chapter.assign(left, right.clone())
    probe.assert_close(probe.value(left), right, "left after assign(left, right)")
    turned = right.permute(list(range(right.ndim))[::-1])
    for other in right[None], right.flatten(), right.sum(), turned:
        if other.shape != right.shape:
            with pytest.raises(ValueError, match=words(*right.shape, *other.shape)):
                chapter.assign(left, other)
    probe.assert_close(probe.value(left), right, "left after assign raised")


@pytest.mark.exercise("assign")
def test_assign_shares_no_memory_with_right(chapter, probe):
    """What is done to left after assign(left, right) does not reach right."""
    left, right = probe.place(torch.zeros(3, 2)), probe.place(torch.ones(3, 2))
    chapter.assign(left, right)
    probe.assert_close(probe.value(left), torch.ones(3, 2), "left after assign(left, right)")
    left.fill_(5.0)  # in place, beside the subject
    probe.assert_close(probe.value(right), torch.ones(3, 2), "right after left was filled with 5")


@pytest.mark.exercise("assign")
def test_assign_keeps_the_dtype_of_left(chapter, probe):
    """Whatever the dtype of right, left keeps its own and gets the numbers rounded to it."""
    right = torch.randn(4, 3, dtype=torch.float64)
    for kind in torch.float32, torch.bfloat16, torch.float16, torch.float64:
        left = probe.place(torch.zeros(4, 3, dtype=kind))
        chapter.assign(left, right.clone())
        probe.assert_close(probe.value(left), right.to(kind), f"a {kind} left, a float64 right")
        chapter.assign(left, right.bfloat16())
        expected = right.bfloat16().to(kind)
        probe.assert_close(probe.value(left), expected, f"a {kind} left, a bfloat16 right")


@pytest.mark.exercise("assign")
def test_assign_takes_what_as_tensor_takes(chapter, probe):
    """The right side may be nested lists of numbers, whose shape is checked like a tensor's."""
    left = probe.place(torch.zeros(2, 3))
    chapter.assign(left, [[1.5, 2, 3], [-4, 5, 6]])
    expected = torch.tensor([[1.5, 2.0, 3.0], [-4.0, 5.0, 6.0]])
    probe.assert_close(probe.value(left), expected, "left after assign(left, nested lists)")
    with pytest.raises(ValueError, match=words(2, 3, 7)):
        chapter.assign(left, [1, 2, 3, 4, 5, 6, 7])


@pytest.mark.exercise("assign")
def test_assign_works_on_parameters(chapter, probe):
    """A left that requires gradients can be assigned to; it is returned, and right gets none."""
    left, right, weights = torch.randn(2, 3), torch.randn(2, 3), torch.randn(2, 3)
    grads = probe.gradients(chapter.assign, left, right, cotangent=weights)["inputs"]
    probe.assert_close(grads[0], weights, "the gradient of assign(left, right) by left")
    assert grads[1] is None, "a gradient flows through the copy to right"


@pytest.mark.exercise("load_weights_into_gpt")
@settings(max_examples=15)
@given(size=sizes(), tied=st.booleans(), seed=SEEDS)
def test_loaded_weights_give_the_logits_of_gpt2(chapter, probe, size, tied, seed):
    """For a GPT-2 of any size, the loaded model gives the logits of the checkpoint."""
    tensors, idx = tensors_of(size, seed), idx_of(size, seed)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(size, tied=tied))
    chapter.load_weights_into_gpt(model, params_of(tensors, size))
    expected = logits_of(tensors, size, idx)
    assert_logits(probe, model, expected, idx, "the logits of the loaded model")


@pytest.mark.exercise("load_weights_into_gpt")
def test_tied_weights_stay_tied(chapter, probe):
    """Where out_head shares its weight with tok_emb, it still does after loading."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert tied, "tok_emb.weight and out_head.weight were one tensor, and are two after loading"
    probe.assert_close(probe.get(model, "tok_emb.weight"), tensors["wte.weight"], "tok_emb.weight")


@pytest.mark.exercise("load_weights_into_gpt")
def test_an_untied_head_gets_a_copy(chapter, probe):
    """Where out_head has a weight of its own, it gets a copy of wte and stays untied."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY, tied=False))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    for name in "tok_emb.weight", "out_head.weight":
        probe.assert_close(probe.get(model, name), tensors["wte.weight"], name)
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert not tied, "tok_emb.weight and out_head.weight were two tensors, and are one"


@pytest.mark.exercise("load_weights_into_gpt")
def test_biases_are_not_lost(chapter, probe):
    """A model without biases for queries, keys and values is refused: c_attn has some."""
    tensors = tensors_of(TINY)
    build = probe.earlier("ch04_gpt").GPTModel
    with pytest.raises(ValueError, match=r"(?i)\bbias"):
        chapter.load_weights_into_gpt(build(cfg_of(TINY, qkv_bias=False)), params_of(tensors, TINY))
    model = build(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    biases = [
        probe.get(model, f"trf_blocks.1.att.{n}.bias") for n in ("W_query", "W_key", "W_value")
    ]
    probe.assert_close(torch.cat(biases), tensors["h.1.attn.c_attn.bias"], "the biases of block 1")


@pytest.mark.exercise("load_weights_into_gpt")
def test_params_may_be_lists(chapter, probe):
    """The values of params need not be tensors: whatever torch.as_tensor takes will do."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    params = mapped(params_of(tensors, TINY), torch.Tensor.tolist)
    chapter.load_weights_into_gpt(model, params)
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "the logits of the loaded model")


@pytest.mark.exercise("load_weights_into_gpt")
def test_only_numbers_change(chapter, probe):
    """Loading leaves the dtype of the parameters, the mode and which are trained as they were."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY)).bfloat16().train()
    modes, trainable = probe.modes(model), probe.trainable(model)
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    expected = tensors["h.1.mlp.c_fc.weight"].T.bfloat16()
    found = probe.get(model, "trf_blocks.1.ff.layers.0.weight")
    probe.assert_close(found, expected, "trf_blocks.1.ff.layers.0.weight of a bfloat16 model")
    for name, parameter in probe.parameters(model).items():
        assert parameter.dtype == torch.bfloat16, f"{name} became {parameter.dtype}"
    assert probe.modes(model) == modes, "loading changed the train or eval mode"
    assert probe.trainable(model) == trainable, "loading changed which parameters are trained"


@pytest.mark.exercise("load_weights_into_gpt")
def test_params_stay_as_they_were(chapter, probe):
    """Training the loaded model later does not reach back into params."""
    tensors = tensors_of(TINY)
    expected = mapped(params_of(tensors, TINY), torch.Tensor.clone)
    params = probe.place(mapped(expected, torch.Tensor.clone))
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params)
    probe.assert_close(probe.get(model, "pos_emb.weight"), tensors["wpe.weight"], "pos_emb.weight")
    shapes = probe.parameter_shapes(model)
    probe.load_state(model, {name: torch.zeros(shape) for name, shape in shapes.items()})
    assert_same(probe, probe.value(params), expected)


@pytest.mark.exercise("load_weights_into_gpt")
def test_tensors_of_another_shape_are_refused(chapter, probe):
    """A tensor of another shape, larger ones too, raises ValueError that names it."""
    build = probe.earlier("ch04_gpt").GPTModel
    changes = {
        "wte": lambda p: p.update(wte=torch.randn(17, 12)),
        "wpe": lambda p: p.update(wpe=torch.randn(11, 12)),
        "c_attn": lambda p: p["blocks"][1]["attn"]["c_attn"].update(w=torch.randn(12, 48)),
        "c_proj": lambda p: p["blocks"][0]["attn"]["c_proj"].update(w=torch.randn(12, 1)),
        "c_fc": lambda p: p["blocks"][1]["mlp"]["c_fc"].update(w=torch.randn(48, 12)),
        "ln_2": lambda p: p["blocks"][1]["ln_2"].update(b=torch.randn(1)),
    }
    for name, change in changes.items():
        params = params_of(tensors_of(TINY), TINY)
        change(params)
        with pytest.raises(ValueError, match=words(name)):
            chapter.load_weights_into_gpt(build(cfg_of(TINY)), params)
    params = params_of(tensors_of(TINY), TINY)
    params["wpe"] = torch.randn(11, 12)
    with pytest.raises(ValueError, match=words("wpe", 11, 7)):
        chapter.load_weights_into_gpt(build(cfg_of(TINY)), params)
    params, model = params_of(tensors_of(TINY), TINY), build(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params)
    probe.assert_close(probe.get(model, "pos_emb.weight"), params["wpe"], "pos_emb.weight")


@pytest.mark.exercise("gpt2_params_from_state_dict")
@settings(max_examples=15)
@given(size=sizes(), prefix=st.sampled_from(["", "transformer."]), seed=SEEDS)
def test_names_with_and_without_prefix(chapter, probe, size, prefix, seed):
    """Checkpoints of any size are sorted alike, whether names begin with `transformer.` or not."""
    tensors = tensors_of(size, seed)
    state = {prefix + name: tensor for name, tensor in reversed(tensors.items())}
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, size))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_masks_and_the_head_are_ignored(chapter, probe):
    """Masks of older files, called attn.bias though they are none, and lm_head are no weights."""
    tensors = tensors_of(TINY)
    for prefix in "", "transformer.":
        state = {"lm_head.weight": torch.randn(13, 12)}
        for i in range(2):
            mask = torch.ones(7, 7, dtype=torch.uint8).tril()[None, None]
            state[f"{prefix}h.{i}.attn.bias"] = mask
            state[f"{prefix}h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
        state.update({prefix + name: tensor for name, tensor in tensors.items()})
        params = chapter.gpt2_params_from_state_dict(state)
        assert_same(probe, params, params_of(tensors, TINY))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_blocks_are_in_the_order_of_their_numbers(chapter, probe):
    """In a model of a dozen blocks, block 2 comes before block 10."""
    size = {"C": 2, "H": 1, "V": 5, "L": 3, "layers": 13}
    tensors = tensors_of(size)
    state = {name: tensors[name] for name in sorted(tensors)}
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, size))


@pytest.mark.exercise("gpt2_params_from_state_dict")
@settings(max_examples=20)
@given(
    name=st.sampled_from([n for n in shapes_of({**TINY, "layers": 3}) if "h.2." not in n]),
    prefix=st.sampled_from(["", "transformer."]),
)
def test_every_missing_tensor_is_named(chapter, probe, name, prefix):
    """Whichever tensor is missing, ValueError names it; blocks of one tensor, or of none, count."""
    size = {**TINY, "layers": 3}
    tensors = tensors_of(size, seed=1)
    state = {prefix + n: tensor for n, tensor in tensors.items()}
    state["lm_head.weight"] = tensors["wte.weight"]
    assert_same(probe, chapter.gpt2_params_from_state_dict(dict(state)), params_of(tensors, size))
    begun = {**state, f"{prefix}h.3.attn.c_proj.bias": tensors["h.1.attn.c_proj.bias"]}
    with pytest.raises(ValueError, match=re.escape("h.3.")):
        chapter.gpt2_params_from_state_dict(begun)
    del state[prefix + name]
    with pytest.raises(ValueError, match=re.escape(name)):
        chapter.gpt2_params_from_state_dict(state)
    if name.startswith("h."):
        block = name[: len("h.0.")]
        state = {n: t for n, t in state.items() if not n.startswith(prefix + block)}
        with pytest.raises(ValueError, match=re.escape(block)):
            chapter.gpt2_params_from_state_dict(state)


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_tensors_are_not_converted(chapter, probe):
    """The tensors keep the dtype that the checkpoint has."""
    for kind in torch.float16, torch.bfloat16, torch.float64:
        tensors = {name: tensor.to(kind) for name, tensor in tensors_of(TINY).items()}
        params = chapter.gpt2_params_from_state_dict(dict(tensors))
        assert_same(probe, params, params_of(tensors, TINY))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_the_state_dict_stays_as_it_was(chapter, probe):
    """The caller's state dict has all its names and numbers afterwards."""
    tensors = tensors_of(TINY)
    masks = {f"h.{i}.attn.bias": torch.ones(7, 7).tril()[None, None] for i in range(2)}
    given = {"lm_head.weight": torch.randn(13, 12), **masks, **tensors}
    state = probe.place({name: tensor.clone() for name, tensor in given.items()})
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, TINY))
    after = probe.value(state)
    assert sorted(after) == sorted(given), "names were added to or removed from state_dict"
    for name, tensor in given.items():
        probe.assert_close(after[name], tensor, f"state_dict[{name!r}]")


@pytest.mark.exercise("load_gpt2")
@settings(max_examples=20)
@given(size=sizes(), prefix=st.sampled_from(["", "transformer."]), seed=SEEDS)
def test_logits_equal_those_of_transformers(chapter, probe, size, prefix, seed):
    """For a GPT-2 of any size, the logits are those of the library transformers."""
    model, idx = transformers_gpt2(size, seed), idx_of(size, seed)
    tensors = {prefix + n: t.clone() for n, t in model.transformer.state_dict().items()}
    folder = folder_of(probe, config_of(size), tensors)
    with torch.no_grad():
        expected = model.double()(idx).logits.float()
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_files_of_save_pretrained_are_loaded(chapter, probe):
    """The very files that transformers' save_pretrained writes are loaded exactly."""
    size = {"C": 12, "H": 4, "V": 29, "L": 10, "layers": 3}
    model, idx = transformers_gpt2(size, int(torch.randint(2**31, ()))), idx_of(size)
    folder = probe.folder(saved(model))
    with torch.no_grad():
        expected = model.double()(idx).logits.float()
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_shape_of_124m_is_loaded(chapter, probe):
    """A checkpoint with GPT-2's own context, and its own vocabulary or width, is loaded."""
    for own in ({"C": 48, "V": 50257}, {"C": 768, "V": 97}):
        size = {**own, "H": 12, "L": 1024, "layers": 1}
        tensors, idx = tensors_of(size), torch.randint(size["V"], (2, 6))
        tensors["wte.weight"] *= 0.04  # 0.02 as in GPT-2, so that logits are about 1
        folder = folder_of(probe, config_of(size), tensors)
        expected = logits_of(tensors, size, idx)
        assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_a_dozen_blocks_are_loaded_in_order(chapter, probe):
    """A model of more than ten blocks is loaded in the order of their numbers."""
    size = {"C": 12, "H": 2, "V": 7, "L": 5, "layers": 12}
    tensors, idx = tensors_of(size), idx_of(size)
    folder = folder_of(probe, config_of(size), tensors)
    expected = logits_of(tensors, size, idx)
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_older_files_are_loaded(chapter, probe):
    """Mask buffers, lm_head and n_ctx of older files make no difference; n_positions goes first."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    older = {"lm_head.weight": tensors["wte.weight"].clone(), **tensors}
    for i in range(2):
        older[f"h.{i}.attn.bias"] = torch.ones(7, 7).tril()[None, None]
        older[f"h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    expected = logits_of(tensors, TINY, idx)
    both = config_of(TINY, n_ctx=9, model_type="gpt2", resid_pdrop=0.1)
    old = {name: value for name, value in both.items() if name != "n_positions"}
    for config in both, {**old, "n_ctx": 7}:
        model = chapter.load_gpt2(folder_of(probe, config, older))
        assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_header_says_where_a_tensor_is(chapter, probe):
    """Tensors are found by their offsets, in whatever order the header names them."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    data = safetensors.torch.save(tensors)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    names = [list(header)[i] for i in torch.randperm(len(header)).tolist()]
    shuffled = {"__metadata__": {"format": "pt"}, **{name: header[name] for name in names}}
    text = json.dumps(shuffled, indent=1).encode() + b"   "
    data = len(text).to_bytes(8, "little") + text + data[8 + length :]
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), data))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_half_precision_files_become_float32(chapter, probe):
    """Files in float16 or bfloat16, mixed ones too, give a float32 model of the same numbers."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for kinds in [torch.float16], [torch.bfloat16], [torch.float16, torch.float32, torch.bfloat16]:
        half = {n: t.to(kinds[i % len(kinds)]) for i, (n, t) in enumerate(tensors.items())}
        model = chapter.load_gpt2(folder_of(probe, config_of(TINY), half))
        for name, parameter in probe.parameters(model).items():
            assert parameter.dtype == torch.float32, f"{name} is {parameter.dtype}"
        expected = logits_of(half, TINY, idx)
        assert_logits(probe, model, expected, idx, f"load_gpt2(a file in {kinds})(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_model_is_in_eval_mode(chapter, probe):
    """The model comes in eval mode, and without dropout: in train mode its logits are the same."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    config = config_of(TINY, attn_pdrop=0.5, embd_pdrop=0.5, resid_pdrop=0.5)
    model = chapter.load_gpt2(folder_of(probe, config, tensors))
    training = [name for name, mode in probe.modes(model).items() if mode]
    assert not training, f"in train mode: {training[0] or 'the model itself'}"
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model.train(), expected, idx, "load_gpt2(folder).train()(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_head_is_tied(chapter, probe):
    """The loaded model's out_head shares its weight with tok_emb, and all can be trained."""
    size = {"C": 8, "H": 2, "V": 19, "L": 5, "layers": 2}
    tensors = tensors_of(size)
    model = chapter.load_gpt2(folder_of(probe, config_of(size), tensors))
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert tied, "tok_emb.weight and out_head.weight are two tensors"
    probe.assert_close(
        probe.get(model, "out_head.weight"), tensors["wte.weight"], "out_head.weight"
    )
    count = sum(tensor.numel() for tensor in tensors.values())
    assert probe.parameter_count(model) == count, "the model has other parameters than the file"
    assert all(probe.trainable(model).values()), "some parameters cannot be trained"


@pytest.mark.exercise("load_gpt2")
def test_a_missing_file_is_named(chapter, probe):
    """Where config.json or model.safetensors is missing, FileNotFoundError names it."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    config, data = json.dumps(config_of(TINY)).encode(), safetensors.torch.save(tensors)
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        chapter.load_gpt2(probe.folder({"config.json": config}))
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        chapter.load_gpt2(probe.folder({"model.safetensors": data}))
    both = probe.folder({"config.json": config, "model.safetensors": data})
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, chapter.load_gpt2(both), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_a_missing_tensor_or_setting_is_named(chapter, probe):
    """Where a tensor or a number of the config is missing, ValueError names it."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for name in "wte.weight", "h.0.attn.c_proj.weight", "h.1.attn.c_attn.bias", "ln_f.bias":
        rest = {n: tensor for n, tensor in tensors.items() if n != name}
        with pytest.raises(ValueError, match=re.escape(name)):
            chapter.load_gpt2(folder_of(probe, config_of(TINY), rest))
    for name in "vocab_size", "n_embd", "n_head", "n_layer":
        config = config_of(TINY)
        del config[name]
        with pytest.raises(ValueError, match=words(name)):
            chapter.load_gpt2(folder_of(probe, config, tensors))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), tensors))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_config_and_file_must_agree(chapter, probe):
    """Where config and file disagree on sizes or the number of blocks, ValueError says both."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for depth in 1, 5:  # the file has 2
        with pytest.raises(ValueError, match=words(depth, 2)):
            chapter.load_gpt2(folder_of(probe, config_of(TINY, n_layer=depth), tensors))
    for vocab_size in 11, 17:  # the file has 13
        config = config_of(TINY, vocab_size=vocab_size)
        with pytest.raises(ValueError, match=words("wte", vocab_size, 13)):
            chapter.load_gpt2(folder_of(probe, config, tensors))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), tensors))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
@settings(max_examples=10)
@given(cut=st.floats(0, 0.999), seed=SEEDS)
def test_a_broken_file_is_refused(chapter, probe, cut, seed):
    """A file that was cut off, is empty or is something else raises ValueError that names it."""
    tensors, idx = tensors_of(TINY, seed), idx_of(TINY, seed)
    whole = safetensors.torch.save(tensors)
    zipped = b"PK\x03\x04\x00\x00\x08\x08" + bytes(64)
    for data in whole[: int(cut * len(whole))], whole[:-1], b"", zipped, b"\x80\x02" * 40:
        with pytest.raises(ValueError, match=r"model\.safetensors"):
            chapter.load_gpt2(folder_of(probe, config_of(TINY), data))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), whole))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")
