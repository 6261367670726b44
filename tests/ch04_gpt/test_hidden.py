"""What the learner of chapter 4 does not see: properties, edges, bad input, GPT-2's sizes."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

CFG = {
    "vocab_size": 13,
    "context_length": 9,
    "emb_dim": 8,
    "n_heads": 2,
    "n_layers": 2,
    "drop_rate": 0.1,
    "qkv_bias": True,
}
# size: emb_dim, n_layers, n_heads; then untied, tied, untied with bias, tied with bias.
GPT2 = {
    "124M": (768, 12, 12, 163_009_536, 124_412_160, 163_037_184, 124_439_808),
    "355M": (1024, 24, 16, 406_212_608, 354_749_440, 406_286_336, 354_823_168),
    "774M": (1280, 36, 20, 838_220_800, 773_891_840, 838_359_040, 774_030_080),
    "1558M": (1600, 48, 25, 1_637_792_000, 1_557_380_800, 1_638_022_400, 1_557_611_200),
}
AXES = ("batch", "time", "channel")
SEEDS = st.integers(0, 2**31)
SIZES = st.lists(st.integers(1, 3), min_size=2, max_size=5)
QUIET = """
import torch


def call(module, x):
    with torch.no_grad():
        return module(x)
"""
MODELS = """
import torch
from torch import nn


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))
        self.scale = nn.Parameter(torch.ones(3))
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return self.inner(x * self.weight * self.scale)


def repeated():
    layer = nn.Linear(40, 30)
    layer.weight = nn.Parameter(torch.randn(100, 40)[:30])
    layer.register_buffer("mask", torch.ones(30, 30))
    return nn.Sequential(layer, layer)
"""


def gpt2_table():
    """(size, cfg with tied and qkv_bias, parameters) for each of the sixteen models."""
    for size, (emb_dim, n_layers, n_heads, *counts) in GPT2.items():
        for number, count in enumerate(counts):
            cfg = {"vocab_size": 50257, "context_length": 1024, "drop_rate": 0.1}
            cfg |= {"emb_dim": emb_dim, "n_layers": n_layers, "n_heads": n_heads}
            yield size, {**cfg, "tied": number % 2 == 1, "qkv_bias": number >= 2}, count


def gpt2_models():
    """Those of the table that are built: of 124M all four, of the others neither and both."""
    for size, cfg, count in gpt2_table():
        if size == "124M" or cfg["tied"] == cfg["qkv_bias"]:
            yield size, cfg, count


def feed_forward_shapes(C, at=""):
    return {
        f"{at}layers.0.weight": (4 * C, C),
        f"{at}layers.0.bias": (4 * C,),
        f"{at}layers.2.weight": (C, 4 * C),
        f"{at}layers.2.bias": (C,),
    }


def block_shapes(cfg, at=""):
    C = cfg["emb_dim"]
    shapes = {f"{at}att.{name}.weight": (C, C) for name in ("W_query", "W_key", "W_value")}
    if cfg["qkv_bias"]:
        shapes |= {f"{at}att.{name}.bias": (C,) for name in ("W_query", "W_key", "W_value")}
    shapes |= {f"{at}att.out_proj.weight": (C, C), f"{at}att.out_proj.bias": (C,)}
    for norm in ("norm1", "norm2"):
        shapes |= {f"{at}{norm}.scale": (C,), f"{at}{norm}.shift": (C,)}
    return shapes | feed_forward_shapes(C, f"{at}ff.")


def gpt_shapes(cfg):
    V, C = cfg["vocab_size"], cfg["emb_dim"]
    shapes = {"tok_emb.weight": (V, C), "pos_emb.weight": (cfg["context_length"], C)}
    for i in range(cfg["n_layers"]):
        shapes |= block_shapes(cfg, f"trf_blocks.{i}.")
    shapes |= {"final_norm.scale": (C,), "final_norm.shift": (C,)}
    return shapes if cfg.get("tied") else shapes | {"out_head.weight": (V, C)}


def network_shapes(sizes):
    shapes = {}
    for i in range(len(sizes) - 1):
        shapes[f"layers.{i}.0.weight"] = (sizes[i + 1], sizes[i])
        shapes[f"layers.{i}.0.bias"] = (sizes[i + 1],)
    return shapes


def randoms(shapes, seed=None):
    """Random values of these shapes, of a size at which every part of a model has a say."""
    source = None if seed is None else torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=source)
        if name.endswith("scale"):
            value = 1 + value / 2
        elif "emb" not in name:
            value = value / shape[-1] ** 0.5 if len(shape) == 2 else value / 2
        state[name] = value
    return state


def doubles(shapes, seed=None):
    return {name: value.double() for name, value in randoms(shapes, seed).items()}


def loaded(probe, module, state, *, train=False):
    """The module in float64: norms enlarge rounding errors, and no seed may fail for those."""
    module.double()
    probe.load_state(module, state)
    module.train(train)
    return module


def assert_near(probe, actual, expected, what):
    """Compare a float64 result in float32, because a GELU may hold its constants in float32."""
    double = isinstance(actual, torch.Tensor) and actual.dtype == torch.float64
    assert double, f"{what}: expected a tensor of dtype float64"
    axes = AXES if expected.dim() == len(AXES) else ()
    probe.assert_close(actual.float(), expected.detach().float(), what, axes=axes)


def normed(x, scale, shift):
    return functional.layer_norm(x, scale.shape, scale, shift, eps=1e-5)


def fed_forward(x, w, at=""):
    x = functional.linear(x, w[f"{at}layers.0.weight"], w[f"{at}layers.0.bias"])
    x = functional.gelu(x, approximate="tanh")
    return functional.linear(x, w[f"{at}layers.2.weight"], w[f"{at}layers.2.bias"])


def attended(x, w, at, n_heads):
    """Causal multi-head attention, one head after the other."""
    (_, T, C), parts = x.shape, []
    q, k, v = (
        functional.linear(x, w[f"{at}W_{name}.weight"], w.get(f"{at}W_{name}.bias"))
        for name in ("query", "key", "value")
    )
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    for channels in torch.arange(C).chunk(n_heads):
        scores = q[..., channels] @ k[..., channels].mT / len(channels) ** 0.5
        weights = scores.masked_fill(future, float("-inf")).softmax(-1)
        parts.append(weights @ v[..., channels])
    out = torch.cat(parts, dim=-1)
    return functional.linear(out, w[f"{at}out_proj.weight"], w[f"{at}out_proj.bias"])


def block_output(x, w, n_heads, at=""):
    h = normed(x, w[f"{at}norm1.scale"], w[f"{at}norm1.shift"])
    x = x + attended(h, w, f"{at}att.", n_heads)
    h = normed(x, w[f"{at}norm2.scale"], w[f"{at}norm2.shift"])
    return x + fed_forward(h, w, f"{at}ff.")


def block_without_attention(x, w):
    """A block whose attention weights are all dropped: only the bias of out_proj is left."""
    x = x + w["att.out_proj.bias"]
    return x + fed_forward(normed(x, w["norm2.scale"], w["norm2.shift"]), w, "ff.")


def embedded(idx, w):
    return w["tok_emb.weight"][idx] + w["pos_emb.weight"][: idx.shape[1]]


def logits_of(x, w, cfg):
    """The logits that follow from the embeddings x."""
    for i in range(cfg["n_layers"]):
        x = block_output(x, w, cfg["n_heads"], f"trf_blocks.{i}.")
    x = normed(x, w["final_norm.scale"], w["final_norm.shift"])
    return x @ w.get("out_head.weight", w["tok_emb.weight"]).T


def gpt_logits(idx, w, cfg):
    return logits_of(embedded(idx, w), w, cfg)


def network_output(x, w, sizes, use_shortcut):
    for i in range(len(sizes) - 1):
        out = functional.linear(x, w[f"layers.{i}.0.weight"], w[f"layers.{i}.0.bias"])
        out = functional.gelu(out, approximate="tanh")
        x = x + out if use_shortcut and sizes[i] == sizes[i + 1] else out
    return x


def mean_gradients(forward, state, x):
    """The mean absolute gradient of each weight, for a target of zeros."""
    leaves = {name: value.double().requires_grad_() for name, value in state.items()}
    forward(x.double(), leaves).square().mean().backward()
    weights = {name: leaf for name, leaf in leaves.items() if name.endswith("weight")}
    return {name: leaf.grad.abs().mean().item() for name, leaf in weights.items()}


def assert_gradients(probe, module, output, inputs, state):
    """All gradients of a module in float64, and of a float input, are those of the oracle."""
    leaves = {name: value.clone().requires_grad_() for name, value in state.items()}
    leaf = inputs.clone().requires_grad_() if inputs.is_floating_point() else inputs
    expected = output(leaf, leaves)
    cotangent = torch.randn(expected.shape, dtype=torch.float64)
    (expected * cotangent).sum().backward()
    found = probe.gradients(module, inputs, cotangent=cotangent)
    assert set(found["parameters"]) == set(leaves), "the parameters have other names"
    for name, parameter in leaves.items():
        what = f"gradient of {name}"
        assert_near(probe, found["parameters"][name], parameter.grad, what)
    if inputs.is_floating_point():
        assert_near(probe, found["inputs"][0], leaf.grad, "gradient of the input")


def assert_unchanged(probe, module, x):
    """The module leaves its argument as it was."""
    before = x.clone()
    kept = probe.place(x)
    module(kept)
    assert torch.equal(probe.value(kept), before), "the input has changed"
    probe.code(QUIET).call(module, kept)
    assert torch.equal(probe.value(kept), before), "the input has changed within torch.no_grad()"


def assert_half_dropped(probe, added, part, what):
    """Of what was added, about half is 0, and the rest is twice the part: a rate of 0.5."""
    dropped = added.abs() < part.abs()
    assert_near(probe, added, 2 * part.masked_fill(dropped, 0.0), what)
    assert dropped.any(), f"{what}: nothing was dropped"
    assert not dropped.all(), f"{what}: all was dropped"


def assert_shapes(actual, expected):
    missing, foreign = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
    assert not missing, f"parameter {missing[0]} is missing"
    assert not foreign, f"parameter {foreign[0]} should not be there"
    for name, shape in expected.items():
        assert tuple(actual[name]) == shape, f"{name}: shape {actual[name]}, expected {shape}"


# LayerNorm


@pytest.mark.exercise("LayerNorm")
@settings(max_examples=20)
@given(
    shape=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    C=st.integers(2, 9),
    size=st.sampled_from([0.003, 0.1, 1.0, 50.0]),
    seed=SEEDS,
)
def test_norm_equals_torch_for_any_shape_and_size(chapter, probe, shape, C, size, seed):
    """For any leading dimensions and large or small inputs, LayerNorm is torch's layer_norm."""
    source = torch.Generator().manual_seed(seed)
    # Values at least size / 2 apart: the norm of nearly equal ones is little but rounding error.
    x = torch.arange(C) - C / 2 + torch.rand(*shape, C, generator=source) / 2
    x = size * x[..., torch.randperm(C, generator=source)]
    norm, w = chapter.LayerNorm(C), randoms({"scale": (C,), "shift": (C,)}, seed)
    probe.load_state(norm, w)
    expected = normed(x.double(), w["scale"].double(), w["shift"].double()).float()
    probe.assert_close(norm(x), expected, "LayerNorm(C)(x)")


@pytest.mark.exercise("LayerNorm")
def test_norm_has_its_eps_under_the_root(chapter, probe):
    """Where the variance is as small as eps, 1e-5 is added to it before the root is taken."""
    x = torch.tensor([[-1.0, -0.5, 0.0, 1.5], [2.0, -2.0, 1.0, -1.0]]).repeat(2, 1)
    x = x * torch.tensor([[1e-2], [1e-3], [1e-4], [1e-6]])
    probe.assert_close(chapter.LayerNorm(4)(x), functional.layer_norm(x, (4,)), "LayerNorm(4)(x)")


@pytest.mark.exercise("LayerNorm")
def test_norm_of_equal_values_is_the_shift(chapter, probe):
    """A vector whose values are all equal, also a vector of one value, becomes shift, never nan."""
    for C in (1, 5):
        norm, w = chapter.LayerNorm(C), randoms({"scale": (C,), "shift": (C,)})
        probe.load_state(norm, w)
        x = torch.tensor([[0.0], [-3.0], [0.5]]).expand(3, C).contiguous()
        probe.assert_close(norm(x), w["shift"].expand(3, C), f"LayerNorm({C})(equal values)")
    for C in (5, 7, 16):
        x = torch.tensor([[1000.1], [777.7], [345.6], [9999.9]]).expand(4, C).contiguous()
        assert chapter.LayerNorm(C)(x).isfinite().all(), f"LayerNorm({C})(large equal values)"


@pytest.mark.exercise("LayerNorm")
def test_norm_starts_as_the_plain_normalisation(chapter, probe):
    """The scale starts as ones, the shift as zeros; both learn, and there is nothing else."""
    norm = chapter.LayerNorm(7)
    found = probe.parameters(norm)
    assert set(found) == {"scale", "shift"}, f"the parameters are {sorted(found)}"
    probe.assert_close(found["scale"], torch.ones(7), "LayerNorm(7).scale")
    probe.assert_close(found["shift"], torch.zeros(7), "LayerNorm(7).shift")
    assert all(probe.trainable(norm).values()), "scale and shift must require gradients"


@pytest.mark.exercise("LayerNorm")
def test_norm_passes_gradients_through_mean_and_variance(chapter, probe):
    """The gradients of x, scale and shift are those of torch's layer_norm."""
    w, x = doubles({"scale": (5,), "shift": (5,)}), 2 * torch.randn(3, 4, 5).double()
    norm = loaded(probe, chapter.LayerNorm(5), w)
    assert_gradients(probe, norm, lambda x, w: normed(x, w["scale"], w["shift"]), x, w)


@pytest.mark.exercise("LayerNorm")
def test_norm_keeps_the_dtype_and_the_input(chapter, probe):
    """The output has the dtype of x, float64 too, and x itself is left unchanged."""
    x = torch.randn(2, 3, 6, dtype=torch.float64)
    norm = chapter.LayerNorm(6).double()
    probe.assert_close(norm(x), functional.layer_norm(x, (6,)), "LayerNorm(6)(x in float64)")
    assert_unchanged(probe, norm, x)


# GELU


@pytest.mark.exercise("GELU")
@settings(max_examples=15)
@given(
    shape=st.lists(st.integers(0, 4), min_size=0, max_size=3),
    size=st.sampled_from([0.1, 1.0, 3.0, 30.0]),
    seed=SEEDS,
)
@example(shape=[40], size=2.0, seed=0)
def test_gelu_equals_torch_for_any_shape(chapter, probe, shape, size, seed):
    """For any shape, GELU is torch's gelu in the tanh form (not the erf form)."""
    x = size * torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    expected = functional.gelu(x.double(), approximate="tanh").float()
    probe.assert_close(chapter.GELU()(x), expected, "GELU()(x)")


@pytest.mark.exercise("GELU")
def test_gelu_far_from_zero(chapter, probe):
    """Large positive values stay as they are, large negative ones become 0, none becomes nan."""
    x = torch.tensor([-10_000.0, -500.0, -80.0, -20.0, 20.0, 80.0, 500.0, 10_000.0])
    probe.assert_close(chapter.GELU()(x), x.clamp(min=0), "GELU()(x)")


@pytest.mark.exercise("GELU")
def test_gelu_passes_gradients(chapter, probe):
    """The gradient is that of torch's gelu in the tanh form."""
    x, cotangent = torch.linspace(-5, 5, 41), torch.randn(41)
    leaf = x.clone().requires_grad_()
    (functional.gelu(leaf, approximate="tanh") * cotangent).sum().backward()
    found = probe.gradients(chapter.GELU(), x, cotangent=cotangent)
    probe.assert_close(found["inputs"][0], leaf.grad, "the gradient of GELU")


@pytest.mark.exercise("GELU")
def test_gelu_keeps_the_dtype_and_the_input(chapter, probe):
    """The output has the dtype of x, float64 too, and x itself is left unchanged."""
    gelu, x = chapter.GELU(), torch.linspace(-3, 3, 7, dtype=torch.float64)
    found = gelu(x.clone())
    assert found.dtype == torch.float64, f"float64 became {found.dtype}"
    expected = functional.gelu(x, approximate="tanh").float()
    probe.assert_close(found.float(), expected, "GELU()(x in float64)")
    assert_unchanged(probe, gelu, x)


# FeedForward


@pytest.mark.exercise("FeedForward")
@settings(max_examples=15)
@given(C=st.integers(1, 6), shape=st.lists(st.integers(1, 4), max_size=3), seed=SEEDS)
def test_feed_forward_follows_its_formula(chapter, probe, C, shape, seed):
    """For any emb_dim and leading dimensions: Linear to 4 emb_dim, GELU, Linear back."""
    ff, w = chapter.FeedForward({"emb_dim": C}), randoms(feed_forward_shapes(C), seed)
    probe.load_state(ff, w)
    x = 2 * torch.randn(*shape, C, generator=torch.Generator().manual_seed(seed))
    expected = fed_forward(x.double(), {name: v.double() for name, v in w.items()}).float()
    probe.assert_close(ff(x), expected, "FeedForward(cfg)(x)")


@pytest.mark.exercise("FeedForward")
def test_feed_forward_has_two_layers_with_bias(chapter, probe):
    """The parameters are layers.0 and layers.2, weight and bias: 4,722,432 for emb_dim 768."""
    ff = probe.on_meta(chapter.FeedForward, {"emb_dim": 768})
    assert_shapes(probe.parameter_shapes(ff), feed_forward_shapes(768))
    assert probe.parameter_count(ff) == 4_722_432


@pytest.mark.exercise("FeedForward")
def test_feed_forward_does_not_drop_out(chapter, probe):
    """Other settings, such as drop_rate, do not matter here: train and eval mode are the same."""
    ff, x = chapter.FeedForward({**CFG, "drop_rate": 1.0}), torch.randn(2, 3, 8)
    w = randoms(feed_forward_shapes(8))
    probe.load_state(ff, w)
    ff.train()
    probe.assert_close(ff(x), fed_forward(x, w), "FeedForward(cfg)(x) in train mode", axes=AXES)


# DeepNetwork, layer_gradients


@pytest.mark.exercise("DeepNetwork")
@settings(max_examples=20)
@given(sizes=SIZES, use_shortcut=st.booleans(), seed=SEEDS)
@example(sizes=[3, 3, 1, 1, 3, 3], use_shortcut=True, seed=1)
@example(sizes=[3, 3, 3, 3, 3, 1], use_shortcut=False, seed=2)
def test_deep_network_follows_its_formula(chapter, probe, sizes, use_shortcut, seed):
    """For any sizes: Linear and GELU in each layer, and a shortcut only where shapes agree."""
    model, w = chapter.DeepNetwork(sizes, use_shortcut), randoms(network_shapes(sizes), seed)
    probe.load_state(model, w)
    x = 3 * torch.randn(4, sizes[0], generator=torch.Generator().manual_seed(seed))
    expected = network_output(x, w, sizes, use_shortcut)
    probe.assert_close(model(x), expected, f"DeepNetwork({sizes}, {use_shortcut})(x)")


@pytest.mark.exercise("DeepNetwork")
def test_deep_network_adds_no_shortcut_by_broadcasting(chapter, probe):
    """Shapes like (B, 3) and (B, 1) could be added by broadcasting, but they do not agree."""
    for sizes in ([3, 1], [1, 3], [2, 1, 2]):
        model, w = chapter.DeepNetwork(sizes, True), randoms(network_shapes(sizes))
        probe.load_state(model, w)
        x = 1 + torch.randn(5, sizes[0]).abs()
        probe.assert_close(model(x), network_output(x, w, sizes, True), f"DeepNetwork({sizes})")


@pytest.mark.exercise("DeepNetwork")
def test_deep_network_leaves_its_input(chapter, probe):
    """A shortcut makes a new tensor: x is left unchanged, and gradients reach every layer."""
    sizes, x = [3, 3, 3], torch.randn(2, 3).double()
    w = doubles(network_shapes(sizes))
    model = loaded(probe, chapter.DeepNetwork(sizes, True), w)
    assert_unchanged(probe, model, x.clone())
    assert_gradients(probe, model, lambda x, w: network_output(x, w, sizes, True), x, w)


@pytest.mark.exercise("layer_gradients")
@settings(max_examples=15)
@given(sizes=SIZES, use_shortcut=st.booleans(), seed=SEEDS)
@example(sizes=[3, 3, 3, 3, 3, 2], use_shortcut=True, seed=3)
def test_layer_gradients_equal_autograd(chapter, probe, sizes, use_shortcut, seed):
    """For each weight and no bias: the mean absolute gradient of the mean squared output."""
    model, w = chapter.DeepNetwork(sizes, use_shortcut), randoms(network_shapes(sizes), seed)
    probe.load_state(model, w)
    x = torch.randn(3, sizes[0], generator=torch.Generator().manual_seed(seed)) / 4
    found = chapter.layer_gradients(model, x)
    expected = mean_gradients(lambda x, w: network_output(x, w, sizes, use_shortcut), w, x)
    assert set(found) == set(expected), f"the keys are {sorted(found)}"
    for name, value in expected.items():
        assert type(found[name]) is float, f"{name}: a {type(found[name]).__name__}, not a float"
        probe.assert_close(found[name], value, f"layer_gradients(model, x)[{name!r}]")


@pytest.mark.exercise("layer_gradients")
def test_layer_gradients_forget_older_gradients(chapter, probe):
    """Gradients that the model already holds do not count; calling twice gives the same."""
    model, w = chapter.DeepNetwork([2, 3, 1], False), randoms(network_shapes([2, 3, 1]))
    probe.load_state(model, w)
    x = torch.randn(4, 2)
    probe.gradients(model, 5 * torch.randn(4, 2))
    expected = mean_gradients(lambda x, w: network_output(x, w, [2, 3, 1], False), w, x)
    for _ in range(2):
        found = chapter.layer_gradients(model, x)
        for name, value in expected.items():
            probe.assert_close(found[name], value, f"layer_gradients(model, x)[{name!r}]")


@pytest.mark.exercise("layer_gradients")
def test_layer_gradients_of_any_module(chapter, probe):
    """The model may be any module, names that end in "weight" count, and x is left unchanged."""

    def named(x, w):
        return functional.linear(x * w["weight"] * w["scale"], *list(w.values())[2:])

    shapes = {"weight": (3,), "scale": (3,), "inner.weight": (2, 3), "inner.bias": (2,)}
    for model, forward, w in (
        (chapter.FeedForward({"emb_dim": 3}), fed_forward, randoms(feed_forward_shapes(3))),
        (probe.code(MODELS).Named(), named, randoms(shapes)),
    ):
        probe.load_state(model, w)
        x = torch.randn(2, 5, 3)
        kept, expected = probe.place(x.clone()), mean_gradients(forward, w, x)
        found = chapter.layer_gradients(model, kept)
        assert set(found) == set(expected), f"the keys are {sorted(found)}"
        for name, value in expected.items():
            probe.assert_close(found[name], value, f"layer_gradients(model, x)[{name!r}]")
        assert torch.equal(probe.value(kept), x), "x has changed"
        assert not probe.get(kept, "requires_grad"), "x requires a gradient afterwards"


# TransformerBlock


@pytest.mark.exercise("TransformerBlock")
@settings(max_examples=20)
@given(
    heads=st.sampled_from([1, 2, 3]),
    D=st.integers(2, 4),
    N=st.integers(1, 9),
    qkv_bias=st.booleans(),
    seed=SEEDS,
)
@example(heads=2, D=2, N=9, qkv_bias=True, seed=8)
def test_block_follows_its_formula(chapter, probe, heads, D, N, qkv_bias, seed):
    """For any sizes and T up to context_length: h = x + att(norm1(x)), then h + ff(norm2(h))."""
    cfg = {**CFG, "emb_dim": heads * D, "n_heads": heads, "context_length": N}
    cfg["qkv_bias"] = qkv_bias
    w = doubles(block_shapes(cfg), seed)
    block = loaded(probe, chapter.TransformerBlock(cfg), w)
    source = torch.Generator().manual_seed(seed)
    x = 2 * torch.randn(2, 1 + seed % N, heads * D, generator=source).double()
    assert_near(probe, block(x.clone()), block_output(x, w, heads), "TransformerBlock(cfg)(x)")


@pytest.mark.exercise("TransformerBlock")
def test_block_has_the_parameters_of_gpt2(chapter, probe):
    """att, ff, norm1, norm2 and nothing else: 7,085,568 for 124M, and 2,304 more with qkv_bias."""
    cfg = {**CFG, "emb_dim": 768, "n_heads": 12, "context_length": 1024}
    for qkv_bias, count in ((False, 7_085_568), (True, 7_087_872)):
        cfg["qkv_bias"] = qkv_bias
        block = chapter.TransformerBlock(cfg)
        assert_shapes(probe.parameter_shapes(block), block_shapes(cfg))
        assert probe.parameter_count(block) == count


@pytest.mark.exercise("TransformerBlock")
@settings(max_examples=10)
@given(T=st.integers(2, 9), seed=SEEDS)
def test_block_is_causal(chapter, probe, T, seed):
    """Nothing after position t changes the block's output up to t."""
    w = doubles(block_shapes(CFG), seed)
    block = loaded(probe, chapter.TransformerBlock(CFG), w)
    source, t = torch.Generator().manual_seed(seed), 1 + seed % (T - 1)
    x, other = torch.randn(2, 2, T, 8, generator=source).double()
    other[:, :t] = x[:, :t]
    first, second = block(x.clone()), block(other.clone())
    assert_near(probe, first, block_output(x, w, 2), "TransformerBlock(cfg)(x)")
    assert_near(probe, second[:, :t], first[:, :t], "the positions before the change")


@pytest.mark.exercise("TransformerBlock")
def test_block_drops_what_it_adds_and_not_the_shortcut(chapter, probe):
    """In train mode drop_resid, with drop_rate_shortcut, acts on both outputs before the sums."""
    w, x = doubles(block_shapes(CFG)), torch.randn(2, 5, 8).double()
    rates = {"drop_rate": 0.0, "drop_rate_shortcut": 1.0}
    block = loaded(probe, chapter.TransformerBlock({**CFG, **rates}), w, train=True)
    assert_near(probe, block(x.clone()), x, "all that is added is dropped")
    block.eval()
    assert_near(probe, block(x.clone()), block_output(x, w, 2), "eval mode")
    block = chapter.TransformerBlock({**CFG, **rates, "drop_rate_shortcut": 0.5})
    for still, other in (("att.out_proj", "ff"), ("ff.layers.2", "att")):
        silent = {
            f"{still}.{name}": torch.zeros_like(w[f"{still}.{name}"]) for name in ("weight", "bias")
        }
        loaded(probe, block, w | silent, train=True)
        part = block_output(x, w | silent, 2) - x
        assert_half_dropped(probe, block(x.clone()) - x, part, f"output of {other}, rate 0.5")


@pytest.mark.exercise("TransformerBlock")
def test_block_drops_attention_weights(chapter, probe):
    """In train mode drop_rate_attn acts inside the attention, and only there."""
    w, x = doubles(block_shapes(CFG)), torch.randn(2, 5, 8).double()
    rates = {"drop_rate": 0.0, "drop_rate_attn": 1.0}
    block = loaded(probe, chapter.TransformerBlock({**CFG, **rates}), w, train=True)
    assert_near(probe, block(x.clone()), block_without_attention(x, w), "all attention dropped")
    block.eval()
    assert_near(probe, block(x.clone()), block_output(x, w, 2), "eval mode")


@pytest.mark.exercise("TransformerBlock")
def test_block_falls_back_on_drop_rate(chapter, probe):
    """Where drop_rate_attn or drop_rate_shortcut is missing, drop_rate takes its place."""
    w, x = doubles(block_shapes(CFG)), torch.randn(2, 5, 8).double()
    rates_and_outputs = (
        ({"drop_rate": 1.0}, x),
        ({"drop_rate": 1.0, "drop_rate_attn": 0.0}, x),
        ({"drop_rate": 1.0, "drop_rate_shortcut": 0.0}, block_without_attention(x, w)),
        ({"drop_rate": 0.0}, block_output(x, w, 2)),
    )
    for rates, expected in rates_and_outputs:
        block = loaded(probe, chapter.TransformerBlock({**CFG, **rates}), w, train=True)
        assert_near(probe, block(x.clone()), expected, f"rates {rates}")


@pytest.mark.exercise("TransformerBlock")
def test_block_takes_rates_of_zero_at_their_word(chapter, probe):
    """A rate of 0.0 is a rate; with both rates given, drop_rate does not count, or is missing."""
    w, x = doubles(block_shapes(CFG)), torch.randn(2, 5, 8).double()
    for drop_rate in ({"drop_rate": 1.0}, {}):
        cfg = {name: value for name, value in CFG.items() if name != "drop_rate"}
        cfg |= {**drop_rate, "drop_rate_attn": 0.0, "drop_rate_shortcut": 0.0}
        block = loaded(probe, chapter.TransformerBlock(cfg), w, train=True)
        assert_near(probe, block(x.clone()), block_output(x, w, 2), "both rates 0.0")


@pytest.mark.exercise("TransformerBlock")
def test_block_passes_gradients(chapter, probe):
    """The gradients of x and of every parameter are those of the formula."""
    w, x = doubles(block_shapes(CFG)), torch.randn(2, 4, 8).double()
    block = loaded(probe, chapter.TransformerBlock(CFG), w)
    assert_gradients(probe, block, lambda x, w: block_output(x, w, 2), x, w)


@pytest.mark.exercise("TransformerBlock")
def test_block_changes_neither_input_nor_cfg(chapter, probe):
    """The block leaves x and cfg as they were: a sum makes a new tensor."""
    cfg = {**CFG, "drop_rate_attn": 0.2, "drop_rate_shortcut": 0.3}
    kept = probe.place(dict(cfg))
    block = chapter.TransformerBlock(kept)
    block.eval()
    assert_unchanged(probe, block, torch.randn(2, 3, 8))
    assert probe.value(kept) == cfg, "cfg has changed"


# GPTModel


@pytest.mark.exercise("GPTModel")
@settings(max_examples=20)
@given(
    heads=st.sampled_from([1, 2, 3]),
    D=st.integers(2, 4),
    N=st.integers(1, 9),
    n_layers=st.integers(1, 3),
    qkv_bias=st.booleans(),
    tied=st.booleans(),
    seed=SEEDS,
)
@example(heads=2, D=2, N=9, n_layers=3, qkv_bias=True, tied=False, seed=8)
@example(heads=2, D=2, N=9, n_layers=2, qkv_bias=False, tied=True, seed=6)
def test_model_follows_its_formula(chapter, probe, heads, D, N, n_layers, qkv_bias, tied, seed):
    """For any sizes, tied or not: embeddings, blocks, final norm, head."""
    cfg = {**CFG, "emb_dim": heads * D, "n_heads": heads, "context_length": N}
    cfg |= {"n_layers": n_layers, "qkv_bias": qkv_bias, "tied": tied}
    w = doubles(gpt_shapes(cfg), seed)
    model = loaded(probe, chapter.GPTModel(cfg), w)
    idx = torch.randint(13, (3, 1 + seed % N), generator=torch.Generator().manual_seed(seed))
    assert_near(probe, model(idx), gpt_logits(idx, w, cfg), "GPTModel(cfg)(idx)")


@pytest.mark.exercise("GPTModel")
@settings(max_examples=12)
@given(T=st.integers(2, 9), seed=SEEDS)
def test_model_is_causal(chapter, probe, T, seed):
    """No token after position t changes the logits up to t."""
    w = doubles(gpt_shapes(CFG), seed)
    model = loaded(probe, chapter.GPTModel(CFG), w)
    source, t = torch.Generator().manual_seed(seed), 1 + seed % (T - 1)
    idx = torch.randint(13, (2, T), generator=source)
    other = idx.clone()
    other[:, t:] = (idx[:, t:] + 1 + seed % 12) % 13
    first, second = model(idx), model(other)
    assert_near(probe, first, gpt_logits(idx, w, CFG), "GPTModel(cfg)(idx)")
    assert_near(probe, second[:, :t], first[:, :t], "the positions before the change")


@pytest.mark.exercise("GPTModel")
def test_model_knows_positions(chapter, probe):
    """The same token gets other logits at each position: the position's embedding is added."""
    model, idx, quiet = chapter.GPTModel(CFG), torch.full((2, 6), 5), probe.code(QUIET)
    for _ in range(2):  # weights loaded later count too
        w = doubles(gpt_shapes(CFG))
        loaded(probe, model, w)
        expected = gpt_logits(idx, w, CFG)
        assert_near(probe, model(idx), expected, "GPTModel(cfg)(idx)")
        assert_near(probe, quiet.call(model, idx), expected, "within torch.no_grad()")


@pytest.mark.exercise("GPTModel")
def test_model_has_the_parameters_of_gpt2(chapter, probe):
    """Built on the meta device, all four sizes of GPT-2 have the right names, shapes and counts."""
    for size, cfg, count in gpt2_models():
        model = probe.on_meta(chapter.GPTModel, cfg)
        total = probe.parameter_count(model)
        assert total == count, f"{size}: {total:,} parameters, expected {count:,}"
        if not cfg["tied"]:
            assert_shapes(probe.parameter_shapes(model), gpt_shapes(cfg))


@pytest.mark.exercise("GPTModel")
def test_model_ties_its_head_to_the_token_embedding(chapter, probe):
    """With tied=True out_head.weight and tok_emb.weight are one parameter; otherwise two."""
    for tied in (True, False):
        cfg, idx = {**CFG, "tied": tied}, torch.randint(13, (2, 4))
        w, model = doubles(gpt_shapes(cfg)), chapter.GPTModel(cfg)
        shared = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
        assert shared is tied, f"with tied={tied} the two weights share memory: {shared}"
        missing = {"tok_emb.weight", "out_head.weight"} - set(probe.state_names(model))
        assert not missing, f"the state dict lacks {missing}"
        loaded(probe, model, w)
        assert_near(probe, model(idx), gpt_logits(idx, w, cfg), f"tied={tied}")


@pytest.mark.exercise("GPTModel")
def test_model_is_not_tied_unless_asked(chapter, probe):
    """Without the key tied in cfg, head and token embedding hold weights of their own."""
    model, w = chapter.GPTModel(CFG), randoms(gpt_shapes(CFG))
    probe.load_state(model, w)
    found = probe.parameters(model)
    for name in ("tok_emb.weight", "out_head.weight"):
        probe.assert_close(found[name], w[name], name)


@pytest.mark.exercise("GPTModel")
def test_model_drops_embeddings(chapter, probe):
    """In train mode drop_rate_emb acts on token plus position embeddings, and only there."""
    idx, w = torch.randint(13, (2, 5)), doubles(gpt_shapes(CFG))
    zeros = logits_of(torch.zeros(2, 5, 8).double(), w, CFG)
    others = {"drop_rate_attn": 0.0, "drop_rate_shortcut": 0.0}
    for rates in ({"drop_rate": 0.0, "drop_rate_emb": 1.0}, {"drop_rate": 1.0, **others}):
        model = loaded(probe, chapter.GPTModel({**CFG, **rates}), w, train=True)
        assert_near(probe, model(idx), zeros, f"rates {rates}, train mode")
        model.eval()
        assert_near(probe, model(idx), gpt_logits(idx, w, CFG), f"rates {rates}, eval mode")
    rates = {"drop_rate": 0.0, "drop_rate_emb": 0.5}
    model = loaded(probe, chapter.GPTModel({**CFG, **rates}), w, train=True)
    idx = torch.full((32, 1), 5)
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 2.0])] * 8).double().unsqueeze(1)
    possible, found = logits_of(masks * embedded(idx[:1], w), w, CFG), model(idx)
    nearest = (found - possible.squeeze(1)).abs().sum(dim=-1).argmin(dim=-1)
    assert_near(probe, found, possible[nearest], f"rates {rates}, train mode")
    assert len(nearest.unique()) > 4, "with a rate of 0.5 the same is dropped again and again"


@pytest.mark.exercise("GPTModel")
def test_model_passes_the_other_rates_to_its_blocks(chapter, probe):
    """drop_rate_shortcut and drop_rate_attn reach every block; drop_rate where one is missing."""
    idx, w = torch.randint(13, (2, 5)), doubles(gpt_shapes(CFG))
    headless = {**CFG, "n_layers": 0}
    without_blocks, x = logits_of(embedded(idx, w), w, headless), embedded(idx, w)
    for i in range(2):
        at = f"trf_blocks.{i}."
        x = block_without_attention(x, {n.removeprefix(at): v for n, v in w.items() if at in n})
    without_attention = logits_of(x, w, headless)
    rates_and_outputs = (
        ({"drop_rate": 0.0, "drop_rate_shortcut": 1.0}, without_blocks),
        ({"drop_rate": 1.0, "drop_rate_emb": 0.0}, without_blocks),
        ({"drop_rate": 0.0, "drop_rate_attn": 1.0}, without_attention),
    )
    for rates, expected in rates_and_outputs:
        model = loaded(probe, chapter.GPTModel({**CFG, **rates}), w, train=True)
        assert_near(probe, model(idx), expected, f"rates {rates}, train mode")


@pytest.mark.exercise("GPTModel")
def test_model_takes_rates_of_zero_at_their_word(chapter, probe):
    """A rate of 0.0 is a rate; with all three given, drop_rate does not count, or is missing."""
    idx, w = torch.randint(13, (2, 5)), doubles(gpt_shapes(CFG))
    for drop_rate in ({"drop_rate": 1.0}, {}):
        cfg = {name: value for name, value in CFG.items() if name != "drop_rate"}
        cfg |= drop_rate | {f"drop_rate_{place}": 0.0 for place in ("emb", "attn", "shortcut")}
        model = loaded(probe, chapter.GPTModel(cfg), w, train=True)
        assert_near(probe, model(idx), gpt_logits(idx, w, CFG), "all rates 0.0")


@pytest.mark.exercise("GPTModel")
def test_model_passes_gradients(chapter, probe):
    """The gradient of every parameter is that of the formula."""
    idx, w = torch.tensor([[0, 12, 5, 5, 3], [7, 0, 1, 12, 2]]), doubles(gpt_shapes(CFG))
    model = loaded(probe, chapter.GPTModel(CFG), w)
    assert_gradients(probe, model, lambda idx, w: gpt_logits(idx, w, CFG), idx, w)


@pytest.mark.exercise("GPTModel")
def test_model_leaves_cfg_unchanged(chapter, probe):
    """The model reads cfg and does not change it, and has n_layers blocks in trf_blocks."""
    rates = {"drop_rate_emb": 0.1, "drop_rate_attn": 0.2, "drop_rate_shortcut": 0.3}
    cfg = {**CFG, **rates, "tied": True, "n_layers": 3}
    kept = probe.place(dict(cfg))
    model = chapter.GPTModel(kept)
    assert probe.value(kept) == cfg, "cfg has changed"
    assert len(model.trf_blocks) == 3
    assert probe.parameter_count(model) == sum(math.prod(s) for s in gpt_shapes(cfg).values())


# Sizes


def sharing_model(chapter, probe):
    """An untied model whose two embeddings are two parameters in one storage, as after a load."""
    model, weight = chapter.GPTModel(CFG), probe.place(torch.randn(13, 8))
    model.tok_emb.load_state_dict({"weight": weight}, assign=True)
    model.out_head.load_state_dict({"weight": weight}, assign=True)
    return model


@pytest.mark.exercise("count_parameters")
def test_count_of_the_four_sizes(chapter, probe):
    """On the meta device all four sizes of GPT-2 count right: tied or not, unique or not."""
    for size, cfg, count in gpt2_models():
        model = probe.on_meta(chapter.GPTModel, cfg)
        head = 50257 * cfg["emb_dim"] if cfg["tied"] else 0
        probe.assert_close(chapter.count_parameters(model), count, f"{size}, unique")
        actual = chapter.count_parameters(model, unique=False)
        probe.assert_close(actual, count + head, f"{size}, unique=False")


@pytest.mark.exercise("count_parameters")
def test_count_of_two_parameters_in_one_storage(chapter, probe):
    """Two parameters that share their memory count once, and twice with unique=False."""
    model, count = sharing_model(chapter, probe), sum(map(math.prod, gpt_shapes(CFG).values()))
    assert probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    probe.assert_close(chapter.count_parameters(model), count - 13 * 8, "unique")
    probe.assert_close(chapter.count_parameters(model, unique=False), count, "unique=False")


@pytest.mark.exercise("count_parameters")
def test_count_takes_frozen_parameters_and_no_buffers(chapter, probe):
    """Frozen parameters count, equal values in two places count twice, masks do not count."""
    cfg = {**CFG, "context_length": 40}
    model, count = chapter.GPTModel(cfg), sum(map(math.prod, gpt_shapes(cfg).values()))
    probe.load_state(model, {name: torch.ones(shape) for name, shape in gpt_shapes(cfg).items()})
    model.requires_grad_(False)
    for unique in (True, False):
        actual = chapter.count_parameters(model, unique)
        probe.assert_close(actual, count, f"count_parameters(frozen, {unique})")


@pytest.mark.exercise("count_parameters")
def test_count_of_a_layer_that_is_used_twice(chapter, probe):
    """A layer in two places counts twice with unique=False; only values of parameters count."""
    model = probe.code(MODELS).repeated()
    probe.assert_close(chapter.count_parameters(model), 30 * 40 + 30, "unique")
    actual = chapter.count_parameters(model, unique=False)
    probe.assert_close(actual, 2 * (30 * 40 + 30), "unique=False")


@pytest.mark.exercise("predict_parameters")
def test_prediction_for_the_four_sizes(chapter, probe):
    """The closed form gives the exact counts of GPT-2's four sizes, tied or not, bias or not."""
    for size, cfg, count in gpt2_table():
        probe.assert_close(chapter.predict_parameters(cfg), count, f"{size} {cfg}")


@pytest.mark.exercise("predict_parameters")
def test_prediction_is_tied_if_either_says_so(chapter, probe):
    """The argument tied=True and the key tied=True in cfg mean the same; one of them is enough."""
    for in_cfg, argument in ((True, False), (False, True), (True, True), (False, False)):
        cfg = {**CFG, "tied": in_cfg}
        expected = sum(map(math.prod, gpt_shapes({**cfg, "tied": in_cfg or argument}).values()))
        actual = chapter.predict_parameters(cfg, tied=argument)
        probe.assert_close(actual, expected, f"cfg tied={in_cfg}, argument tied={argument}")


@pytest.mark.exercise("predict_parameters")
@settings(max_examples=25)
@given(
    V=st.integers(1, 500),
    N=st.integers(1, 300),
    heads=st.integers(1, 4),
    D=st.integers(1, 20),
    n_layers=st.integers(0, 6),
    qkv_bias=st.booleans(),
    tied=st.booleans(),
)
def test_prediction_for_any_size(chapter, probe, V, N, heads, D, n_layers, qkv_bias, tied):
    """For any sizes, the prediction is the sum over every weight and every bias."""
    cfg = {"vocab_size": V, "context_length": N, "emb_dim": heads * D, "n_heads": heads}
    cfg |= {"n_layers": n_layers, "drop_rate": 0.1, "qkv_bias": qkv_bias}
    expected = sum(math.prod(shape) for shape in gpt_shapes({**cfg, "tied": tied}).values())
    probe.assert_close(chapter.predict_parameters(cfg, tied), expected, f"{cfg}, tied={tied}")


@pytest.mark.exercise("predict_parameters")
def test_prediction_builds_nothing(chapter, probe):
    """The prediction is exact integer arithmetic on cfg: no tensor is made on the way."""
    ran = probe.operators(chapter.predict_parameters, CFG)
    assert not ran, f"the call ran {ran[0]}"
    C = 10**8 + 1
    cfg = {**CFG, "vocab_size": 10**9, "emb_dim": C, "context_length": 10**8}
    expected = 2 * 10**9 * C + 10**8 * C + 2 * (12 * C * C + 13 * C) + 2 * C
    probe.assert_close(chapter.predict_parameters(cfg), expected, "predict_parameters(huge)")


@pytest.mark.exercise("model_megabytes")
def test_megabytes_of_gpt2_124m(chapter, probe):
    """The 124M model has 621.83 MB untied and 474.59 MB tied, also on the meta device."""
    for size, cfg, count in gpt2_table():
        if size == "124M":
            model = probe.on_meta(chapter.GPTModel, cfg)
            probe.assert_close(chapter.model_megabytes(model), count * 4 / 1024**2, f"{cfg}")


@pytest.mark.exercise("model_megabytes")
def test_megabytes_follow_each_dtype(chapter, probe):
    """Each parameter counts with the bytes of its own dtype, also where a model mixes them."""
    model = chapter.FeedForward({"emb_dim": 8})
    layer = 8 * 32  # weights of either layer
    probe.assert_close(chapter.model_megabytes(model), (2 * layer + 40) * 4 / 2**20, "float32")
    model.layers[2].half()
    expected = ((layer + 32) * 4 + (layer + 8) * 2) / 2**20
    probe.assert_close(chapter.model_megabytes(model), expected, "float32 and float16")
    model.double()
    probe.assert_close(chapter.model_megabytes(model), (2 * layer + 40) * 8 / 2**20, "float64")


@pytest.mark.exercise("model_megabytes")
def test_megabytes_of_parameters_alone(chapter, probe):
    """Frozen parameters count, two parameters in one storage count once, masks do not count."""
    model, count = sharing_model(chapter, probe), sum(map(math.prod, gpt_shapes(CFG).values()))
    model.requires_grad_(False)
    expected = (count - 13 * 8) * 4 / 2**20
    probe.assert_close(chapter.model_megabytes(model), expected, "model_megabytes(model)")
    expected = (30 * 40 + 30) * 4 / 2**20
    actual = chapter.model_megabytes(probe.code(MODELS).repeated())
    probe.assert_close(actual, expected, "a layer with a buffer, in two places")


# generate_text_simple


def scripted(table, sizes):
    """A model whose best next token follows from all the tokens it is shown, in their order."""
    V = table.shape[1]

    def forward(idx):
        sizes.append(tuple(idx.shape))
        steps = torch.arange(1, idx.shape[1] + 1)
        return table[(idx * (2 * steps + 1)).cumsum(dim=1) % len(table)].reshape(*idx.shape, V)

    return forward


def continued(forward, idx, max_new_tokens, context_size):
    """The greedy continuation, token by token and row by row."""
    rows = idx.tolist()
    for _ in range(max_new_tokens):
        for row in rows:
            scores = forward(torch.tensor([row[-context_size:]]))[0, -1].tolist()
            row.append(scores.index(max(scores)))
    return torch.tensor(rows)


def cycle(probe, drop_rate=1.0):
    """A model that maps token i to 2 i + 1 modulo 7 in eval mode; in train mode, all is dropped."""
    look_up, drop = probe.nn("Embedding", 7, 7), probe.nn("Dropout", drop_rate)
    model = probe.nn("Sequential", look_up, drop, probe.nn("Linear", 7, 7, bias=False))
    onehot = torch.eye(7)
    following = onehot[(2 * torch.arange(7) + 1) % 7].T.contiguous()
    probe.load_state(model, {"0.weight": onehot, "2.weight": following})
    return model


@pytest.mark.exercise("generate_text_simple")
@settings(max_examples=20)
@given(
    B=st.integers(1, 3),
    T=st.integers(1, 6),
    new=st.integers(0, 6),
    context_size=st.integers(1, 8),
    size=st.sampled_from([1.0, 200.0]),
    seed=SEEDS,
)
@example(B=3, T=5, new=6, context_size=2, size=1.0, seed=4)
@example(B=2, T=2, new=5, context_size=4, size=200.0, seed=5)
def test_generation_is_greedy(chapter, probe, B, T, new, context_size, size, seed):
    """For each row the token with the highest logit at the last position is appended."""
    source = torch.Generator().manual_seed(seed)
    table = size * torch.stack([torch.randperm(11, generator=source) for _ in range(31)]) / 4 - 3
    idx, sizes = torch.randint(11, (B, T), generator=source), []
    expected = continued(scripted(table, []), idx, new, context_size)
    model = probe.module(scripted(table, sizes))
    out = chapter.generate_text_simple(model, idx.clone(), new, context_size)
    probe.assert_close(out, expected, "generate_text_simple(...)", axes=("batch", "time"))
    lengths = [(B, min(T + i, context_size)) for i in range(new)]
    assert sizes == lengths, "the model must be called once a token, with the last tokens only"


@pytest.mark.exercise("generate_text_simple")
def test_generation_keeps_the_whole_prompt(chapter, probe):
    """A prompt longer than context_size is cut for the model only: it comes back whole."""
    sizes, table = [], torch.stack([torch.randperm(11) for _ in range(31)]).float()
    idx = torch.randint(11, (2, 9))
    expected = continued(scripted(table, []), idx, 4, 3)
    out = chapter.generate_text_simple(probe.module(scripted(table, sizes)), idx.clone(), 4, 3)
    probe.assert_close(out, expected, "generate_text_simple(...)", axes=("batch", "time"))
    assert sizes == [(2, 3)] * 4, "the model must see context_size tokens"


@pytest.mark.exercise("generate_text_simple")
def test_generation_of_nothing(chapter, probe):
    """max_new_tokens=0 gives the prompts back and does not call the model; 1 calls it once."""
    sizes, table = [], torch.stack([torch.randperm(11) for _ in range(31)]).float()
    model, idx = probe.module(scripted(table, sizes)), torch.randint(11, (2, 3))
    out = chapter.generate_text_simple(model, idx.clone(), 0, 5)
    probe.assert_close(out, idx, "generate_text_simple(model, idx, 0, 5)")
    assert sizes == [], "the model was called for nothing"
    expected = continued(scripted(table, []), idx, 1, 5)
    out = chapter.generate_text_simple(model, idx.clone(), 1, 5)
    probe.assert_close(out, expected, "generate_text_simple(model, idx, 1, 5)")


@pytest.mark.exercise("generate_text_simple")
def test_generation_runs_in_eval_mode_and_restores_the_mode(chapter, probe):
    """Dropout is off while generating; afterwards the model is in the mode it was in before."""
    prompt, expected = torch.tensor([[1], [2]]), torch.tensor([[1, 3, 0, 1], [2, 5, 4, 2]])
    model = cycle(probe)
    for training in (True, False):
        model.train(training)
        before = probe.modes(model)
        out = chapter.generate_text_simple(model, prompt.clone(), 3, 20)
        probe.assert_close(out, expected, f"model.training={training}")
        assert probe.modes(model) == before, f"modes were {before}, are {probe.modes(model)}"


@pytest.mark.exercise("generate_text_simple")
def test_generation_builds_no_gradient_graph(chapter, probe):
    """The model is called without gradients being recorded: nothing will be trained on this."""
    bystander, recorded = cycle(probe, drop_rate=0.0), []

    def count_on(idx):
        try:  # a backward pass works only where a graph was recorded
            probe.gradients(bystander, torch.tensor([[1, 2]]))
            recorded.append(True)
        except RuntimeError:
            recorded.append(False)
        return functional.one_hot((idx + 1) % 10, 10).float()

    model = probe.module(count_on)
    model(torch.tensor([[1]]))
    out = chapter.generate_text_simple(model, torch.tensor([[4]]), 2, 3)
    probe.assert_close(out, torch.tensor([[4, 5, 6]]), "generate_text_simple(...)")
    assert recorded == [True, False, False], "gradients were recorded while generating"
    model(torch.tensor([[1]]))
    assert recorded[-1], "no gradients are recorded any more afterwards"


@pytest.mark.exercise("generate_text_simple")
def test_generation_leaves_prompt_and_random_stream(chapter, probe):
    """The prompts of the caller and torch's random stream are the same afterwards as before."""
    prompt = torch.tensor([[1, 3, 0], [6, 6, 5]])
    kept, model = probe.place(prompt.clone()), cycle(probe, drop_rate=0.5)
    before = probe.random_state()
    out = chapter.generate_text_simple(model, kept, 2, 20)
    expected = torch.tensor([[1, 3, 0, 1, 3], [6, 6, 5, 4, 2]])
    probe.assert_close(out, expected, "generate_text_simple(...)")
    assert torch.equal(probe.random_state(), before), "torch's random stream has moved on"
    probe.assert_close(probe.value(kept), prompt, "the caller's prompts")
