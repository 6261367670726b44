"""The rest of the suite of appendix_e_lora."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

SEEDS = st.integers(0, 2**32 - 1)
ALPHAS = st.sampled_from([1, 3, 8, 0.5, 2.5])
IN_BLOCK = ("att.W_query", "att.W_key", "att.W_value", "att.out_proj", "ff.layers.0", "ff.layers.2")
GPT = {
    "vocab_size": 13,
    "context_length": 6,
    "emb_dim": 12,
    "n_heads": 3,
    "n_layers": 2,
    "drop_rate": 0.0,
    "qkv_bias": True,
}
GPT2 = {"vocab_size": 50257, "context_length": 1024, "drop_rate": 0.1, "qkv_bias": False}
AXES = ("batch", "token", "channel")


def generator(seed):
    """A source of random numbers of its own."""
    return torch.Generator().manual_seed(seed)


def linear_layer(probe, d_in, d_out, bias=True):
    """A linear layer beside the subject."""
    return probe.nn("Linear", d_in, d_out, bias=bias)


def linear_names(cfg):
    """The linear layers of a GPTModel."""
    return [f"trf_blocks.{i}.{p}" for i in range(cfg["n_layers"]) for p in IN_BLOCK] + ["out_head"]


def gpt_state(cfg, source=None):
    """Random parameters of a GPTModel, by name; out_head is there also if it is tied."""

    def rand(*shape):
        return torch.randn(*shape, generator=source)

    V, N, C = cfg["vocab_size"], cfg["context_length"], cfg["emb_dim"]
    state = {"tok_emb.weight": 2 * rand(V, C), "pos_emb.weight": 2 * rand(N, C)}
    norms = ["final_norm"]
    for name in linear_names(cfg):
        out_dim, in_dim = C * (4 if "layers.0" in name else 1), C * (4 if "layers.2" in name else 1)
        out_dim = V if name == "out_head" else out_dim
        state[f"{name}.weight"] = rand(out_dim, in_dim) / in_dim**0.5
        if (".W_" not in name or cfg["qkv_bias"]) and name != "out_head":
            state[f"{name}.bias"] = rand(out_dim) / 2
    for i in range(cfg["n_layers"]):
        norms += [f"trf_blocks.{i}.norm1", f"trf_blocks.{i}.norm2"]
    for name in norms:
        state[f"{name}.scale"], state[f"{name}.shift"] = 1 + rand(C) / 4, rand(C) / 4
    if cfg.get("tied", False):
        state["out_head.weight"] = state["tok_emb.weight"]
    # Logits of about 1, of which float32 keeps enough digits.
    for name in ("final_norm.scale", "final_norm.shift"):
        state[name] /= 4 if cfg.get("tied", False) else 2
    return state


def gpt_logits(cfg, state, idx):
    """What torch's own functions, in float64, make of the parameters of a GPTModel."""
    state = {name: value.double() for name, value in state.items()}

    def linear(x, name):
        return F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], state[f"{name}.scale"], state[f"{name}.shift"])

    x = state["tok_emb.weight"][idx] + state["pos_emb.weight"][: idx.shape[1]]
    for i in range(cfg["n_layers"]):
        at = f"trf_blocks.{i}"
        h = norm(x, f"{at}.norm1")
        q, k, v = (
            linear(h, f"{at}.att.{name}").unflatten(-1, (cfg["n_heads"], -1)).transpose(1, 2)
            for name in ("W_query", "W_key", "W_value")
        )
        context = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + linear(context.flatten(2), f"{at}.att.out_proj")
        h = F.gelu(linear(norm(x, f"{at}.norm2"), f"{at}.ff.layers.0"), approximate="tanh")
        x = x + linear(h, f"{at}.ff.layers.2")
    return linear(norm(x, "final_norm"), "out_head")


def random_factors(names, state, rank, alpha, source=None):
    """A random A and B for each of these linear layers, for a change smaller than the weight."""
    found = {}
    for name in names:
        out_dim, in_dim = state[f"{name}.weight"].shape
        A = torch.randn(in_dim, rank, generator=source) / in_dim**0.5 / max(1, 2 * alpha / rank)
        found[name] = A, torch.randn(rank, out_dim, generator=source) / rank**0.5
    return found


def doubled(factors):
    """The same As and Bs in float64."""
    return {name: (A.double(), B.double()) for name, (A, B) in factors.items()}


def with_loras(state, factors):
    """The parameters of the adapted model, by name."""
    found = {}
    for name, value in state.items():
        layer, _, part = name.rpartition(".")
        found[f"{layer}.linear.{part}" if layer in factors else name] = value
    for layer, (A, B) in factors.items():
        found |= {f"{layer}.lora.A": A, f"{layer}.lora.B": B}
    return found


def merged(state, factors, scale):
    """The parameters of the merged model, by name."""
    changes = {f"{name}.weight": scale * (A @ B).T for name, (A, B) in factors.items()}
    return {name: value + changes.get(name, 0) for name, value in state.items()}


def adapt(chapter, probe, model, names, rank, alpha):
    """Put a LinearWithLoRA around each of these layers of a model."""
    for name in names:
        parent, _, child = name.rpartition(".")
        owner = probe.get(model, parent) if parent else model
        owner.add_module(child, chapter.LinearWithLoRA(probe.get(model, name), rank, alpha))


def assert_same(probe, found, expected, when):
    """Exactly these parameters, with these values."""
    names, wanted = sorted(found), sorted(expected)
    assert names == wanted, f"the parameters {when} are {names}, expected {wanted}"
    for name, value in expected.items():
        probe.assert_close(found[name], value, f"{name} {when}")


@pytest.mark.exercise("LoRALayer")
@settings(max_examples=25)
@given(
    leading=st.lists(st.integers(1, 3), max_size=3),
    in_dim=st.integers(1, 6),
    out_dim=st.integers(1, 6),
    rank=st.integers(1, 5),
    alpha=ALPHAS,
    seed=SEEDS,
)
def test_lora_of_any_shape(chapter, probe, leading, in_dim, out_dim, rank, alpha, seed):
    """For any sizes, rank, alpha, A and B, and in both modes, it is alpha / rank x A B."""
    source = generator(seed)
    x = torch.randn(*leading, in_dim, generator=source)
    A, B = torch.randn(in_dim, rank, generator=source), torch.randn(rank, out_dim, generator=source)
    expected = (x.double() @ A.double() @ B.double() * (alpha / rank)).float()
    layer = chapter.LoRALayer(in_dim, out_dim, rank, alpha)
    what = f"LoRALayer({in_dim}, {out_dim}, {rank}, {alpha})(x)"
    for switch in "train", "eval":
        getattr(layer, switch)()
        for sign in 1, -1:
            probe.load_state(layer, {"A": A, "B": sign * B})
            probe.assert_close(layer(x), sign * expected, f"{what} in {switch} mode")


@pytest.mark.exercise("LoRALayer")
def test_a_starts_as_kaiming_says(chapter, probe):
    """A starts around zero, as wide as a Kaiming init makes it, and each layer's A is another."""
    for in_dim, rank in ((900, 9), (16, 100)):
        A, other = (probe.parameters(chapter.LoRALayer(in_dim, 3, rank, 2))["A"] for _ in range(2))
        assert A.shape == other.shape == (in_dim, rank), f"A has shape {tuple(A.shape)}"
        assert not torch.equal(A, other), "two layers start with the same A"
        # A gain between sqrt(1/3) (a = sqrt(5)) and sqrt(2), over the root of either fan.
        spread = A.std().item()
        widths = [(0.8 * math.sqrt(1 / 3 / fan), 1.2 * math.sqrt(2 / fan)) for fan in A.shape]
        good = any(low < spread < high for low, high in widths)
        assert good, f"the values of an A of shape {tuple(A.shape)} have a spread of {spread:.4f}"
        assert abs(A.mean().item()) < 0.2 * spread, f"their mean is {A.mean().item():.4f}"


@pytest.mark.exercise("LoRALayer")
def test_gradients_reach_a_and_b(chapter, probe):
    """A, B and x get the gradients of alpha / rank x A B."""
    x, A, B = torch.randn(2, 3, 4), torch.randn(4, 2), torch.randn(2, 5)
    weights = torch.randn(2, 3, 5, dtype=torch.float64)
    leaves = [value.double().requires_grad_() for value in (x, A, B)]
    ((leaves[0] @ leaves[1] @ leaves[2]) * 1.5 * weights).sum().backward()
    layer = chapter.LoRALayer(4, 5, 2, 3)
    probe.load_state(layer, {"A": A, "B": B})
    found = probe.gradients(layer.double(), x.double(), cotangent=weights)
    probe.assert_close(found["inputs"][0], leaves[0].grad, "the gradient of x")
    for name, leaf in zip("AB", leaves[1:], strict=True):
        probe.assert_close(found["parameters"][name], leaf.grad, f"the gradient of {name}")


@pytest.mark.exercise("LoRALayer")
def test_a_rank_below_1_is_refused(chapter, probe):
    """A rank below 1 raises ValueError with the rank; rank 1 is legal."""
    shapes = probe.parameter_shapes(chapter.LoRALayer(4, 5, 1, 8))
    assert shapes == {"A": (4, 1), "B": (1, 5)}, f"with rank 1 the parameters are {shapes}"
    for rank in (0, -7):
        with pytest.raises(ValueError, match=rf"(?<!\d){rank}\b"):
            chapter.LoRALayer(4, 5, rank, 8)


@pytest.mark.exercise("LinearWithLoRA")
@settings(max_examples=20)
@given(
    leading=st.lists(st.integers(1, 3), max_size=3),
    in_dim=st.integers(1, 6),
    out_dim=st.integers(1, 6),
    rank=st.integers(1, 4),
    alpha=ALPHAS,
    bias=st.booleans(),
    seed=SEEDS,
)
def test_any_linear_layer_can_be_adapted(
    chapter, probe, leading, in_dim, out_dim, rank, alpha, bias, seed
):
    """For any sizes, with a bias or without, in both modes: linear(x) + alpha / rank x A B."""
    source = generator(seed)
    x = torch.randn(*leading, in_dim, generator=source)
    state = {"linear.weight": torch.randn(out_dim, in_dim, generator=source)}
    if bias:
        state["linear.bias"] = torch.randn(out_dim, generator=source)
    state["lora.A"] = torch.randn(in_dim, rank, generator=source)
    state["lora.B"] = torch.randn(rank, out_dim, generator=source)
    wide = {name: value.double() for name, value in state.items()}
    expected = F.linear(x.double(), wide["linear.weight"], wide.get("linear.bias"))
    expected = expected + x.double() @ wide["lora.A"] @ wide["lora.B"] * (alpha / rank)
    layer = chapter.LinearWithLoRA(linear_layer(probe, in_dim, out_dim, bias), rank, alpha)
    probe.load_state(layer, state)
    what = f"LinearWithLoRA(linear, {rank}, {alpha})(x)"
    for switch in "train", "eval":
        getattr(layer, switch)()
        probe.assert_close(layer(x), expected.float(), f"{what} in {switch} mode")


@pytest.mark.exercise("LinearWithLoRA")
def test_the_given_layer_is_kept(chapter, probe):
    """Its `linear` is the very layer that was given, with the weight and bias that it had."""
    linear = linear_layer(probe, 3, 5)
    state = {"weight": torch.randn(5, 3), "bias": torch.randn(5)}
    probe.load_state(linear, state)
    layer = chapter.LinearWithLoRA(linear, 2, 4)
    assert_same(probe, probe.parameters(layer.linear), state, "of layer.linear")
    later = {"weight": torch.randn(5, 3), "bias": torch.randn(5)}
    probe.load_state(linear, later)
    assert_same(probe, probe.parameters(layer.linear), later, "of layer.linear, after a change")


@pytest.mark.exercise("LinearWithLoRA")
def test_both_paths_pass_gradients_on(chapter, probe):
    """A and B get their gradients, and x gets one through both paths."""
    state = {"linear.weight": torch.randn(5, 3), "linear.bias": torch.randn(5)}
    state |= {"lora.A": torch.randn(3, 2), "lora.B": torch.randn(2, 5)}
    x, weights = torch.randn(4, 3).double(), torch.randn(4, 5).double()
    wide = {name: value.double().requires_grad_() for name, value in state.items()}
    leaf = x.clone().requires_grad_()
    out = F.linear(leaf, wide["linear.weight"], wide["linear.bias"])
    ((out + 3 * (leaf @ wide["lora.A"] @ wide["lora.B"])) * weights).sum().backward()
    layer = chapter.LinearWithLoRA(linear_layer(probe, 3, 5), 2, 6)
    probe.load_state(layer, state)
    found = probe.gradients(layer.double(), x, cotangent=weights)
    probe.assert_close(found["inputs"][0], leaf.grad, "the gradient of x")
    for name in ("lora.A", "lora.B"):
        probe.assert_close(found["parameters"][name], wide[name].grad, f"the gradient of {name}")


@pytest.mark.exercise("replace_linear_with_lora")
def test_the_base_of_a_gpt_is_frozen(chapter, probe):
    """What was frozen before stays frozen, in every layer; every A and B can be trained."""
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    model.requires_grad_(False)
    chapter.replace_linear_with_lora(model, 2, 4)
    found = {name for name, yes in probe.trainable(model).items() if yes}
    expected = {f"{name}.lora.{part}" for name in linear_names(GPT) for part in "AB"}
    missing, surplus = sorted(expected - found), sorted(found - expected)
    assert not missing, f"not trainable: {missing}"
    assert not surplus, f"not frozen: {surplus}"


@pytest.mark.exercise("replace_linear_with_lora")
@settings(max_examples=10)
@given(tied=st.booleans(), bias=st.booleans(), seed=SEEDS)
def test_replacing_keeps_every_weight(chapter, probe, tied, bias, seed):
    """All weights keep their values, A is not zero and B is, so the model computes the same."""
    cfg = {**GPT, "tied": tied, "qkv_bias": bias}
    source = generator(seed)
    state, idx = gpt_state(cfg, source), torch.randint(0, 13, (2, 5), generator=source)
    expected = gpt_logits(cfg, state, idx)
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    probe.load_state(model, state)
    chapter.replace_linear_with_lora(model, rank=3, alpha=6)
    found = probe.parameters(model)
    factors = {n: (found.pop(f"{n}.lora.A"), found.pop(f"{n}.lora.B")) for n in linear_names(cfg)}
    for name, (A, B) in factors.items():
        assert A.any(), f"{name}.lora.A is zero"
        assert not B.any(), f"{name}.lora.B is not zero"
    base = with_loras(state, factors)
    base = {n: v for n, v in base.items() if ".lora." not in n}
    if tied:  # one parameter under two names is listed under the first
        del base["out_head.linear.weight"]
    assert_same(probe, found, base, "after replacing")
    probe.assert_close(model.double()(idx), expected, "model(idx) after replacing", AXES)


@pytest.mark.exercise("replace_linear_with_lora")
@settings(max_examples=12)
@given(rank=st.integers(1, 5), alpha=ALPHAS, seed=SEEDS)
def test_rank_and_alpha_reach_every_layer(chapter, probe, rank, alpha, seed):
    """With any As and Bs, the model computes what the merged weights would."""
    source = generator(seed)
    state, idx = gpt_state(GPT, source), torch.randint(0, 13, (2, 4), generator=source)
    factors = doubled(random_factors(linear_names(GPT), state, rank, alpha, source))
    expected = gpt_logits(GPT, merged(state, factors, alpha / rank), idx)
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    chapter.replace_linear_with_lora(model, rank, alpha)
    model.double()
    probe.load_state(model, with_loras(state, factors))
    what = f"model(idx) after replace_linear_with_lora(model, {rank}, {alpha})"
    probe.assert_close(model(idx).float(), expected.float(), what, AXES)


@pytest.mark.exercise("replace_linear_with_lora")
def test_replacing_twice_does_not_nest(chapter, probe):
    """A second call leaves the LinearWithLoRAs, what they learned, and what is trainable alone."""
    state, idx = gpt_state(GPT), torch.randint(0, 13, (2, 5))
    factors = random_factors(linear_names(GPT), state, 2, 1)
    expected = gpt_logits(GPT, merged(state, doubled(factors), 0.5), idx)
    learned = with_loras(state, factors)
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    model.requires_grad_(False)
    chapter.replace_linear_with_lora(model, 2, 1)
    probe.load_state(model, learned)
    chapter.replace_linear_with_lora(model, 3, 12)
    assert_same(probe, probe.parameters(model), learned, "after the second call")
    probe.assert_close(model.double()(idx), expected, "model(idx) after the second call", AXES)
    trainable = {name: yes for name, yes in probe.trainable(model).items() if yes}
    expected = {f"{n}.lora.{part}": True for n in linear_names(GPT) for part in "AB"}
    assert trainable == expected, f"trainable after the second call: {sorted(trainable)}"


@pytest.mark.exercise("replace_linear_with_lora")
def test_what_is_not_adapted_yet_is_adapted(chapter, probe):
    """Where some layers have a LoRALayer already, the call gives one to each of the others."""
    state, idx = gpt_state(GPT), torch.randint(0, 13, (2, 5))
    names = linear_names(GPT)
    some = [name for name in names if "W_query" in name or name == "out_head"]
    factors = random_factors(names, state, 2, 3)
    expected = gpt_logits(GPT, merged(state, doubled(factors), 1.5), idx)
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    adapt(chapter, probe, model, some, 2, 3)
    chapter.replace_linear_with_lora(model, 2, 3)
    probe.load_state(model, with_loras(state, factors))
    probe.assert_close(model.double()(idx), expected, "model(idx)", AXES)


@pytest.mark.exercise("replace_linear_with_lora")
@settings(max_examples=8)
@given(
    heads=st.integers(1, 3),
    D=st.integers(1, 4),
    layers=st.integers(0, 3),
    vocab=st.integers(2, 30),
    rank=st.integers(1, 6),
    bias=st.booleans(),
)
def test_what_is_left_to_train_has_a_closed_form(
    chapter, probe, heads, D, layers, vocab, rank, bias
):
    """Each linear layer adds rank * (in + out) values to train, in a GPT of any size."""
    C = heads * D
    cfg = {**GPT, "vocab_size": vocab, "emb_dim": C, "n_heads": heads, "n_layers": layers}
    expected = rank * (layers * (4 * 2 * C + 2 * 5 * C) + C + vocab)
    model = probe.earlier("ch04_gpt").GPTModel({**cfg, "qkv_bias": bias})
    model.requires_grad_(False)
    chapter.replace_linear_with_lora(model, rank, rank)
    shapes = probe.parameter_shapes(model)
    found = sum(math.prod(shapes[name]) for name, yes in probe.trainable(model).items() if yes)
    assert found == expected, f"rank {rank} on {cfg}: {found} values to train, not {expected}"


@pytest.mark.exercise("replace_linear_with_lora")
def test_lora_of_the_sizes_of_gpt2(chapter, probe):
    """On the meta device, rank 16 on the 355M model trains 7,898,384 values, on 124M 3,470,608."""
    sizes = {(768, 12, 12): 3_470_608, (1024, 24, 16): 7_898_384}
    for (emb_dim, n_layers, n_heads), expected in sizes.items():
        cfg = {**GPT2, "emb_dim": emb_dim, "n_layers": n_layers, "n_heads": n_heads}
        model = probe.on_meta(probe.earlier("ch04_gpt").GPTModel, cfg)
        model.requires_grad_(False)
        probe.on_meta(chapter.replace_linear_with_lora, model, 16, 16)
        shapes = probe.parameter_shapes(model)
        found = sum(math.prod(shapes[name]) for name, yes in probe.trainable(model).items() if yes)
        assert found == expected, f"emb_dim {emb_dim}: {found:,} values to train, not {expected:,}"


@pytest.mark.exercise("replace_linear_with_lora")
@settings(max_examples=6)
@given(rank=st.integers(1, 3), seed=SEEDS)
def test_the_loss_falls_when_only_the_loras_train(chapter, probe, rank, seed):
    """Training on any seed lowers the loss, changes every B, and no weight of the base."""
    source = generator(seed)
    cfg = {**GPT, "n_layers": 1}
    state, names = gpt_state(cfg, source), linear_names(cfg)
    idx, target = torch.randint(0, 13, (2, 3, 5), generator=source)
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    model.requires_grad_(False)
    probe.load_state(model, state)
    probe.seed(seed)
    chapter.replace_linear_with_lora(model, rank, 2 * rank)
    model.double()
    optimizer = probe.optimizer("AdamW", model, lr=0.02, weight_decay=0.0)
    losses = []
    for _ in range(12):
        logits = model(idx).detach().requires_grad_()
        loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
        losses.append(loss.item())
        (cotangent,) = torch.autograd.grad(loss, logits)
        probe.gradients(model, idx, cotangent=cotangent)
        optimizer.step()
    found = probe.parameters(model)
    factors = {n: (found.pop(f"{n}.lora.A"), found.pop(f"{n}.lora.B")) for n in names}
    base = {n: v for n, v in with_loras(state, factors).items() if ".lora." not in n}
    for name, value in base.items():
        assert torch.equal(found[name], value.double()), f"training has changed {name}"
    still = [name for name, (_, B) in factors.items() if not B.any()]
    assert not still, f"training has not changed lora.B of {still}"
    logits = gpt_logits(cfg, merged(state, factors, 2), idx)
    probe.assert_close(model(idx), logits, "model(idx) after training", AXES)
    last = F.cross_entropy(logits.flatten(0, 1), target.flatten()).item()
    assert last < 0.9 * losses[0], f"the loss was {losses[0]:.4f} and is {last:.4f}"


@pytest.mark.exercise("merge_lora")
@settings(max_examples=12)
@given(rank=st.integers(1, 4), alpha=ALPHAS, bias=st.booleans(), seed=SEEDS)
def test_a_merged_gpt_computes_the_same(chapter, probe, rank, alpha, bias, seed):
    """For any As and Bs, merging leaves the logits as they are, and only plain weights."""
    cfg, source = {**GPT, "qkv_bias": bias}, generator(seed)
    state, idx = gpt_state(cfg, source), torch.randint(0, 13, (2, 5), generator=source)
    factors = random_factors(linear_names(cfg), state, rank, alpha, source)
    final = merged(state, factors, alpha / rank)
    expected = gpt_logits(cfg, final, idx).float()
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    adapt(chapter, probe, model, factors, rank, alpha)
    probe.load_state(model, with_loras(state, factors))
    probe.assert_close(model(idx), expected, "model(idx) before merging", AXES)
    chapter.merge_lora(model)
    assert_same(probe, probe.parameters(model), final, "after merging")
    probe.assert_close(model(idx), expected, "model(idx) after merging", AXES)


@pytest.mark.exercise("merge_lora")
def test_merging_a_tied_head_leaves_the_embedding_alone(chapter, probe):
    """If out_head shares its weight with tok_emb, only out_head gets the change."""
    cfg = {**GPT, "tied": True}
    state, idx = gpt_state(cfg), torch.randint(0, 13, (2, 5))
    factors = random_factors(linear_names(cfg), state, 2, 1)
    final = merged(state, factors, 0.5)
    expected = gpt_logits(cfg, final, idx).float()
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    adapt(chapter, probe, model, factors, 2, 1)
    probe.load_state(model, with_loras(state, factors))
    probe.assert_close(model(idx), expected, "model(idx) before merging", AXES)
    chapter.merge_lora(model)
    assert_same(probe, probe.parameters(model), final, "after merging")
    probe.assert_close(model(idx), expected, "model(idx) after merging", AXES)
    model = probe.earlier("ch04_gpt").GPTModel(cfg)
    adapt(chapter, probe, model, ["out_head"], 2, 1)
    chapter.merge_lora(model)  # B is still zero
    shared = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert not shared, "out_head and tok_emb share a weight after merging"


@pytest.mark.exercise("merge_lora")
def test_merging_changes_the_model_that_was_given(chapter, probe):
    """merge_lora works in place and returns the very model, where nothing is left to merge."""
    state = gpt_state(GPT)
    factors = random_factors(linear_names(GPT), state, 3, 6)
    final = merged(state, factors, 2)
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    adapt(chapter, probe, model, factors, 3, 6)
    probe.load_state(model, with_loras(state, factors))
    back = chapter.merge_lora(model)
    assert_same(probe, probe.parameters(model), final, "of the model")
    assert_same(probe, probe.parameters(back), final, "of what was returned")
    zeros = {name: torch.zeros_like(value) for name, value in final.items()}
    probe.load_state(back, zeros)
    assert_same(probe, probe.parameters(model), zeros, "of the model, zeroed in what was returned")
    probe.load_state(back, final)
    again = chapter.merge_lora(back)
    assert_same(probe, probe.parameters(model), final, "after merging once more")
    assert_same(probe, probe.parameters(again), final, "of what was returned, once more")


@pytest.mark.exercise("merge_lora")
def test_merging_some_layers_leaves_the_others_alone(chapter, probe):
    """What has no LoRALayer stays as it was, frozen or not, in train or in eval mode, float64."""
    state, idx = gpt_state(GPT), torch.randint(0, 13, (2, 5))
    some = ["trf_blocks.1.ff.layers.2", "trf_blocks.0.att.W_value"]
    factors = random_factors(some, state, 2, 3)
    state, factors = {n: v.double() for n, v in state.items()}, doubled(factors)
    final = merged(state, factors, 1.5)
    expected = gpt_logits(GPT, final, idx)
    model = probe.earlier("ch04_gpt").GPTModel(GPT)
    adapt(chapter, probe, model, some, 2, 3)
    model.double().eval()
    model.final_norm.train()
    model.pos_emb.requires_grad_(False)
    probe.load_state(model, with_loras(state, factors))
    chapter.merge_lora(model)
    assert_same(probe, probe.parameters(model), final, "after merging")
    probe.assert_close(model(idx), expected, "model(idx) after merging", AXES)
    modes = {name for name, yes in probe.modes(model).items() if yes and name not in some}
    assert modes == {"final_norm"}, f"in train mode after merging: {sorted(modes)}"
    frozen = {n for n, yes in probe.trainable(model).items() if not yes}
    frozen -= {f"{name}.{part}" for name in some for part in ("weight", "bias")}
    assert frozen == {"pos_emb.weight"}, f"frozen after merging: {sorted(frozen)}"


@pytest.mark.exercise("trainable_parameters")
def test_a_model_without_loras_is_counted_too(chapter, probe):
    """Any module is counted, also on the meta device, and also one that has buffers."""
    norm = probe.nn("BatchNorm1d", 5)
    probe.assert_close(chapter.trainable_parameters(norm), 10, "BatchNorm1d(5)")
    network = probe.on_meta(probe.earlier("ch04_gpt").DeepNetwork, [1024, 4096, 1024], False)
    probe.assert_close(chapter.trainable_parameters(network), 8_393_728, "1024 -> 4096 -> 1024")
    probe.get(network, "layers.1").requires_grad_(False)
    what = "1024 -> 4096 -> 1024, the second layer frozen"
    probe.assert_close(chapter.trainable_parameters(network), 4_198_400, what)


@pytest.mark.exercise("trainable_parameters")
def test_a_shared_parameter_is_counted_once(chapter, probe):
    """If out_head is tied to tok_emb, their weight counts once, and not at all once frozen."""
    sizes = {name: value.numel() for name, value in gpt_state(GPT).items()}
    expected = sum(sizes.values()) - sizes["out_head.weight"]
    model = probe.earlier("ch04_gpt").GPTModel({**GPT, "tied": True})
    probe.assert_close(chapter.trainable_parameters(model), expected, "a tied model")
    model.tok_emb.requires_grad_(False)
    expected -= sizes["tok_emb.weight"]
    probe.assert_close(
        chapter.trainable_parameters(model), expected, "a tied model, tok_emb frozen"
    )


@pytest.mark.exercise("trainable_parameters")
@settings(max_examples=10)
@given(sizes=st.lists(st.integers(1, 6), min_size=3, max_size=6), data=st.data())
def test_any_frozen_part_is_left_out(chapter, probe, sizes, data):
    """Whichever layers are frozen, exactly the values of the others are counted."""
    layers = len(sizes) - 1
    frozen = data.draw(st.sets(st.integers(0, layers - 1)), label="frozen layers")
    network = probe.earlier("ch04_gpt").DeepNetwork(sizes, False)
    for i in frozen:
        probe.get(network, f"layers.{i}").requires_grad_(False)
    expected = sum((sizes[i] + 1) * sizes[i + 1] for i in range(layers) if i not in frozen)
    what = f"layer sizes {sizes}, frozen {sorted(frozen)}"
    probe.assert_close(chapter.trainable_parameters(network), expected, what)
