"""What the learner sees while writing appendix_e_lora."""

import pytest
import torch
from torch.nn import functional as F

GPT = {
    "vocab_size": 11,
    "context_length": 6,
    "emb_dim": 4,
    "n_heads": 2,
    "n_layers": 2,
    "drop_rate": 0.0,
    "qkv_bias": False,
}
IN_BLOCK = ("att.W_query", "att.W_key", "att.W_value", "att.out_proj", "ff.layers.0", "ff.layers.2")
SIZES = ((0, 3, 5), (1, 5, 2))  # of two_layers: layer, in, out


def linear_layer(probe, d_in, d_out):
    """A linear layer beside the subject."""
    network = probe.earlier("ch04_gpt").DeepNetwork([d_in, d_out], False)
    return probe.get(network, "layers.0.0")


def two_layers(probe):
    """A network of two layers, 3 -> 5 -> 2, its random parameters, and what it computes."""
    sizes = {"layers.0.0": (5, 3), "layers.1.0": (2, 5)}
    state = {f"{name}.weight": torch.randn(size) / 2 for name, size in sizes.items()}
    state |= {f"{name}.bias": torch.randn(size[0]) for name, size in sizes.items()}
    network = probe.earlier("ch04_gpt").DeepNetwork([3, 5, 2], False)
    probe.load_state(network, state)

    def compute(x, changes=None):
        for name in sizes:
            weight = state[f"{name}.weight"] + (changes[name] if changes else 0)
            x = F.gelu(F.linear(x, weight, state[f"{name}.bias"]), approximate="tanh")
        return x

    return network, state, compute


@pytest.mark.exercise("LoRALayer")
def test_lora_by_hand(chapter, probe):
    """The result is alpha / rank times x A B: here 6 / 2 = 3 times."""
    layer = chapter.LoRALayer(3, 2, rank=2, alpha=6)
    A = torch.tensor([[1.0, 0.0], [2.0, -1.0], [0.0, 1.0]])
    B = torch.tensor([[1.0, 4.0], [10.0, 0.0]])
    probe.load_state(layer, {"A": A, "B": B})
    # [1, 1, 1] A = [3, 0] and [0, 0, 2] A = [0, 2]; times B: [3, 12] and [20, 0]
    expected = torch.tensor([[9.0, 36.0], [60.0, 0.0]])
    x = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 2.0]])
    probe.assert_close(layer(x), expected, "LoRALayer(3, 2, 2, 6)(x)", ("row", "channel"))


@pytest.mark.exercise("LoRALayer")
def test_lora_starts_with_random_a_and_zero_b(chapter, probe):
    """A is (in_dim, rank) and random, B is (rank, out_dim) and zero; both are trained."""
    layer = chapter.LoRALayer(5, 3, 2, 4)
    shapes = probe.parameter_shapes(layer)
    assert shapes == {"A": (5, 2), "B": (2, 3)}, f"the parameters are {shapes}"
    found = probe.parameters(layer)
    assert found["A"].unique().numel() > 2, "A is not filled with random numbers"
    probe.assert_close(found["B"], torch.zeros(2, 3), "B of a new LoRALayer(5, 3, 2, 4)")
    trainable = probe.trainable(layer)
    assert trainable == {"A": True, "B": True}, f"trainable: {trainable}"


@pytest.mark.exercise("LoRALayer")
def test_lora_is_written_from_scratch(chapter, probe):
    """LoRALayer is built from matrix products, not from peft or a parametrization."""
    layer, x = chapter.LoRALayer(4, 3, 2, 1), torch.randn(2, 5, 4)
    A, B = torch.randn(4, 2), torch.randn(2, 3)
    probe.load_state(layer, {"A": A, "B": B})
    probe.assert_from_scratch(layer, x)
    probe.assert_close(layer(x), x @ A @ B / 2, "LoRALayer(4, 3, 2, 1)(x)")


@pytest.mark.exercise("LinearWithLoRA")
def test_the_change_is_added_to_the_layer(chapter, probe):
    """The result is linear(x) + lora(x), and the LoRALayer has the sizes of the linear layer."""
    layer = chapter.LinearWithLoRA(linear_layer(probe, 2, 3), rank=1, alpha=2)
    state = {
        "linear.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        "linear.bias": torch.tensor([0.0, 0.0, 100.0]),
        "lora.A": torch.tensor([[1.0], [-1.0]]),
        "lora.B": torch.tensor([[5.0, 0.0, 1.0]]),
    }
    probe.load_state(layer, state)
    # linear([4, 1]) = [4, 1, 105]; lora([4, 1]) = 2 * 3 * [5, 0, 1]
    expected = torch.tensor([[34.0, 1.0, 111.0]])
    what = "LinearWithLoRA(linear, 1, 2)([[4, 1]])"
    probe.assert_close(layer(torch.tensor([[4.0, 1.0]])), expected, what, ("row", "channel"))


@pytest.mark.exercise("LinearWithLoRA")
def test_at_first_the_layer_computes_what_it_did(chapter, probe):
    """A new LinearWithLoRA gives what the linear layer gives, and holds a LoRALayer beside it."""
    linear, x = linear_layer(probe, 3, 5), torch.randn(4, 3)
    weight, bias = torch.randn(5, 3), torch.randn(5)
    probe.load_state(linear, {"weight": weight, "bias": bias})
    layer = chapter.LinearWithLoRA(linear, 2, 8)
    shapes = probe.parameter_shapes(layer)
    expected = {"linear.weight": (5, 3), "linear.bias": (5,), "lora.A": (3, 2), "lora.B": (2, 5)}
    assert shapes == expected, f"the parameters are {shapes}"
    what = "LinearWithLoRA(linear, 2, 8)(x)"
    probe.assert_close(layer(x), F.linear(x, weight, bias), what, ("row", "channel"))


@pytest.mark.exercise("LinearWithLoRA")
def test_linear_with_lora_is_written_from_scratch(chapter, probe):
    """LinearWithLoRA adds two results, and uses neither peft nor a parametrization."""
    layer, x = chapter.LinearWithLoRA(linear_layer(probe, 3, 2), 2, 6), torch.randn(4, 3)
    state = {"linear.weight": torch.randn(2, 3), "linear.bias": torch.randn(2)}
    state |= {"lora.A": torch.randn(3, 2), "lora.B": torch.randn(2, 2)}
    probe.load_state(layer, state)
    probe.assert_from_scratch(layer, x)
    expected = F.linear(x, state["linear.weight"], state["linear.bias"])
    expected = expected + 3 * (x @ state["lora.A"] @ state["lora.B"])
    probe.assert_close(layer(x), expected, "LinearWithLoRA(linear, 2, 6)(x)", ("row", "channel"))


@pytest.mark.exercise("replace_linear_with_lora")
def test_every_linear_layer_of_a_gpt_is_replaced(chapter, probe):
    """Linear layers at any depth get a LoRALayer beside them; embeddings and norms get none."""
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    expected = dict(probe.parameter_shapes(model))
    for name in [f"trf_blocks.{i}.{part}" for i in range(2) for part in IN_BLOCK] + ["out_head"]:
        out_dim, in_dim = expected[f"{name}.linear.weight"] = expected.pop(f"{name}.weight")
        if f"{name}.bias" in expected:
            expected[f"{name}.linear.bias"] = expected.pop(f"{name}.bias")
        expected |= {f"{name}.lora.A": (in_dim, 3), f"{name}.lora.B": (3, out_dim)}
    chapter.replace_linear_with_lora(model, rank=3, alpha=6)
    found = probe.parameter_shapes(model)
    missing, surplus = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    assert not missing, f"missing parameters: {', '.join(missing)}"
    assert not surplus, f"surplus parameters: {', '.join(surplus)}"
    assert found == expected, f"the shapes are {found}"


@pytest.mark.exercise("replace_linear_with_lora")
def test_only_the_loras_are_left_to_train(chapter, probe):
    """In a model that was frozen before, every A and B is trainable, and no other parameter is."""
    network, _, _ = two_layers(probe)
    network.requires_grad_(False)
    chapter.replace_linear_with_lora(network, 2, 4)
    trainable = {name for name, yes in probe.trainable(network).items() if yes}
    expected = {f"layers.{i}.0.lora.{name}" for i in (0, 1) for name in "AB"}
    assert trainable == expected, f"trainable: {sorted(trainable)}"


@pytest.mark.exercise("replace_linear_with_lora")
def test_replacing_is_written_from_scratch(chapter, probe):
    """The layers are replaced by your LinearWithLoRA, and at first the model computes the same."""
    network, state, compute = two_layers(probe)
    x = torch.randn(4, 3)
    probe.assert_from_scratch(chapter.replace_linear_with_lora, network, 2, 4)
    probe.assert_close(network(x), compute(x), "model(x) with new LoRALayers", ("row", "channel"))
    factors = {f"layers.{i}.0": (torch.randn(m, 2) / 2, torch.randn(2, n) / 2) for i, m, n in SIZES}
    learned = {}
    for name, (A, B) in factors.items():
        learned |= {f"{name}.lora.A": A, f"{name}.lora.B": B}
        learned |= {f"{name}.linear.{part}": state[f"{name}.{part}"] for part in ("weight", "bias")}
    probe.load_state(network, learned)
    expected = compute(x, {name: 2 * (A @ B).T for name, (A, B) in factors.items()})
    probe.assert_close(network(x), expected, "model(x) with other As and Bs", ("row", "channel"))


@pytest.mark.exercise("merge_lora")
def test_merged_weights_by_hand(chapter, probe):
    """The merged weight is W + alpha / rank (A B)^T, under the name that W had; the bias stays."""
    network = probe.earlier("ch04_gpt").DeepNetwork([2, 2], False)
    layer = chapter.LinearWithLoRA(probe.get(network, "layers.0.0"), rank=1, alpha=10)
    state = {
        "linear.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        "linear.bias": torch.tensor([7.0, -7.0]),
        "lora.A": torch.tensor([[1.0], [2.0]]),
        "lora.B": torch.tensor([[3.0, 4.0]]),
    }
    probe.load_state(layer, state)
    probe.get(network, "layers.0").add_module("0", layer)
    chapter.merge_lora(network)
    found = probe.parameters(network)
    names = sorted(found)
    assert names == ["layers.0.0.bias", "layers.0.0.weight"], f"the parameters are {names}"
    expected = torch.tensor([[31.0, 60.0], [40.0, 81.0]])  # A B = [[3, 4], [6, 8]]
    probe.assert_close(found["layers.0.0.weight"], expected, "the weight", ("out", "in"))
    probe.assert_close(found["layers.0.0.bias"], state["linear.bias"], "the bias", ("out",))


@pytest.mark.exercise("merge_lora")
def test_merging_is_written_from_scratch(chapter, probe):
    """The merged model gives what the model gave with its LoRALayers, which are gone."""
    network, state, compute = two_layers(probe)
    x, changes, before = torch.randn(4, 3), {}, {n: tuple(v.shape) for n, v in state.items()}
    for i, in_dim, out_dim in SIZES:
        name, A, B = f"layers.{i}.0", torch.randn(in_dim, 2) / 2, torch.randn(2, out_dim)
        layer = chapter.LinearWithLoRA(probe.get(network, name), 2, 1)
        learned = {"linear.weight": state[f"{name}.weight"], "linear.bias": state[f"{name}.bias"]}
        probe.load_state(layer, {"lora.A": A, "lora.B": B, **learned})
        probe.get(network, f"layers.{i}").add_module("0", layer)
        changes[name] = (A @ B).T / 2
    expected = compute(x, changes)
    probe.assert_close(network(x), expected, "model(x) before merging", ("row", "channel"))
    probe.assert_from_scratch(chapter.merge_lora, network)
    shapes = probe.parameter_shapes(network)
    assert shapes == before, f"the parameters are {shapes}"
    probe.assert_close(network(x), expected, "model(x) after merging", ("row", "channel"))


@pytest.mark.exercise("trainable_parameters")
def test_trainable_values_are_counted(chapter, probe):
    """The count is of values, 5 * 3 + 5 + 2 * 5 + 2 = 32, and frozen ones do not count."""
    network, _, _ = two_layers(probe)
    probe.assert_close(chapter.trainable_parameters(network), 32, "all: trainable_parameters")
    probe.get(network, "layers.0").requires_grad_(False)
    probe.assert_close(chapter.trainable_parameters(network), 12, "the first layer frozen")
    network.requires_grad_(False)
    probe.assert_close(chapter.trainable_parameters(network), 0, "everything frozen")
