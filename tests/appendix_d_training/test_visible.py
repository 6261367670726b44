"""What a learner sees of appendix D."""

import math

import pytest
import torch
from torch.nn import functional as F

CFG = {
    "vocab_size": 11,
    "context_length": 7,
    "emb_dim": 6,
    "n_heads": 1,
    "n_layers": 0,  # embeddings, the last norm and the head: enough to train
    "drop_rate": 0.0,
    "qkv_bias": False,
}


def layer_with_gradients(probe, weight, bias):
    """A linear layer beside the subject whose weight and bias have exactly these gradients."""
    weight, bias = torch.tensor(weight), torch.tensor(bias)
    n_out, n_in = weight.shape
    layer = probe.nn("Linear", n_in, n_out)
    x = torch.eye(n_in + 1, n_in)  # one row for each column of the weight, and one of zeros
    cotangent = torch.cat([weight.T, (bias - weight.sum(dim=1))[None]])
    probe.gradients(layer, x, cotangent=cotangent)
    return layer


def batches_of(sizes, T=4, V=11):
    """Batches (inputs, targets) of random ids."""
    return [(torch.randint(V, (B, T)), torch.randint(V, (B, T))) for B in sizes]


def mean_loss(probe, model, batches):
    """The loss of a GPTModel without blocks, averaged over tokens, from its weights alone."""
    weights = probe.parameters(model)
    total = count = 0
    for inputs, targets in batches:
        positions = weights["pos_emb.weight"][: inputs.shape[1]]
        x = weights["tok_emb.weight"][inputs] + positions
        scale, shift = weights["final_norm.scale"], weights["final_norm.shift"]
        x = F.layer_norm(x, scale.shape, scale, shift)
        logits = x @ weights["out_head.weight"].T
        total += F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += targets.numel()
    return total / count


def run(chapter, probe, model, train, val, n_epochs, eval_freq, eval_iter, **settings):
    """Call train_model with SGD, peak rate 0.4, and a tokenizer that knows one text."""
    tokenizer = probe.object(encode=lambda text, **_: [3, 1, 4], decode=lambda ids: "a text")
    return chapter.train_model(
        model,
        probe.batches(train),
        probe.batches(val),
        probe.optimizer("SGD", model, lr=0.4),
        torch.device("cpu"),
        n_epochs=n_epochs,
        eval_freq=eval_freq,
        eval_iter=eval_iter,
        start_context="a start",
        tokenizer=tokenizer,
        **settings,
    )


@pytest.mark.exercise("learning_rate")
def test_warm_up_peak_and_decay(chapter, probe):
    """The rate climbs evenly to the peak, follows half a cosine down, and then stays."""
    expected = [0.1, 0.3, 0.5, 0.3 + 0.2 * math.sqrt(0.5), 0.3, 0.3 - 0.2 * math.sqrt(0.5), 0.1]
    for step, rate in enumerate([*expected, 0.1]):
        found = chapter.learning_rate(step, 2, 6, 0.1, 0.5, 0.1)
        probe.assert_close(found, rate, f"learning_rate({step}, 2, 6, 0.1, 0.5, 0.1)")


@pytest.mark.exercise("learning_rate")
def test_learning_rate_is_written_from_scratch(chapter, probe):
    """The rate is computed by its formula, not by torch's schedulers."""
    arguments = (30, 10, 50, 0.0, 2.0, 1.0)
    probe.assert_from_scratch(chapter.learning_rate, *arguments)
    found = chapter.learning_rate(*arguments)
    probe.assert_close(found, 1.5, "learning_rate(30, 10, 50, 0.0, 2.0, 1.0)")


@pytest.mark.exercise("find_highest_gradient")
def test_the_highest_gradient_has_no_sign(chapter, probe):
    """The largest gradient is the largest absolute value: -7 is larger than 4."""
    layer = layer_with_gradients(probe, [[1.0, -7.0], [3.0, 0.5]], [2.0, 4.0])
    found = chapter.find_highest_gradient(layer)
    probe.assert_close(found, 7.0, "find_highest_gradient(model)")


@pytest.mark.exercise("clip_gradients")
def test_gradients_are_scaled_to_the_limit(chapter, probe):
    """Gradients [[1, 2], [2, 4]] have norm 5; with max_norm=1 they are divided by 5."""
    layer = layer_with_gradients(probe, [[1.0, 2.0], [2.0, 4.0]], [0.0, 0.0])
    norm = chapter.clip_gradients(layer.parameters(), 1.0)
    probe.assert_close(norm, 5.0, "clip_gradients(parameters, 1.0)")
    expected = torch.tensor([[0.2, 0.4], [0.4, 0.8]])
    probe.assert_close(probe.get(layer, "weight.grad"), expected, "the gradient after clipping")


@pytest.mark.exercise("clip_gradients")
def test_small_gradients_stay(chapter, probe):
    """Where the norm is not above max_norm, no gradient changes."""
    for max_norm in 5.0, 8.0:
        layer = layer_with_gradients(probe, [[1.0, 2.0]], [-2.0])
        norm = chapter.clip_gradients(layer.parameters(), max_norm)
        probe.assert_close(norm, 3.0, f"clip_gradients(parameters, {max_norm})")
        grad = torch.tensor([[1.0, 2.0]])
        probe.assert_close(probe.get(layer, "weight.grad"), grad, "the gradient of the weight")
        grad = torch.tensor([-2.0])
        probe.assert_close(probe.get(layer, "bias.grad"), grad, "the gradient of the bias")


@pytest.mark.exercise("clip_gradients")
def test_clip_gradients_is_written_from_scratch(chapter, probe):
    """Clipping is a norm and a product, not torch's clip_grad_norm_."""
    layer = layer_with_gradients(probe, [[2.0, 4.0], [-4.0, 0.0]], [0.0, 8.0])
    probe.assert_from_scratch(chapter.clip_gradients, layer.parameters(), 2.0)
    expected = torch.tensor([[0.4, 0.8], [-0.8, 0.0]])
    probe.assert_close(probe.get(layer, "weight.grad"), expected, "the gradient after clipping")


@pytest.mark.exercise("train_model")
def test_rates_and_tokens_are_returned(chapter, probe):
    """The third list counts tokens at each evaluation, the fourth has the rate of every step."""
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    train, val = batches_of([2, 2, 2]), batches_of([2])
    settings = {"warmup_steps": 2, "initial_lr": 0.1, "min_lr": 0.2}
    lists = run(chapter, probe, model, train, val, 2, 4, 1, **settings)
    assert len(lists) == 4, f"{len(lists)} lists, expected 4"
    assert lists[2] == [8, 40], f"tokens seen after steps 0 and 4: {lists[2]}, expected [8, 40]"
    root = math.sqrt(0.5)
    expected = [0.1, 0.25, 0.4, 0.3 + 0.1 * root, 0.3, 0.3 - 0.1 * root]
    assert len(lists[3]) == 6, f"{len(lists[3])} rates for 6 steps"
    for step, rate in enumerate(expected):
        probe.assert_close(lists[3][step], rate, f"the rate of step {step}")


@pytest.mark.exercise("train_model")
def test_losses_are_those_of_the_weights(chapter, probe):
    """The first two lists are the losses of the model on the two loaders, after the step."""
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    train, val = batches_of([2, 3, 1]), batches_of([2, 2])
    before = mean_loss(probe, model, train)
    lists = run(chapter, probe, model, train, val, 7, 5, 8, warmup_steps=2)
    for kind, losses in zip(("training", "validation"), lists, strict=False):
        assert len(losses) == 5, f"{len(losses)} {kind} losses, expected those after 0, 5, ... 20"
    probe.assert_close(lists[0][-1], mean_loss(probe, model, train), "the last training loss")
    probe.assert_close(lists[1][-1], mean_loss(probe, model, val), "the last validation loss")
    after = mean_loss(probe, model, train)
    assert after < before, f"the training loss was {before:.4f} before and is {after:.4f} after"
