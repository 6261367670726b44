"""What only the judge sees of appendix A."""

import contextlib
import io
import math
import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

SEEDS = st.integers(0, 2**32 - 1)

# Beside the subject: several threads, each of which takes itself for a process. The process group
# is torch's own stand-in for "gloo", which needs neither a network nor other processes.
RANKS = """
import threading
import time

import torch
from torch.testing._internal.distributed import multi_threaded_pg as group


def run(call, settings, seconds=9.0):
    results = [None] * len(settings)

    def be_rank(rank):
        try:
            results[rank] = (call(**settings[rank]),)
        except BaseException as error:
            results[rank] = error

    isolate = torch._C._distributed_c10d._set_thread_isolation_mode
    group._install_threaded_pg()
    isolate(True)
    try:
        args = [(rank,) for rank in range(len(settings))]
        ranks = [threading.Thread(target=be_rank, args=a, daemon=True) for a in args]
        for rank in ranks:
            rank.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(rank.is_alive() for rank in ranks):
            if any(isinstance(result, BaseException) for result in results):
                break
            time.sleep(0.002)
    finally:
        isolate(False)
        group._uninstall_threaded_pg()
        group.ProcessLocalGroup.reset()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    if None in results:
        raise TimeoutError("a process waits for another one, which does not come")
    return [result[0] for result in results]


def spy(model):
    seen = []

    def note(module, inputs):
        seen.append((inputs[0].clone(), module.training))

    model.register_forward_pre_hook(note)
    return lambda: list(seen)
"""


def ranks(probe):
    """The module above, beside the subject."""
    return probe.code(RANKS)


def distributed(chapter, probe, models, data, num_epochs, batch_size, **settings):
    """Train the models, one for each process; gives what each process returned."""
    X, y = data
    common = {
        "world_size": len(models),
        "num_epochs": num_epochs,
        "dataset": list(zip(X, y, strict=True)),
        "batch_size": batch_size,
        "backend": "threaded",
        "init_method": Path(probe.folder({}), "store").as_uri(),
    }
    calls = []
    for rank, model in enumerate(models):
        optimizer = probe.optimizer("SGD", model, **{"lr": 0.2, **settings})
        calls.append({**common, "rank": rank, "model": model, "optimizer": optimizer})
    return ranks(probe).run(chapter.train_distributed, calls)


def forward(weights, x):
    """The network of section A.5, from the weights and biases of its three layers."""
    w1, b1, w2, b2, w3, b3 = weights
    hidden = F.linear(x, w1, b1).relu()
    return F.linear(F.linear(hidden, w2, b2).relu(), w3, b3)


def network(probe, model):
    """The names of the parameters of a NeuralNetwork, in the order of `forward`."""
    shapes = probe.parameter_shapes(model)
    hidden = {(30,): 1, (20, 30): 2, (20,): 3}
    order = {n: hidden.get(s, 0 if s[0] == 30 else 6 - len(s)) for n, s in shapes.items()}
    assert sorted(order.values()) == list(range(6)), f"the parameters are {shapes}"
    return sorted(shapes, key=order.__getitem__)


def random_weights(n_in, n_out, generator=None):
    """Weights of the network that make every layer and every bias matter."""
    shapes = [(30, n_in), (30,), (20, 30), (20,), (n_out, 20), (n_out,)]
    return [torch.randn(shape, generator=generator) / shape[-1] ** 0.5 for shape in shapes]


def load(probe, model, weights):
    """Give a NeuralNetwork these weights."""
    probe.load_state(model, dict(zip(network(probe, model), weights, strict=True)))


def weights_of(probe, model):
    """Copies of the weights of a NeuralNetwork, in the order of `forward`."""
    parameters = probe.parameters(model)
    return [parameters[name].clone() for name in network(probe, model)]


def train_here(weights, batches, name="SGD", **settings):
    """Train copies of the weights, a step for each batch; gives losses and weights."""
    weights = [weight.clone().requires_grad_() for weight in weights]
    optimizer = getattr(torch.optim, name)(weights, **settings)
    losses = []
    for features, labels in batches:
        loss = F.cross_entropy(forward(weights, features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, [weight.detach() for weight in weights]


def assert_trained(probe, model, losses, expected, what):
    """Losses and weights are those that `train_here` gives."""
    expected_losses, expected_weights = expected
    assert isinstance(losses, list), f"{what} is a {type(losses).__name__}, expected a list"
    came, wanted = len(losses), len(expected_losses)
    assert came == wanted, f"{came} losses, expected {wanted}"
    for i, loss in enumerate(losses):
        probe.assert_close(loss, expected_losses[i], f"{what}[{i}]")
    for name, weight in zip(network(probe, model), expected_weights, strict=True):
        probe.assert_close(probe.parameters(model)[name], weight, f"{name} after {what}")


def examples(n, n_in=2, n_out=2, generator=None):
    """Random examples: features, and labels that a linear model can learn."""
    X = torch.randn(n, n_in, generator=generator)
    directions = torch.randn(n_in, n_out, generator=generator)
    return X, (X @ directions).argmax(dim=1)


def rows(X, x):
    """Where the rows of x stand in X."""
    return [int((row == X).all(dim=1).nonzero()[0]) for row in x]


def labelled(data, batches):
    """The batches of features with their labels."""
    X, y = data
    return [(x, y[rows(X, x)]) for x in batches]


def cut(data, sizes):
    """Batches of these sizes, in order."""
    return list(zip(*(part.split(sizes) for part in data), strict=True))


def state_bytes(state, **settings):
    """What torch.save writes."""
    file = io.BytesIO()
    torch.save(state, file, **settings)
    return file.getvalue()


# logistic_gradients


@pytest.mark.exercise("logistic_gradients")
@settings(max_examples=20)
@given(
    x=st.floats(-3, 3, width=32),
    w=st.floats(-1.5, 1.5, width=32),
    b=st.floats(-2, 2, width=32),
    y=st.sampled_from([0.0, 1.0]),
)
@example(x=2.0, w=-5.0, b=0.0, y=1.0)
def test_gradients_are_those_of_the_cross_entropy(chapter, probe, x, w, b, y):
    """For any x, w, b and both classes, dw is (a - y) x and db is a - y, with a = sigmoid(z)."""
    dw, db = chapter.logistic_gradients(*(torch.tensor([value]) for value in (x, w, b, y)))
    error = 1 / (1 + math.exp(-(x * w + b))) - y
    probe.assert_close(dw, torch.tensor([error * x]), "dw of logistic_gradients(x, w, b, y)")
    probe.assert_close(db, torch.tensor([error]), "db of logistic_gradients(x, w, b, y)")


@pytest.mark.exercise("logistic_gradients")
def test_a_second_call_gives_the_same_gradients(chapter, probe):
    """Calling twice with the same tensors gives the same gradients, and does not add them up."""
    values = [torch.tensor([value]) for value in (0.7, -1.3, 0.4, 0.0)]
    placed = [probe.place(value.clone()) for value in values]
    a = torch.sigmoid(values[0] * values[1] + values[2])
    for call in "first", "second":
        dw, db = chapter.logistic_gradients(*placed)
        probe.assert_close(dw.clone(), a * values[0], f"dw of the {call} call")
        probe.assert_close(db.clone(), a, f"db of the {call} call")
    for name, here, there in zip("xwby", values, placed, strict=True):
        probe.assert_close(probe.value(there), here, f"{name} after the calls")
        assert not probe.get(there, "requires_grad"), f"{name} requires gradients after the calls"


@pytest.mark.exercise("logistic_gradients")
def test_weights_may_require_gradients_already(chapter, probe):
    """If w and b require gradients, as in the book, the answer is the same and .grad stays."""
    values = [torch.tensor([value]) for value in (-1.2, 0.8, 0.3, 1.0)]
    x, w, b, y = (probe.place(value.clone()) for value in values)
    w.requires_grad_(True)
    b.requires_grad_(True)
    error = torch.sigmoid(values[0] * values[1] + values[2]) - 1
    beside = probe.code("def keep(tensor, gradient):\n    tensor.grad = gradient\n")
    for gradient in None, torch.tensor([5.0]):
        if gradient is not None:  # as an earlier backward leaves it
            beside.keep(w, gradient.clone())
            beside.keep(b, gradient.clone())
        dw, db = chapter.logistic_gradients(x, w, b, y)
        probe.assert_close(dw, error * values[0], "dw of logistic_gradients(x, w, b, y)")
        probe.assert_close(db, error, "db of logistic_gradients(x, w, b, y)")
        for name, tensor in ("w", w), ("b", b):
            found = probe.get(tensor, "grad")
            if gradient is None:
                assert found is None, f"{name}.grad was written"
            else:
                probe.assert_close(found, gradient, f"{name}.grad, which was there before")


# NeuralNetwork


@pytest.mark.exercise("NeuralNetwork")
@settings(max_examples=15)
@given(n_in=st.integers(1, 19), n_out=st.integers(1, 19), B=st.integers(1, 5), seed=SEEDS)
def test_network_is_that_of_the_book(chapter, probe, n_in, n_out, B, seed):
    """For any sizes, it is Linear, ReLU, Linear, ReLU, Linear with 30 and 20 units between."""
    generator = torch.Generator().manual_seed(seed)
    weights = random_weights(n_in, n_out, generator)
    x = torch.randn(B, n_in, generator=generator) * 3
    model = chapter.NeuralNetwork(n_in, n_out)
    count = probe.parameter_count(model)
    assert count == 30 * n_in + 650 + 21 * n_out, f"NeuralNetwork({n_in}, {n_out}) has {count}"
    load(probe, model, weights)
    oracle = nn.Sequential(
        *(nn.Linear(n_in, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, n_out))
    )
    for parameter, weight in zip(oracle.parameters(), weights, strict=True):
        parameter.data = weight.clone()
    what = f"NeuralNetwork({n_in}, {n_out})(x)"
    probe.assert_close(model(x), oracle(x), what, ("example", "class"))


@pytest.mark.exercise("NeuralNetwork")
def test_outputs_are_logits_in_both_modes(chapter, probe):
    """The outputs are any numbers, of both signs, and are the same in train and in eval mode."""
    model, weights, x = chapter.NeuralNetwork(4, 6), random_weights(4, 6), torch.randn(8, 4) * 50
    load(probe, model, weights)
    expected = forward(weights, x)
    for switch in "train", "eval":
        getattr(model, switch)()
        probe.assert_close(model(x), expected, f"model.{switch}()(x)", ("example", "class"))


@pytest.mark.exercise("NeuralNetwork")
def test_every_weight_is_learned(chapter, probe):
    """Gradients reach all weights and all biases, and they are those of the three layers."""
    model, weights, x = chapter.NeuralNetwork(3, 4), random_weights(3, 4), torch.randn(7, 3)
    load(probe, model, weights)
    cotangent = torch.randn(7, 4)
    leaves = [weight.clone().requires_grad_() for weight in weights]
    expected = torch.autograd.grad((forward(leaves, x) * cotangent).sum(), leaves)
    found = probe.gradients(model, x, cotangent=cotangent)["parameters"]
    for name, gradient in zip(network(probe, model), expected, strict=True):
        probe.assert_close(found[name], gradient, f"the gradient of {name}")


@pytest.mark.exercise("NeuralNetwork")
def test_networks_start_with_random_weights(chapter, probe):
    """Two networks start with different weights, and the units of a layer differ too."""
    first, second = (weights_of(probe, chapter.NeuralNetwork(5, 3)) for _ in range(2))
    for i in 0, 2, 4:
        assert not torch.equal(first[i], second[i]), "two networks start with equal weights"
        assert not torch.equal(first[i][0], first[i][1]), "two units start with equal weights"


# ToyDataset


@pytest.mark.exercise("ToyDataset")
@settings(max_examples=15)
@given(N=st.integers(1, 9), shape=st.lists(st.integers(1, 4), max_size=2), seed=SEEDS)
def test_items_are_rows_of_features_and_labels(chapter, probe, N, shape, seed):
    """For features of any shape, dataset[i] is (X[i], y[i]), and there are as many as labels."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(N, *shape, generator=generator)
    y = torch.randint(5, (N,), generator=generator)
    dataset = chapter.ToyDataset(X.clone(), y.clone())
    assert len(dataset) == N, f"len(dataset) is {len(dataset)}, expected {N}"
    for i in range(N):
        features, label = dataset[i]
        probe.assert_close(features, X[i], f"dataset[{i}][0]")
        probe.assert_close(label, y[i], f"dataset[{i}][1]")


@pytest.mark.exercise("ToyDataset")
def test_a_data_loader_can_read_it(chapter, probe):
    """A DataLoader makes batches of it, with a smaller last one."""
    X, y = torch.randn(7, 3), torch.randint(4, (7,))
    loader = probe.loader(chapter.ToyDataset(X.clone(), y.clone()), batch_size=3)
    batches = list(loader)
    assert len(batches) == 3, f"{len(batches)} batches of 7 examples, expected 3"
    for i, (features, labels) in enumerate(batches):
        probe.assert_close(features, X[3 * i : 3 * i + 3], f"features of batch {i}")
        probe.assert_close(labels, y[3 * i : 3 * i + 3], f"labels of batch {i}")


@pytest.mark.exercise("ToyDataset")
def test_past_the_end_is_an_index_error(chapter, probe):
    """dataset[i] has the dtypes of X and y, and past the end it raises IndexError."""
    X, y = torch.randn(4, 2).double(), torch.randint(3, (4,)).int()
    dataset = chapter.ToyDataset(X=X.clone(), y=y.clone())
    features, label = dataset[3]
    probe.assert_close(features, X[3], "dataset[3][0]")
    probe.assert_close(label, y[3], "dataset[3][1]")
    with pytest.raises(IndexError):
        dataset[4]


# train


@pytest.mark.exercise("train")
@settings(max_examples=10)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    n_in=st.integers(1, 6),
    n_out=st.integers(2, 5),
    epochs=st.integers(1, 3),
    seed=SEEDS,
)
def test_steps_are_those_of_the_optimizer(chapter, probe, sizes, n_in, n_out, epochs, seed):
    """Losses and final weights are those of plain training on the same batches, of any sizes."""
    generator = torch.Generator().manual_seed(seed)
    batches = cut(examples(sum(sizes), n_in, n_out, generator), sizes)
    weights = random_weights(n_in, n_out, generator)
    expected = train_here(weights, batches * epochs, lr=0.05)
    model = chapter.NeuralNetwork(n_in, n_out)
    load(probe, model, weights)
    optimizer = probe.optimizer("SGD", model, lr=0.05)
    losses = chapter.train(model, probe.batches(batches), optimizer, epochs)
    assert_trained(probe, model, losses, expected, "train(...)")


@pytest.mark.exercise("train")
def test_the_optimizer_is_used_as_it_comes(chapter, probe):
    """Whatever optimizer comes, with whatever settings, makes the steps."""
    batches, weights = cut(examples(12, 3, 3), [4, 4, 4]), random_weights(3, 3)
    for name, options in {
        "SGD": {"lr": 0.02, "momentum": 0.9, "nesterov": True},
        "AdamW": {"lr": 0.003, "weight_decay": 0.3, "betas": (0.7, 0.9), "eps": 1e-3},
        "Adagrad": {"lr": 0.05},
    }.items():
        expected = train_here(weights, batches * 2, name, **options)
        model = chapter.NeuralNetwork(3, 3)
        load(probe, model, weights)
        optimizer = probe.optimizer(name, model, **options)
        losses = chapter.train(model, probe.batches(batches), optimizer, 2)
        assert_trained(probe, model, losses, expected, f"train with {name}")


@pytest.mark.exercise("train")
def test_the_model_is_trained_in_train_mode(chapter, probe):
    """A model that comes in eval mode makes its steps in train mode."""
    batches, weights = cut(examples(6), [2, 4]), random_weights(2, 2)
    expected = train_here(weights, batches * 2, lr=0.1)
    model, modes = chapter.NeuralNetwork(2, 2).eval(), []
    load(probe, model, weights)
    model.register_forward_pre_hook(lambda module, inputs: modes.append(probe.modes(module)[""]))
    losses = chapter.train(
        model, probe.batches(batches), probe.optimizer("SGD", model, lr=0.1), num_epochs=2
    )
    assert_trained(probe, model, losses, expected, "train(...)")
    assert sum(modes) >= 4, f"{sum(modes)} of 4 steps were made in train mode"


@pytest.mark.exercise("train")
def test_any_model_and_any_loader_will_do(chapter, probe):
    """The model may be any classifier, the loader a list or one with new batches each epoch."""
    X, y = examples(9, 4, 3)
    model = probe.earlier("ch04_gpt").DeepNetwork([4, 6, 3], use_shortcut=False)
    leaves = [p.clone().requires_grad_() for p in probe.parameters(model).values()]
    optimizer = torch.optim.SGD(leaves, lr=0.1)
    losses = chapter.train(
        model, cut((X, y), [5, 4]), probe.optimizer("SGD", model, lr=0.1), num_epochs=1
    )
    assert len(losses) == 2, f"{len(losses)} losses for 2 batches"
    for i, (features, labels) in enumerate(cut((X, y), [5, 4])):
        hidden = F.gelu(F.linear(features, *leaves[:2]), approximate="tanh")
        logits = F.gelu(F.linear(hidden, *leaves[2:]), approximate="tanh")
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        probe.assert_close(losses[i], loss.item(), f"train(...)[{i}]")
    for (name, value), leaf in zip(probe.parameters(model).items(), leaves, strict=True):
        probe.assert_close(value, leaf, f"{name} after train(...)")
    seen = []
    model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    probe.seed(1)
    shuffled = probe.loader(list(zip(X, y, strict=True)), batch_size=3, shuffle=True)
    chapter.train(model, shuffled, probe.optimizer("SGD", model, lr=0.1), 2)
    epochs = [torch.cat(part) for part in (seen[: len(seen) // 2], seen[len(seen) // 2 :])]
    assert not torch.equal(*epochs), "the second epoch has the batches of the first, unshuffled"


@pytest.mark.exercise("train")
def test_no_epoch_means_no_step(chapter, probe):
    """With num_epochs=0 nothing is learned and no loss is returned; with 1 there is one step."""
    data, weights = examples(5), random_weights(2, 2)
    for epochs in 0, 1:
        expected = train_here(weights, [data] * epochs, lr=0.1)
        model = chapter.NeuralNetwork(2, 2)
        load(probe, model, weights)
        optimizer = probe.optimizer("SGD", model, lr=0.1)
        losses = chapter.train(model, probe.batches([data]), optimizer, epochs)
        assert_trained(probe, model, losses, expected, f"train(..., num_epochs={epochs})")


@pytest.mark.exercise("train")
@settings(max_examples=8)
@given(seed=SEEDS, n_in=st.integers(2, 5), n_out=st.integers(2, 4))
def test_training_lowers_the_loss_on_any_seed(chapter, probe, seed, n_in, n_out):
    """On any seed, the weights that come out have a lower loss than those that went in."""
    generator = torch.Generator().manual_seed(seed)
    X, y = examples(24, n_in, n_out, generator)
    probe.seed(seed % 2**31)
    model = chapter.NeuralNetwork(n_in, n_out)
    before = F.cross_entropy(forward(weights_of(probe, model), X), y).item()
    optimizer = probe.optimizer("SGD", model, lr=0.1)
    losses = chapter.train(model, probe.batches([(X, y)]), optimizer, 20)
    after = F.cross_entropy(forward(weights_of(probe, model), X), y).item()
    probe.assert_close(losses[0], before, "the first loss")
    assert after < before, "the loss of the weights that came out is not lower"
    assert losses[-1] < losses[0], "the last loss is not lower than the first"


# compute_accuracy


@pytest.mark.exercise("compute_accuracy")
@settings(max_examples=20)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), n_out=st.integers(2, 6), seed=SEEDS
)
def test_accuracy_is_the_share_of_right_examples(chapter, probe, sizes, n_out, seed):
    """For batches of any sizes, it is the share of examples whose largest logit is the label's."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(sum(sizes), n_out, generator=generator) - 1
    labels = torch.randint(n_out, (sum(sizes),), generator=generator)
    expected = (logits.topk(1).indices.squeeze(1) == labels).double().mean().item()
    loader = probe.batches(cut((logits, labels), sizes))
    accuracy = chapter.compute_accuracy(probe.module(lambda x: x), loader)
    probe.assert_close(accuracy, expected, "compute_accuracy(model, dataloader)")


@pytest.mark.exercise("compute_accuracy")
def test_accuracy_of_a_real_network(chapter, probe):
    """All right gives 1.0, all wrong 0.0, no example nan; the weights stay."""
    model = probe.earlier("ch04_gpt").DeepNetwork([3, 7, 4], use_shortcut=False)
    before, X = probe.parameters(model), torch.randn(10, 3)
    right = model(X).argmax(dim=1)
    for labels, expected in (right, 1.0), ((right + 1) % 4, 0.0):
        loader = probe.loader(list(zip(X, labels, strict=True)), batch_size=4)
        accuracy = chapter.compute_accuracy(model=model, dataloader=loader)
        probe.assert_close(accuracy, expected, "compute_accuracy(model, dataloader)")
    accuracy = chapter.compute_accuracy(model, [])
    probe.assert_close(accuracy, math.nan, "compute_accuracy(model, [])")
    for name, value in probe.parameters(model).items():
        probe.assert_close(value, before[name], f"{name} after compute_accuracy")


@pytest.mark.exercise("compute_accuracy")
def test_the_mode_is_as_it_was(chapter, probe):
    """The model answers in eval mode, and afterwards has the mode it came with, whichever."""
    logits, labels = torch.tensor([[1.0, 2.0], [3.0, 1.0], [2.0, 0.0]]), torch.tensor([1, 1, 0])
    modes = []

    def spy(x):
        modes.append(probe.modes(model)[""])
        return x

    for switch in "train", "eval":
        model = getattr(probe.module(spy), switch)()
        loader = probe.batches(cut((logits, labels), [2, 1]))
        accuracy = chapter.compute_accuracy(model, loader)
        probe.assert_close(accuracy, 2 / 3, "compute_accuracy(model, dataloader)")
        assert modes, "the model was not asked"
        assert not any(modes), "the model was in train mode while it answered"
        assert probe.modes(model)[""] == (switch == "train"), f"not in {switch} mode any more"


@pytest.mark.exercise("compute_accuracy")
def test_the_random_stream_is_as_it_was(chapter, probe):
    """Computing an accuracy leaves torch's random stream alone, even if the loader shuffles."""
    logits, labels = torch.randn(9, 3), torch.randint(3, (9,))
    expected = (logits.argmax(dim=1) == labels).double().mean().item()
    loader = probe.loader(list(zip(logits, labels, strict=True)), batch_size=2, shuffle=True)
    probe.code("import torch").torch.rand(3)  # the stream is not at its beginning
    before = probe.random_state().clone()
    accuracy = chapter.compute_accuracy(probe.module(lambda x: x), loader)
    probe.assert_close(accuracy, expected, "compute_accuracy(model, dataloader)")
    assert torch.equal(probe.random_state(), before), "the random stream has moved"


# save_model and load_model


@pytest.mark.exercise("save_model")
def test_buffers_are_saved_too(chapter, probe):
    """The file holds everything that the state dict does, with shapes and dtypes: buffers too."""
    model = probe.module(lambda x: x)
    buffers = {"count": torch.tensor(41), "mean": torch.randn(3, 2, dtype=torch.float64)}
    for name, value in buffers.items():
        model.register_buffer(name, value.clone())
    path = str(Path(probe.folder({}), "any name"))
    chapter.save_model(model=model, path=path)
    found = probe.code("import torch").torch.load(path, weights_only=True)
    assert sorted(found) == ["count", "mean", "weight"], "the file has other names"
    for name, value in buffers.items():
        probe.assert_close(found[name], value, f"{name} in the file")


@pytest.mark.exercise("save_model")
def test_a_file_is_overwritten_and_keeps_what_it_got(chapter, probe):
    """Saving again replaces the file; what happens to the model later does not reach it."""
    library = probe.earlier("ch04_gpt")
    model = library.DeepNetwork([3, 2, 2], use_shortcut=False)
    path = str(Path(probe.folder({"model.pth": b"x" * 100_000}), "model.pth"))
    for _ in range(2):
        state = {name: torch.randn_like(p) for name, p in probe.parameters(model).items()}
        probe.load_state(model, state)
        chapter.save_model(model=model, path=path)
    assert all(probe.modes(model).values()), "the model is in eval mode after save_model"
    probe.load_state(model, {name: torch.zeros_like(value) for name, value in state.items()})
    found = probe.code("import torch").torch.load(path, weights_only=True)
    for name, value in state.items():
        probe.assert_close(found[name], value, f"{name} in the file")


@pytest.mark.exercise("load_model")
@settings(max_examples=8)
@given(sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4), seed=SEEDS)
def test_any_model_can_be_loaded(chapter, probe, sizes, seed):
    """A model of any architecture gets exactly the numbers in the file, which is read only."""
    model = probe.earlier("ch04_gpt").DeepNetwork(sizes, use_shortcut=True)
    generator = torch.Generator().manual_seed(seed)
    shapes = probe.parameter_shapes(model)
    state = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    data = state_bytes(state)
    path = str(Path(probe.folder({"weights": data}), "weights"))
    chapter.load_model(model=model, path=path)
    for name, value in state.items():
        probe.assert_close(probe.parameters(model)[name], value, f"{name} after load_model")
    assert probe.read(path) == data, "the file was changed"
    assert all(probe.trainable(model).values()), "a parameter cannot be trained any more"


@pytest.mark.exercise("load_model")
def test_buffers_are_loaded_too(chapter, probe):
    """What a state dict holds beside parameters, the buffers, is loaded too."""
    model = probe.module(lambda x: x)
    model.register_buffer("mean", torch.zeros(3, 2))
    state = {"weight": torch.randn(1), "mean": torch.randn(3, 2)}
    path = str(Path(probe.folder({"model.pth": state_bytes(state)}), "model.pth"))
    chapter.load_model(model=model, path=path)
    probe.assert_close(probe.buffers(model)["mean"], state["mean"], "the buffer after load_model")
    probe.assert_close(probe.parameters(model)["weight"], state["weight"], "the weight")


class Trap:
    """Unpickling this seeds torch's random stream, which the test notices."""

    def __reduce__(self):
        """What pickle calls."""
        return (exec, ("import torch; torch.manual_seed(20_240_229)",))


@pytest.mark.exercise("load_model")
def test_loading_never_runs_code(chapter, probe):
    """A file that would call a function while it is read raises, runs nothing, changes nothing."""
    model = probe.earlier("ch04_gpt").FeedForward({"emb_dim": 2})
    before = {name: value.clone() for name, value in probe.parameters(model).items()}
    state = {name: torch.randn_like(value) for name, value in before.items()}
    probe.seed(7)
    stream = probe.random_state().clone()
    for data in (
        state_bytes(Trap()),
        state_bytes({**state, "extra": Trap()}),
        state_bytes({**state, "extra": Trap()}, _use_new_zipfile_serialization=False),
        pickle.dumps({**state, "extra": Trap()}, protocol=2),
    ):
        path = str(Path(probe.folder({"model.pth": data}), "model.pth"))
        refused = False
        try:
            chapter.load_model(model=model, path=path)
        except Exception:  # noqa: BLE001 - the docstring leaves open which
            refused = True
        assert torch.equal(probe.random_state(), stream), "a function from the file was run"
        assert refused, "the file was accepted"
        for name, value in probe.parameters(model).items():
            probe.assert_close(value, before[name], f"{name} after a file was refused")
    path = str(Path(probe.folder({"model.pth": state_bytes(state)}), "model.pth"))
    chapter.load_model(model=model, path=path)
    for name, value in state.items():
        probe.assert_close(probe.parameters(model)[name], value, f"{name} after load_model")


@pytest.mark.exercise("load_model")
def test_names_and_shapes_must_be_those_of_the_model(chapter, probe):
    """A file that lacks a tensor, has one too many, or one of another shape is refused."""
    build = probe.earlier("ch04_gpt").FeedForward
    shapes = probe.parameter_shapes(build({"emb_dim": 3}))
    good = {name: torch.randn(shape) for name, shape in shapes.items()}
    lacking = dict(list(good.items())[1:])
    for state, fits in (
        (good, True),
        (lacking, False),
        ({**good, "layers.4.weight": torch.randn(3, 3)}, False),
        ({**good, "layers.2.weight": torch.randn(12, 3)}, False),
        ({**good, "layers.2.bias": torch.randn(1)}, False),
        ({f"model.{name}": value for name, value in good.items()}, False),
    ):
        model = build({"emb_dim": 3})
        optimizer = probe.optimizer("SGD", model, lr=0.1, weight_decay=0.5)
        path = str(Path(probe.folder({"model.pth": state_bytes(state)}), "model.pth"))
        try:
            chapter.load_model(model=model, path=path)
        except Exception:  # noqa: BLE001 - RuntimeError from torch, ValueError from others
            assert not fits, "a file with the right names and shapes was refused"
            continue
        assert fits, "a file with other names or shapes was accepted"
        for name, value in good.items():
            probe.assert_close(probe.parameters(model)[name], value, f"{name} after load_model")
        probe.gradients(model, torch.randn(2, 3))
        optimizer.step()
        for name, value in probe.parameters(model).items():
            assert not torch.equal(value, good[name]), f"the optimizer does not train {name} now"


# train_distributed


@pytest.mark.exercise("train_distributed")
def test_processes_learn_what_one_learns(chapter, probe):
    """Two and three processes give the losses and weights of one process on whole batches."""
    data, weights = examples(15, 3, 4), random_weights(3, 4)
    for world_size in 1, 2, 3:
        models = [chapter.NeuralNetwork(3, 4) for _ in range(world_size)]
        load(probe, models[0], weights)  # the others start with weights of their own
        spy = ranks(probe).spy(models[0])
        losses = distributed(chapter, probe, models, data, 2, 6, momentum=0.9)
        if world_size == 1:
            batches = labelled(data, [x for x, _ in spy()])
            assert [len(x) for x, _ in batches] == [6] * 4, "not 2 batches of 6 in each epoch"
            expected = train_here(weights, batches, lr=0.2, momentum=0.9)
        for model, came in zip(models, losses, strict=True):
            assert_trained(probe, model, came, expected, f"training in {world_size} processes")


@pytest.mark.exercise("train_distributed")
def test_each_process_works_on_its_share(chapter, probe):
    """At each step, each process sees batch_size / world_size examples, no two the same."""
    data, weights = examples(13, 2, 3), random_weights(2, 3)
    models = [chapter.NeuralNetwork(2, 3) for _ in range(3)]
    load(probe, models[0], weights)
    beside = ranks(probe)
    spies = [beside.spy(model) for model in models]
    losses = distributed(chapter, probe, models, data, 1, 6)
    shares = [[x for x, _ in spy()] for spy in spies]
    for share in shares:
        assert [len(x) for x in share] == [2] * 2, "a process does not see 2 examples a step"
    whole = [torch.cat(parts) for parts in zip(*shares, strict=True)]
    assert len(set(rows(data[0], torch.cat(whole)))) == 12, "an example comes twice in an epoch"
    expected = train_here(weights, labelled(data, whole), lr=0.2)
    assert_trained(probe, models[2], losses[2], expected, "training in 3 processes")
    models = [chapter.NeuralNetwork(2, 3) for _ in range(2)]
    first, second = distributed(chapter, probe, models, examples(7, 2, 3), 3, 2)
    assert len(first) == 9, f"{len(first)} losses for 3 epochs of 7 examples, 2 a step"
    assert first == second, "two processes give different losses"


@pytest.mark.exercise("train_distributed")
def test_each_epoch_has_an_order_of_its_own(chapter, probe):
    """Each epoch goes through the data in another order, whatever torch's random stream is."""
    data, orders = examples(16), []
    for seed in 1, 2:
        probe.seed(seed)
        model = chapter.NeuralNetwork(2, 2)
        spy = ranks(probe).spy(model)
        (losses,) = distributed(chapter, probe, [model], data, 3, 4)
        assert len(losses) == 12, f"{len(losses)} losses for 3 epochs of 4 batches"
        seen = rows(data[0], torch.cat([x for x, _ in spy()]))
        orders.append([seen[start : start + 16] for start in (0, 16, 32)])
    for order in orders[0]:
        assert sorted(order) == list(range(16)), "an epoch is not the whole data set"
        assert order != list(range(16)), "an epoch goes through the data in the order of the set"
    first, second, third = orders[0]
    assert first != second != third != first, "two epochs have the same order"
    assert orders[0] == orders[1], "the order depends on torch's random stream"


@pytest.mark.exercise("train_distributed")
def test_the_process_group_is_closed(chapter, probe):
    """After training, and after an error in it, the next training can make its process group."""
    (X, y), weights = examples(8), random_weights(2, 2)
    probe.code("import torch.testing._internal.distributed.multi_threaded_pg")

    def train_alone(y, num_epochs):
        model = chapter.NeuralNetwork(2, 2)
        load(probe, model, weights)
        init_method = Path(probe.folder({}), "store").as_uri()
        optimizer = probe.optimizer("SGD", model, lr=0.2)
        data = list(zip(X, y, strict=True))
        losses = chapter.train_distributed(
            0, 1, num_epochs, model, data, optimizer, 8, "threaded", init_method
        )
        return model, losses

    with contextlib.suppress(Exception):
        train_alone(y + 7, 1)  # there are no such classes
    for epochs in 2, 3:
        model, losses = train_alone(y, epochs)
        expected = train_here(weights, [(X, y)] * epochs, lr=0.2)
        assert_trained(probe, model, losses, expected, f"training of {epochs} epochs")


@pytest.mark.exercise("train_distributed")
def test_every_process_trains_in_train_mode(chapter, probe):
    """A model that comes in eval mode makes its steps in train mode, in every process."""
    data, weights = examples(6), random_weights(2, 2)
    models = [chapter.NeuralNetwork(2, 2).eval() for _ in range(2)]
    load(probe, models[0], weights)
    spies = [ranks(probe).spy(model) for model in models]
    losses = distributed(chapter, probe, models, data, 1, 6)
    expected = train_here(weights, [data], lr=0.2)
    for rank, model in enumerate(models):
        assert_trained(probe, model, losses[rank], expected, f"train_distributed, rank {rank}")
        modes = [training for _, training in spies[rank]()]
        assert any(modes), f"rank {rank} made its step in eval mode"
