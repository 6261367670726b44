"""What a learner sees of appendix A."""

import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F


def forward(weights, x):
    """The network of section A.5, from the weights and biases of its three layers."""
    w1, b1, w2, b2, w3, b3 = weights
    hidden = F.linear(x, w1, b1).relu()
    return F.linear(F.linear(hidden, w2, b2).relu(), w3, b3)


def network(probe, model):
    """The names of the parameters of a NeuralNetwork, in the order of `forward`.

    They are told apart by their shapes, so that the layers may be called anything.
    """
    shapes = probe.parameter_shapes(model)
    hidden = {(30,): 1, (20, 30): 2, (20,): 3}
    order = {n: hidden.get(s, 0 if s[0] == 30 else 6 - len(s)) for n, s in shapes.items()}
    assert sorted(order.values()) == list(range(6)), f"the parameters are {shapes}"
    return sorted(shapes, key=order.__getitem__)


def train_here(weights, batches, optimizer, num_epochs):
    """What `train` should do, on weights of the test's own."""
    losses = []
    for features, labels in batches * num_epochs:
        loss = F.cross_entropy(forward(weights, features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def parameters_of(probe, model):
    """Weights of the test's own, equal to the model's."""
    found = probe.parameters(model)
    return [found[name].clone().requires_grad_() for name in network(probe, model)]


def two_clouds(n):
    """Examples of two classes, around (2, 2) and (-2, -2)."""
    labels = torch.arange(n) % 2
    return torch.randn(n, 2) + 2 - 4 * labels[:, None], labels


@pytest.mark.exercise("logistic_gradients")
def test_gradients_of_one_example(chapter, probe):
    """For x = 1.1, w = 2.2, b = 0, y = 1 the gradients are (a - 1) x and a - 1, a = sigmoid(z)."""
    inputs = [torch.tensor([value]) for value in (1.1, 2.2, 0.0, 1.0)]
    dw, db = chapter.logistic_gradients(*inputs)
    a = 1 / (1 + math.exp(-1.1 * 2.2))
    probe.assert_close(dw, torch.tensor([(a - 1) * 1.1]), "dw of logistic_gradients(x, w, b, y)")
    probe.assert_close(db, torch.tensor([a - 1]), "db of logistic_gradients(x, w, b, y)")


@pytest.mark.exercise("NeuralNetwork")
def test_number_of_parameters(chapter, probe):
    """NeuralNetwork(50, 3) has 2,213 parameters, and NeuralNetwork(2, 2) has 752."""
    for sizes, count in ((50, 3), 2213), ((2, 2), 752):
        found = probe.parameter_count(chapter.NeuralNetwork(*sizes))
        assert found == count, f"NeuralNetwork{sizes} has {found} parameters, expected {count}"


@pytest.mark.exercise("NeuralNetwork")
def test_three_layers_with_relu_between(chapter, probe):
    """The output is three linear layers in a row, with a ReLU after the first two only."""
    model, x = chapter.NeuralNetwork(5, 3), torch.randn(4, 5) * 3
    weights = [torch.randn(s) / 4 for s in [(30, 5), (30,), (20, 30), (20,), (3, 20), (3,)]]
    probe.load_state(model, dict(zip(network(probe, model), weights, strict=True)))
    expected = forward(weights, x)
    probe.assert_close(model(x), expected, "NeuralNetwork(5, 3)(x)", ("example", "class"))


@pytest.mark.exercise("ToyDataset")
def test_length_and_items(chapter, probe):
    """len(dataset) is the number of examples, dataset[i] is the pair (X[i], y[i])."""
    X, y = torch.randn(5, 2), torch.tensor([0, 1, 1, 0, 1])
    dataset = chapter.ToyDataset(X.clone(), y.clone())
    assert len(dataset) == 5, f"len(dataset) is {len(dataset)}, expected 5"
    for i in 3, 0, 4:
        features, label = dataset[i]
        probe.assert_close(features, X[i], f"dataset[{i}][0]")
        probe.assert_close(label, y[i], f"dataset[{i}][1]")


@pytest.mark.exercise("train")
def test_train_gives_the_loss_of_every_step(chapter, probe):
    """Train returns the loss before each step, for every batch of every epoch, in order."""
    X, y = two_clouds(5)
    batches = [(X[:2], y[:2]), (X[2:4], y[2:4]), (X[4:], y[4:])]
    model = chapter.NeuralNetwork(2, 2)
    weights = parameters_of(probe, model)
    expected = train_here(weights, batches, torch.optim.SGD(weights, lr=0.1), 2)
    optimizer = probe.optimizer("SGD", model, lr=0.1)
    losses = chapter.train(model, probe.batches(batches), optimizer, 2)
    assert len(losses) == 6, f"{len(losses)} losses for 2 epochs of 3 batches, expected 6"
    for i, loss in enumerate(losses):
        probe.assert_close(loss, expected[i], f"train(...)[{i}]")


@pytest.mark.exercise("train")
def test_training_makes_the_loss_smaller(chapter, probe):
    """After training, the loss on the training examples is smaller than it was before."""
    X, y = two_clouds(20)
    model = chapter.NeuralNetwork(2, 2)
    before = F.cross_entropy(forward(parameters_of(probe, model), X), y).item()
    optimizer = probe.optimizer("SGD", model, lr=0.1)
    losses = chapter.train(model, probe.batches([(X, y)]), optimizer, 40)
    probe.assert_close(losses[0], before, "train(...)[0]")
    after = F.cross_entropy(forward(parameters_of(probe, model), X), y).item()
    assert after < before, f"the loss was {before:.4f} before training and is {after:.4f} after it"


@pytest.mark.exercise("compute_accuracy")
def test_accuracy_counts_examples(chapter, probe):
    """The accuracy is the number of right examples divided by that of all, in all batches."""
    model = probe.module(lambda x: x)  # its logits are the features
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 5.0], [-1.0, -2.0, -3.0]])
    batches = [(logits, torch.tensor([0, 1, 2, 1])), (logits[:1], torch.tensor([2]))]
    accuracy = chapter.compute_accuracy(model, probe.batches(batches))
    probe.assert_close(accuracy, 3 / 5, "compute_accuracy with 3 of 4 and 0 of 1 right")


@pytest.mark.exercise("compute_accuracy")
def test_accuracy_is_computed_in_eval_mode(chapter, probe):
    """The model answers in eval mode, and is back in the mode that it came with afterwards."""
    modes = []

    def spy(x):
        modes.append(probe.modes(model)[""])
        return x

    model = probe.module(spy).train()
    logits, labels = torch.tensor([[1.0, 2.0], [3.0, 1.0]]), torch.tensor([1, 1])
    accuracy = chapter.compute_accuracy(model, probe.batches([(logits, labels)]))
    probe.assert_close(accuracy, 0.5, "compute_accuracy(model, dataloader)")
    assert modes, "the model was not asked"
    assert not any(modes), "the model was in train mode while it answered"
    assert probe.modes(model)[""], "the model came in train mode and was left in eval mode"


@pytest.mark.exercise("save_model")
def test_saved_file_holds_the_state_dict(chapter, probe):
    """torch.load(path, weights_only=True) gives back the names and numbers of the state dict."""
    library = probe.earlier("ch04_gpt")
    model = library.FeedForward({"emb_dim": 3})
    path = str(Path(probe.folder({}), "model.pth"))
    chapter.save_model(model=model, path=path)
    found = probe.code("import torch").torch.load(path, weights_only=True)
    expected = probe.parameters(model)
    assert sorted(found) == sorted(expected), f"the file holds {sorted(found)}"
    for name, value in expected.items():
        probe.assert_close(found[name], value, f"{name} in the file")


@pytest.mark.exercise("load_model")
def test_loaded_model_has_the_saved_weights(chapter, probe):
    """load_model(model, path) fills the model with what save_model has written, and returns it."""
    library = probe.earlier("ch04_gpt")
    saved, model = (library.FeedForward({"emb_dim": 3}) for _ in range(2))
    path = str(Path(probe.folder({}), "model.pth"))
    chapter.save_model(model=saved, path=path)
    came = chapter.load_model(model=model, path=path)
    for name, value in probe.parameters(saved).items():
        probe.assert_close(probe.parameters(model)[name], value, f"{name} of the model")
        probe.assert_close(probe.parameters(came)[name], value, f"{name} of what came back")


def alone(chapter, probe, model, dataset, num_epochs, batch_size):
    """Call train_distributed as the only process.

    "threaded" is torch's own stand-in for "gloo" that needs no network.
    """
    probe.code("import torch.testing._internal.distributed.multi_threaded_pg")
    return chapter.train_distributed(
        rank=0,
        world_size=1,
        num_epochs=num_epochs,
        model=model,
        dataset=dataset,
        optimizer=probe.optimizer("SGD", model, lr=0.1),
        batch_size=batch_size,
        backend="threaded",
        init_method=Path(probe.folder({}), "store").as_uri(),
    )


@pytest.mark.exercise("train_distributed")
def test_one_process_trains_as_usual(chapter, probe):
    """With world_size=1, the batches are batch_size examples and each makes a step as in train."""
    X, y = two_clouds(11)
    model = chapter.NeuralNetwork(2, 2)
    weights, seen = parameters_of(probe, model), []
    model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    losses = alone(chapter, probe, model, list(zip(X, y, strict=True)), 2, 4)
    assert [len(x) for x in seen] == [4] * 4, "the batches are not 2 of 4 examples in each epoch"
    where = [[int((row == X).all(dim=1).nonzero()[0]) for row in x] for x in seen]
    batches = [(X[i], y[i]) for i in where]
    expected = train_here(weights, batches, torch.optim.SGD(weights, lr=0.1), 1)
    assert len(losses) == 4, f"{len(losses)} losses for 2 epochs of 2 batches, expected 4"
    for i, loss in enumerate(losses):
        probe.assert_close(loss, expected[i], f"train_distributed(...)[{i}]")


@pytest.mark.exercise("train_distributed")
def test_a_batch_must_have_equal_shares(chapter, probe):
    """Where world_size does not divide batch_size, ValueError gives both numbers."""
    X, y = two_clouds(17)
    model, dataset = chapter.NeuralNetwork(2, 2), list(zip(X, y, strict=True))
    optimizer = probe.optimizer("SGD", model, lr=0.1)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b17\b)(?=.*\b3\b)"):
        chapter.train_distributed(0, 3, 1, model, dataset, optimizer, 17)
    losses = alone(chapter, probe, model, dataset, 1, 17)
    assert len(losses) == 1, f"{len(losses)} losses for one batch of 17 in one process"
