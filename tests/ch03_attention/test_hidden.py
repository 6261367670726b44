"""What decides, beside the visible tests, whether ch03_attention is right."""

from functools import partial

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

QKV = ("W_query", "W_key", "W_value")
AXES = ("sequence", "token", "channel")
DROP = 0.25  # the probability of the dropout tests
SEEDS = st.integers(0, 2**31)


def generator(seed):
    """A source of random numbers of its own for one example."""
    return torch.Generator().manual_seed(seed)


def layers(d_in, d_out, bias=False, out=False, source=None):
    """Random weights of the linear layers, by the names of their parameters."""
    names = [(name, d_in, bias) for name in QKV] + ([("out_proj", d_out, True)] if out else [])
    state = {}
    for name, size, has_bias in names:
        state[f"{name}.weight"] = torch.randn(d_out, size, generator=source) / size**0.5
        if has_bias:
            state[f"{name}.bias"] = torch.randn(d_out, generator=source)
    return state


def attend(state, x, causal=False, heads=1):
    """Attention with these linear layers by torch's own functions, in float64.

    Differentiable, where `state` and `x` are float64 and ask for gradients.
    """
    state = {name: value.double() for name, value in state.items()}
    q, k, v = (
        F.linear(x.double(), state[f"{name}.weight"], state.get(f"{name}.bias"))
        .unflatten(-1, (heads, -1))
        .transpose(-3, -2)
        for name in QKV
    )
    context = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    context = context.transpose(-3, -2).flatten(-2)
    if "out_proj.weight" in state:
        context = F.linear(context, state["out_proj.weight"], state["out_proj.bias"])
    return context.to(x.dtype)


def causal_softmax(scores, d_k):
    """What causal_attention_weights must give, in float64."""
    hidden = torch.full(scores.shape[-2:], -torch.inf, dtype=torch.float64).triu(1)
    return torch.softmax(scores.double() / d_k**0.5 + hidden, dim=-1).to(scores.dtype)


def assert_gradients(probe, call, oracle, state, x, *numbers):
    """The gradients of all parameters and of the input are those of the oracle, in float64.

    Further arguments of the call are int tensors of no dimension, which pass for ints.
    """
    leaves = {name: value.double().requires_grad_() for name, value in state.items()}
    leaf = x.double().requires_grad_()
    out = oracle(leaves, leaf)
    cotangent = torch.randn(out.shape, dtype=torch.float64)
    (out * cotangent).sum().backward()
    found = probe.gradients(call, x.double(), *numbers, cotangent=cotangent)
    probe.assert_close(found["inputs"][0], leaf.grad, "the gradient of x")
    for name, value in leaves.items():
        probe.assert_close(found["parameters"].get(name), value.grad, f"the gradient of {name}")


def stretched(d_out, heads=1):
    """Weights and tokens whose scores reach 10,000, and a row of scores far below the others."""
    size = d_out // heads
    wide = torch.eye(size, 2).repeat(heads, 1) * 10
    state = layers(2, d_out) | {"W_query.weight": wide, "W_key.weight": wide}
    return state, torch.tensor([[10.0, 0.0], [0.0, 10.0], [-10.0, 0.0], [0.0, 0.1], [0.0, -10.0]])


def extremes():
    """Weights and tokens whose scores reach 1e8, and others that reach -1e8."""
    for sign in (1, -1):
        query, key, value = (torch.full((1, 1), w) for w in (5e3, sign * 5e3, 1.0))
        state = {"W_query.weight": query, "W_key.weight": key, "W_value.weight": value}
        yield state, torch.tensor([[1.0], [2.0]])


def spread(T, heads=1):
    """Weights and tokens that show the attention weights, twice, as the context of each head.

    All scores are 0; the value of token s is a 1 at s and at T + s.
    """
    size = 2 * T * heads
    value = torch.cat([torch.eye(T), torch.eye(T)]).repeat(heads, 1)
    zero, key = torch.zeros(size, T), torch.randn(size, T)
    state = {"W_query.weight": zero, "W_key.weight": key, "W_value.weight": value}
    return state, torch.eye(T).repeat(3, 1, 1)


def two_calls(probe, model, x):
    """What the module gives for x, and what it gives in a second call, within torch.no_grad()."""
    quiet = probe.code(
        "import torch\ndef call(model, x):\n    with torch.no_grad():\n        return model(x)"
    )
    return model(x).clone(), quiet.call(model, x).clone()


def assert_drops_weights(probe, context, other):
    """Each (..., T, 2T) context shows weights that were dropped one by one, and scaled."""
    T = context.shape[-2]
    seen = torch.ones(T, T, dtype=torch.bool).tril()
    kept, again = context[..., :T] != 0, other[..., :T] != 0
    for found, where in ((kept, ""), (again, " within torch.no_grad()")):
        share = 1 - found[..., seen].float().mean().item()
        what = f"dropout {DROP} drops {share:.0%} of the attention weights{where}"
        assert abs(share - DROP) < 0.09, what
    weights = seen / torch.arange(1.0, T + 1).view(T, 1)
    expected = torch.where(kept & seen, weights / (1 - DROP), 0.0)
    whole = torch.cat([expected, expected], dim=-1)
    probe.assert_close(context, whole, "the context in training mode")
    patterns = kept.reshape(-1, T, T)
    assert all(not torch.equal(patterns[0], p) for p in patterns[1:]), "dropped alike"
    assert not torch.equal(again, kept), "two calls dropped the same weights"
    for dim, what in ((1, "a key is dropped for all queries"), (2, "a query drops all its keys")):
        mixed = patterns.any(dim=dim) & ~(patterns | ~seen).all(dim=dim)
        assert mixed.any(), f"{what} at once"


@pytest.mark.exercise("softmax")
def test_softmax_of_large_numbers(chapter, probe):
    """Numbers far above 88, where exp overflows, have finite weights all the same."""
    x = torch.tensor([[100.0, 99.0, -100.0], [1e4, 0.0, -1e4], [1e30, -1e30, 0.0]])
    expected = torch.tensor([[0.73105858, 0.26894142, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    probe.assert_close(chapter.softmax(x, 1), expected, "softmax(x, 1)", ("row", "column"))


@pytest.mark.exercise("softmax")
def test_softmax_of_rows_far_apart(chapter, probe):
    """Each row is made stable by itself: a row of very negative numbers is not 0/0."""
    x = torch.tensor([[-120.0, -121.0], [100.0, 100.0], [-1e4, -2e4]])
    expected = torch.tensor([[0.73105858, 0.26894142], [0.5, 0.5], [1.0, 0.0]])
    probe.assert_close(chapter.softmax(x, 1), expected, "softmax(x, 1)", ("row", "column"))
    probe.assert_close(chapter.softmax(x.T, 0), expected.T, "softmax(x.T, 0)", ("row", "column"))


@pytest.mark.exercise("softmax")
def test_softmax_gives_no_weight_to_minus_infinity(chapter, probe):
    """An entry of -inf gets weight 0, and the others share a weight of 1."""
    inf = torch.inf
    x = torch.tensor([[0.0, -inf, 0.0], [-inf, -inf, -3.0], [-1.0, -2.0, -inf]])
    expected = torch.tensor([[0.5, 0.0, 0.5], [0.0, 0.0, 1.0], [0.73105858, 0.26894142, 0.0]])
    probe.assert_close(chapter.softmax(x, -1), expected, "softmax(x, -1)", ("row", "column"))


@pytest.mark.exercise("softmax")
@settings(max_examples=25)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    place=st.integers(0, 7),
    scale=st.sampled_from([0.1, 3.0, 30.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=SEEDS,
)
@example(shape=[1], place=0, scale=3.0, dtype=torch.float64, seed=0)
def test_softmax_of_any_shape(chapter, probe, shape, place, scale, dtype, seed):
    """For any shape, any dimension and float32 or float64, weights are as torch's softmax."""
    dim = place % (2 * len(shape)) - len(shape)
    x = torch.randn(shape, generator=generator(seed), dtype=dtype) * scale
    expected = torch.softmax(x.double(), dim).to(dtype)
    probe.assert_close(chapter.softmax(x.clone(), dim), expected, f"softmax(x, {dim})")


@pytest.mark.exercise("softmax")
def test_softmax_leaves_its_argument_alone(chapter, probe):
    """The call does not write into the tensor that it is given."""
    x = torch.randn(3, 4) + 2
    expected = torch.softmax(x, 1)
    argument = probe.place(x.clone())
    probe.assert_close(chapter.softmax(argument, 1), expected, "softmax(x, 1)")
    probe.assert_close(probe.value(argument), x, "x after softmax(x, 1)")


@pytest.mark.exercise("softmax")
def test_gradients_flow_through_softmax(chapter, probe):
    """The gradient of softmax is that of torch's softmax."""

    def oracle(_, x):
        return torch.softmax(x, 1)

    assert_gradients(probe, chapter.softmax, oracle, {}, torch.randn(3, 4, 2), torch.tensor(1))


@pytest.mark.exercise("simple_attention")
@settings(max_examples=15)
@given(
    T=st.integers(1, 7),
    d=st.integers(1, 5),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=SEEDS,
)
@example(T=1, d=1, dtype=torch.float32, seed=0)
@example(T=6, d=3, dtype=torch.float64, seed=0)
def test_simple_attention_of_any_tokens(chapter, probe, T, d, dtype, seed):
    """Dot products, softmax over the keys, weighted sums: for any T and d, float32 or float64."""
    x = torch.randn(T, d, generator=generator(seed), dtype=dtype)
    weights = torch.softmax(x.double() @ x.double().T, dim=-1)
    context, found = chapter.simple_attention(x.clone())
    probe.assert_close(found, weights.to(dtype), "weights of simple_attention(x)", ("query", "key"))
    expected = (weights @ x.double()).to(dtype)
    probe.assert_close(context, expected, "context of simple_attention(x)", ("token", "channel"))


@pytest.mark.exercise("simple_attention")
@settings(max_examples=10)
@given(T=st.integers(2, 6), seed=SEEDS)
def test_simple_attention_knows_no_order(chapter, probe, T, seed):
    """Tokens in another order get the same context vectors, in that order."""
    source = generator(seed)
    x, order = torch.randn(T, 3, generator=source), torch.randperm(T, generator=source)
    expected = torch.softmax(x @ x.T, dim=-1) @ x
    probe.assert_close(chapter.simple_attention(x.clone())[0], expected, "simple_attention(x)[0]")
    found = chapter.simple_attention(x[order])[0]
    probe.assert_close(found, expected[order], "simple_attention(x[order])[0]")


@pytest.mark.exercise("simple_attention")
def test_simple_attention_of_large_tokens(chapter, probe):
    """Scores up to 4e8, where exp overflows, have the right weights."""
    tokens = torch.tensor([[30.0, 0.0], [0.0, -20.0], [1.0, 1.0]])
    for x in (tokens, torch.tensor([[10.0], [12.0]]), torch.tensor([[1e4], [2e4]])):
        weights = torch.softmax(x.double() @ x.double().T, dim=-1)
        context, found = chapter.simple_attention(x.clone())
        what = f"simple_attention({x.tolist()})"
        probe.assert_close(found, weights.float(), f"weights of {what}", ("query", "key"))
        expected = (weights @ x.double()).float()
        probe.assert_close(context, expected, f"context of {what}", ("token", "channel"))


def v1_state(state):
    """The matrices of SelfAttention_v1 that do what these linear layers do."""
    return {name: state[f"{name}.weight"].T.contiguous() for name in QKV}


def attend_v1(state, x):
    """The same oracle for SelfAttention_v1's parameters."""
    return attend({f"{name}.weight": state[name].T for name in QKV}, x)


@pytest.mark.exercise("SelfAttention_v1")
@settings(max_examples=20)
@given(T=st.integers(1, 6), d_in=st.integers(1, 5), d_out=st.integers(1, 9), seed=SEEDS)
@example(T=1, d_in=1, d_out=1, seed=0)
def test_v1_of_any_shape(chapter, probe, T, d_in, d_out, seed):
    """Scores are divided by the root of d_out, for any T, d_in and d_out."""
    source = generator(seed)
    x, state = torch.randn(T, d_in, generator=source), layers(d_in, d_out, source=source)
    expected = attend(state, x)
    model = chapter.SelfAttention_v1(d_in, d_out)
    probe.load_state(model, v1_state(state))
    what = f"SelfAttention_v1({d_in}, {d_out})(x)"
    probe.assert_close(model(x), expected, what, ("token", "channel"))


@pytest.mark.exercise("SelfAttention_v1")
def test_v1_trains_all_its_matrices(chapter, probe):
    """Gradients reach x and all three matrices, and are right."""
    x, state = torch.randn(5, 3), v1_state(layers(3, 4))
    model = chapter.SelfAttention_v1(3, 4)
    probe.load_state(model, state)
    assert_gradients(probe, model.double(), attend_v1, state, x)


@pytest.mark.exercise("SelfAttention_v1")
def test_v1_of_large_scores(chapter, probe):
    """Scores up to 1e8 and down to -1e8, where exp overflows, have the right weights."""
    for state, x in (stretched(3), *extremes()):
        expected = attend(state, x)
        d_out, d_in = state["W_value.weight"].shape
        model = chapter.SelfAttention_v1(d_in, d_out)
        probe.load_state(model, v1_state(state))
        what = f"SelfAttention_v1({d_in}, {d_out})(x)"
        probe.assert_close(model(x), expected, what, ("token", "channel"))


@pytest.mark.exercise("SelfAttention_v2")
@settings(max_examples=20)
@given(
    T=st.integers(1, 6),
    d_in=st.integers(1, 5),
    d_out=st.integers(1, 9),
    bias=st.booleans(),
    seed=SEEDS,
)
@example(T=1, d_in=1, d_out=1, bias=False, seed=0)
def test_v2_of_any_shape(chapter, probe, T, d_in, d_out, bias, seed):
    """For any T, d_in and d_out, with biases and without, it is scaled dot-product attention."""
    source = generator(seed)
    x, state = torch.randn(T, d_in, generator=source), layers(d_in, d_out, bias, source=source)
    expected = attend(state, x)
    model = chapter.SelfAttention_v2(d_in, d_out, bias)
    probe.load_state(model, state)
    what = f"SelfAttention_v2({d_in}, {d_out}, {bias})(x)"
    probe.assert_close(model(x), expected, what, ("token", "channel"))


@pytest.mark.exercise("SelfAttention_v2")
def test_v2_trains_all_its_layers(chapter, probe):
    """Gradients reach x and the weights and biases of all three layers, and are right."""
    x, state = torch.randn(5, 3), layers(3, 4, bias=True)
    model = chapter.SelfAttention_v2(3, 4, qkv_bias=True)
    probe.load_state(model, state)
    assert_gradients(probe, model.double(), attend, state, x)


@pytest.mark.exercise("SelfAttention_v2")
def test_v2_of_large_scores(chapter, probe):
    """Scores up to 1e8 and down to -1e8, where exp overflows, have the right weights."""
    for state, x in (stretched(3), *extremes()):
        expected = attend(state, x)
        d_out, d_in = state["W_value.weight"].shape
        model = chapter.SelfAttention_v2(d_in, d_out)
        probe.load_state(model, state)
        what = f"SelfAttention_v2({d_in}, {d_out})(x)"
        probe.assert_close(model(x), expected, what, ("token", "channel"))


@pytest.mark.exercise("copy_v2_into_v1")
def test_copying_fills_the_module_that_was_given(chapter, probe):
    """Each matrix becomes the transposed weight of its layer, in v1 itself, which is returned."""
    state = layers(4, 4)
    v2, v1 = chapter.SelfAttention_v2(4, 4), chapter.SelfAttention_v1(4, 4)
    probe.load_state(v2, state)
    back = chapter.copy_v2_into_v1(v2, v1)
    for what, module in (("v1", v1), ("what was returned", back)):
        found = probe.parameters(module)
        assert sorted(found) == sorted(QKV), f"{what} has the parameters {sorted(found)}"
        for name, value in v1_state(state).items():
            probe.assert_close(found[name], value, f"{name} of {what}", ("row", "column"))
    probe.load_state(back, dict.fromkeys(QKV, torch.zeros(4, 4)))
    for name, value in probe.parameters(v1).items():
        probe.assert_close(value, torch.zeros(4, 4), f"v1.{name}, zeroed in what was returned")


@pytest.mark.exercise("copy_v2_into_v1")
def test_copied_weights_are_independent(chapter, probe):
    """Changing v2 afterwards changes nothing in v1, nor the other way round."""
    state, zeros = layers(3, 5), {f"{name}.weight": torch.zeros(5, 3) for name in QKV}
    v2, v1 = chapter.SelfAttention_v2(3, 5), chapter.SelfAttention_v1(3, 5)
    probe.load_state(v2, state)
    chapter.copy_v2_into_v1(v2, v1)
    probe.load_state(v2, zeros)
    for name, value in v1_state(state).items():
        probe.assert_close(probe.parameters(v1)[name], value, f"v1.{name} after v2 changed")
    probe.load_state(v2, state)
    probe.load_state(v1, v1_state(zeros))
    for name, value in state.items():
        probe.assert_close(probe.parameters(v2)[name], value, f"v2.{name} after v1 changed")


@pytest.mark.exercise("copy_v2_into_v1")
def test_a_copy_can_be_trained(chapter, probe):
    """After copying, v1 and v2 can be trained as before, and v1's gradients are right."""
    x, state = torch.randn(5, 3), layers(3, 4)
    v2, v1 = chapter.SelfAttention_v2(3, 4), chapter.SelfAttention_v1(3, 4)
    probe.load_state(v2, state)
    before = probe.trainable(v2), probe.modes(v2)
    chapter.copy_v2_into_v1(v2, v1)
    assert probe.trainable(v2) == before[0], "copying changed requires_grad in v2"
    assert probe.modes(v2) == before[1], "copying switched v2 between training and evaluation"
    trainable = probe.trainable(v1)
    assert trainable == dict.fromkeys(QKV, True), f"trainable parameters of v1: {trainable}"
    assert_gradients(probe, v1.double(), attend_v1, v1_state(state), x)


@pytest.mark.exercise("copy_v2_into_v1")
def test_copying_refuses_biases(chapter, probe):
    """If v2 has biases, zeros too, copying raises ValueError about the bias and leaves v1 alone."""
    before, state = v1_state(layers(3, 5)), layers(3, 5, bias=True)
    v2, v1 = chapter.SelfAttention_v2(3, 5, qkv_bias=True), chapter.SelfAttention_v1(3, 5)
    for factor in (1, 0):
        probe.load_state(v2, {n: v * factor if "bias" in n else v for n, v in state.items()})
        probe.load_state(v1, before)
        with pytest.raises(ValueError, match=r"(?i)bias"):
            chapter.copy_v2_into_v1(v2, v1)
        for name, value in before.items():
            probe.assert_close(probe.parameters(v1)[name], value, f"v1.{name} after the error")


@pytest.mark.exercise("causal_attention_weights")
@settings(max_examples=25)
@given(
    leading=st.lists(st.integers(1, 3), max_size=2),
    T=st.integers(1, 6),
    d_k=st.integers(1, 12),
    seed=SEEDS,
)
@example(leading=[], T=1, d_k=1, seed=0)
@example(leading=[], T=40, d_k=9, seed=0)
def test_causal_weights_ignore_the_future(chapter, probe, leading, T, d_k, seed):
    """Scores of later keys change nothing, however large: for any leading dimensions and d_k."""
    source = generator(seed)
    scores = torch.randn(*leading, T, T, generator=source) * 3
    expected = causal_softmax(scores, d_k)
    for size in (0.0, 1.0, 1e4):
        changed = scores + (torch.rand(*leading, T, T, generator=source) * size).triu(1)
        weights = chapter.causal_attention_weights(changed.clone(), d_k)
        what = f"causal_attention_weights(scores + {size:g} * rand in the future, {d_k})"
        probe.assert_close(weights, expected, what)
        assert not weights.triu(1).any(), "a later key has a weight that is not exactly 0"


@pytest.mark.exercise("causal_attention_weights")
def test_causal_weights_of_large_scores(chapter, probe):
    """Large scores, and rows of very negative ones, have the right weights."""
    scores = torch.tensor([[-3e4, 9.0, 9.0], [400.0, 0.0, 9.0], [-900.0, -300.0, -300.0]])
    expected = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    weights = chapter.causal_attention_weights(scores, 4)
    probe.assert_close(weights, expected, "causal_attention_weights(scores, 4)", ("query", "key"))
    scores = torch.tensor([[-1e8, -1e8], [-5e7, -1e8]])
    expected = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    weights = chapter.causal_attention_weights(scores, 1)
    what = f"causal_attention_weights({scores.tolist()}, 1)"
    probe.assert_close(weights, expected, what, ("query", "key"))


@pytest.mark.exercise("causal_attention_weights")
def test_causal_weights_leave_the_scores_alone(chapter, probe):
    """causal_attention_weights does not write into the scores that it is given."""
    scores = torch.randn(2, 4, 4)
    expected = causal_softmax(scores, 5)
    argument = probe.place(scores.clone())
    weights = chapter.causal_attention_weights(argument, 5)
    probe.assert_close(weights, expected, "causal_attention_weights(scores, 5)")
    probe.assert_close(probe.value(argument), scores, "scores after the call")


@pytest.mark.exercise("causal_attention_weights")
def test_gradients_of_causal_weights(chapter, probe):
    """Gradients flow to the scores that are seen, are 0 for later keys, and never nan."""

    def oracle(_, scores):
        return causal_softmax(scores, 4)

    call, scores = chapter.causal_attention_weights, torch.randn(2, 5, 5) * 2
    assert_gradients(probe, call, oracle, {}, scores, torch.tensor(4))


@pytest.mark.exercise("CausalAttention")
@settings(max_examples=20)
@given(
    B=st.integers(1, 3),
    T=st.integers(1, 6),
    room=st.integers(0, 3),
    d_in=st.integers(1, 5),
    d_out=st.integers(1, 9),
    bias=st.booleans(),
    seed=SEEDS,
)
@example(B=1, T=1, room=0, d_in=1, d_out=1, bias=False, seed=0)
def test_causal_attention_of_any_shape(chapter, probe, B, T, room, d_in, d_out, bias, seed):
    """For any batch, any T up to context_length, and any sizes, it is causal attention."""
    source = generator(seed)
    x, state = torch.randn(B, T, d_in, generator=source), layers(d_in, d_out, bias, source=source)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(d_in, d_out, T + room, 0.0, bias)
    probe.load_state(model, state)
    what = f"CausalAttention({d_in}, {d_out}, {T + room}, 0.0, {bias})(x)"
    probe.assert_close(model(x), expected, what, AXES)


@pytest.mark.exercise("CausalAttention")
@settings(max_examples=15)
@given(T=st.integers(2, 7), data=st.data(), seed=SEEDS)
def test_causal_attention_ignores_the_future(chapter, probe, T, data, seed):
    """Changing the tokens after position t, even wildly, changes nothing up to t."""
    source = generator(seed)
    t = data.draw(st.integers(0, T - 2), label="t")
    x, state = torch.randn(2, T, 3, generator=source), layers(3, 5, source=source)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(3, 5, 9, 0.0)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "CausalAttention(3, 5, 9, 0.0)(x)", AXES)
    for size in (1.0, 300.0):
        changed = x.clone()
        changed[:, t + 1 :] = size * torch.randn(2, T - t - 1, 3, generator=source)
        past, what = expected[:, : t + 1], f"positions 0 to {t}, with other tokens after them"
        probe.assert_close(model(changed)[:, : t + 1], past, what, AXES)


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_refuses_a_long_sequence(chapter, probe):
    """Up to context_length any T is fine, in any order; more is a ValueError with both numbers."""
    x, state = torch.randn(2, 7, 3), layers(3, 4)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(3, 4, 7, 0.0)
    probe.load_state(model, state)
    for T in (2, 5, 7):
        what = f"CausalAttention(3, 4, 7, 0.0)(x[:, :{T}])"
        probe.assert_close(model(x[:, :T]), expected[:, :T], what, AXES)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b7\b)(?=.*\b11\b)"):
        model(torch.randn(2, 11, 3))


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_keeps_sequences_apart(chapter, probe):
    """What a sequence gives does not depend on the others in its batch."""
    x, state = torch.randn(3, 3, 4), layers(4, 2)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(4, 2, 5, 0.0)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "CausalAttention(4, 2, 5, 0.0)(x)", AXES)
    for others in (torch.zeros(3, 3, 4), 50 * torch.randn(3, 3, 4)):
        others[1] = x[1]
        what = "sequence 1 among other sequences"
        probe.assert_close(model(others)[1], expected[1], what, AXES[1:])
    probe.assert_close(model(x[1:2])[0], expected[1], "sequence 1 alone", AXES[1:])


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_drops_weights_in_training(chapter, probe):
    """In training mode each attention weight is dropped by itself, and the others are scaled."""
    state, x = spread(24)
    model = chapter.CausalAttention(24, 48, 24, DROP)
    probe.load_state(model, state)
    model.train()
    assert_drops_weights(probe, *two_calls(probe, model, x))


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_drops_nothing_in_evaluation(chapter, probe):
    """In eval mode dropout does nothing: the result is exact, whatever the probability."""
    x, state = torch.randn(2, 5, 3), layers(3, 4)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(3, 4, 6, 0.5)
    probe.load_state(model, state)
    model.eval()
    probe.assert_close(model(x), expected, "CausalAttention(3, 4, 6, 0.5).eval()(x)", AXES)


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_trains_all_its_layers(chapter, probe):
    """Gradients reach x and the weights and biases of all three layers, and are right."""
    x, state = torch.randn(2, 5, 3), layers(3, 4, bias=True)
    model = chapter.CausalAttention(3, 4, 8, 0.0, qkv_bias=True)
    probe.load_state(model, state)
    assert_gradients(probe, model.double(), partial(attend, causal=True), state, x)


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_of_large_scores(chapter, probe):
    """Scores up to 1e8 and down to -1e8, where exp overflows, have the right weights."""
    for state, x in (stretched(3), *extremes()):
        expected = attend(state, x[None], causal=True)
        d_out, d_in = state["W_value.weight"].shape
        model = chapter.CausalAttention(d_in, d_out, 6, 0.0)
        probe.load_state(model, state)
        what = f"CausalAttention({d_in}, {d_out}, 6, 0.0)(x)"
        probe.assert_close(model(x[None]), expected, what, AXES)


def head_states(num_heads, d_in, d_out, bias=False, source=None):
    """Random weights of each head, and the same under the wrapper's names."""
    states = [layers(d_in, d_out, bias, source=source) for _ in range(num_heads)]
    pairs = [(f"heads.{i}.{n}", value) for i, s in enumerate(states) for n, value in s.items()]
    return states, dict(pairs)


def attend_each(states, x):
    """The heads' causal attention, joined."""
    return torch.cat([attend(state, x, causal=True) for state in states], dim=-1)


@pytest.mark.exercise("MultiHeadAttentionWrapper")
@settings(max_examples=15)
@given(
    B=st.integers(1, 3),
    T=st.integers(1, 5),
    num_heads=st.integers(1, 4),
    d_in=st.integers(1, 4),
    d_out=st.integers(1, 4),
    bias=st.booleans(),
    seed=SEEDS,
)
@example(B=1, T=1, num_heads=1, d_in=1, d_out=1, bias=False, seed=0)
def test_wrapper_of_any_shape(chapter, probe, B, T, num_heads, d_in, d_out, bias, seed):
    """d_out is the size of one head, for any number of heads, with biases and without."""
    source = generator(seed)
    x = torch.randn(B, T, d_in, generator=source)
    states, named = head_states(num_heads, d_in, d_out, bias, source)
    expected = attend_each(states, x)
    model = chapter.MultiHeadAttentionWrapper(d_in, d_out, T + 2, 0.0, num_heads, bias)
    probe.load_state(model, named)
    what = f"MultiHeadAttentionWrapper({d_in}, {d_out}, {T + 2}, 0.0, {num_heads}, {bias})(x)"
    probe.assert_close(model(x), expected, what, AXES)


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_learns_each_head_by_itself(chapter, probe):
    """Every head has weights of its own, which start out different; only they are saved."""
    model = chapter.MultiHeadAttentionWrapper(3, 4, 6, 0.0, 3)
    expected = sorted(head_states(3, 3, 4)[1])
    names = sorted(probe.state_names(model))
    assert names == expected, f"the state dict holds {names}"
    found = probe.parameters(model)
    assert sorted(found) == expected, f"the parameters are {sorted(found)}"
    for name in QKV:
        first, second, third = (found[f"heads.{i}.{name}.weight"] for i in range(3))
        same = torch.equal(first, second) or torch.equal(second, third)
        assert not same, f"two heads start with the same {name}"


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_refuses_a_long_sequence(chapter, probe):
    """T > context_length raises ValueError with both numbers; T = context_length is fine."""
    x, (states, named) = torch.randn(2, 7, 3), head_states(2, 3, 4)
    expected = attend_each(states, x)
    model = chapter.MultiHeadAttentionWrapper(3, 4, 7, 0.0, 2)
    probe.load_state(model, named)
    what = "MultiHeadAttentionWrapper(3, 4, 7, 0.0, 2)(x)"
    probe.assert_close(model(x), expected, what, AXES)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b7\b)(?=.*\b11\b)"):
        model(torch.randn(2, 11, 3))


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_drops_weights_in_training_only(chapter, probe):
    """Each head drops its own attention weights while training, and none in eval mode."""
    state, x = spread(24)
    named = {f"heads.{i}.{name}": value for i in range(2) for name, value in state.items()}
    model = chapter.MultiHeadAttentionWrapper(24, 48, 24, DROP, 2)
    probe.load_state(model, named)
    model.train()
    calls = two_calls(probe, model, x)
    assert_drops_weights(probe, *(c.unflatten(-1, (2, 48)).transpose(1, 2) for c in calls))
    model.eval()
    expected = attend_each([state, state], x)
    probe.assert_close(model(x), expected, "the context in eval mode", AXES)


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_trains_all_its_heads(chapter, probe):
    """Gradients reach x and the weights of every head, and are right."""
    x, (_, named) = torch.randn(2, 5, 3), head_states(2, 3, 4)

    def oracle(named, x):
        heads = [{n.split(".", 2)[2]: v for n, v in named.items() if f".{i}." in n} for i in (0, 1)]
        return attend_each(heads, x)

    model = chapter.MultiHeadAttentionWrapper(3, 4, 8, 0.0, 2)
    probe.load_state(model, named)
    assert_gradients(probe, model.double(), oracle, named, x)


@pytest.mark.exercise("MultiHeadAttention")
@settings(max_examples=25)
@given(
    B=st.integers(1, 3),
    T=st.integers(1, 6),
    room=st.integers(0, 3),
    d_in=st.integers(1, 5),
    num_heads=st.integers(1, 4),
    size=st.integers(1, 5),
    bias=st.booleans(),
    seed=SEEDS,
)
@example(B=1, T=1, room=0, d_in=1, num_heads=1, size=1, bias=False, seed=0)
@example(B=2, T=3, room=2, d_in=5, num_heads=4, size=1, bias=True, seed=0)
def test_multi_head_attention_of_any_shape(
    chapter, probe, B, T, room, d_in, num_heads, size, bias, seed
):
    """For any batch, any T up to context_length, any heads of any size, it is right."""
    source, d_out = generator(seed), num_heads * size
    x = torch.randn(B, T, d_in, generator=source)
    state = layers(d_in, d_out, bias, out=True, source=source)
    expected = attend(state, x, causal=True, heads=num_heads)
    model = chapter.MultiHeadAttention(d_in, d_out, T + room, 0.0, num_heads, bias)
    probe.load_state(model, state)
    what = f"MultiHeadAttention({d_in}, {d_out}, {T + room}, 0.0, {num_heads}, {bias})(x)"
    probe.assert_close(model(x), expected, what, AXES)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_agrees_with_torch(chapter, probe):
    """With the same weights it gives what torch.nn.MultiheadAttention gives."""
    x, state = torch.randn(3, 5, 12), layers(12, 12, bias=True, out=True)
    oracle = nn.MultiheadAttention(12, 4, batch_first=True)
    packed = {
        "in_proj_weight": torch.cat([state[f"{name}.weight"] for name in QKV]),
        "in_proj_bias": torch.cat([state[f"{name}.bias"] for name in QKV]),
    }
    oracle.load_state_dict(packed | {n: v for n, v in state.items() if n.startswith("out_proj")})
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    with torch.no_grad():
        expected = oracle(x, x, x, attn_mask=future, need_weights=False)[0]
    model = chapter.MultiHeadAttention(12, 12, 8, 0.0, 4, qkv_bias=True)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "MultiHeadAttention(12, 12, 8, 0.0, 4, True)(x)", AXES)


@pytest.mark.exercise("MultiHeadAttention")
@settings(max_examples=15)
@given(T=st.integers(2, 7), data=st.data(), seed=SEEDS)
def test_multi_head_attention_ignores_the_future(chapter, probe, T, data, seed):
    """In no head do the tokens after position t, even wild ones, change anything up to t."""
    source = generator(seed)
    t = data.draw(st.integers(0, T - 2), label="t")
    x, state = torch.randn(2, T, 3, generator=source), layers(3, 6, out=True, source=source)
    expected = attend(state, x, causal=True, heads=3)
    model = chapter.MultiHeadAttention(3, 6, 9, 0.0, 3)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "MultiHeadAttention(3, 6, 9, 0.0, 3)(x)", AXES)
    for size in (1.0, 300.0):
        changed = x.clone()
        changed[:, t + 1 :] = size * torch.randn(2, T - t - 1, 3, generator=source)
        past, what = expected[:, : t + 1], f"positions 0 to {t}, with other tokens after them"
        probe.assert_close(model(changed)[:, : t + 1], past, what, AXES)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_keeps_sequences_apart(chapter, probe):
    """What a sequence gives does not depend on the others in its batch."""
    x, state = torch.randn(3, 3, 4), layers(4, 6, out=True)
    expected = attend(state, x, causal=True, heads=3)
    model = chapter.MultiHeadAttention(4, 6, 5, 0.0, 3)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "MultiHeadAttention(4, 6, 5, 0.0, 3)(x)", AXES)
    for others in (torch.zeros(3, 3, 4), 50 * torch.randn(3, 3, 4)):
        others[1] = x[1]
        what = "sequence 1 among other sequences"
        probe.assert_close(model(others)[1], expected[1], what, AXES[1:])
    probe.assert_close(model(x[1:2])[0], expected[1], "sequence 1 alone", AXES[1:])


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_keeps_its_mask_out_of_the_state_dict(chapter, probe):
    """The mask is a bool buffer for context_length positions; only weights are in the state."""
    model = chapter.MultiHeadAttention(4, 6, 7, 0.1, 3, qkv_bias=True)
    buffers = probe.buffers(model)
    found = {name: (tuple(b.shape), b.dtype) for name, b in buffers.items()}
    visible = torch.ones(7, 7, dtype=torch.bool).tril()
    square = [b.reshape(7, 7) for b in buffers.values() if b.numel() == 49]
    masks = [b for b in square if b.dtype == torch.bool]
    good = any(torch.equal(b, visible) or torch.equal(b, ~visible) for b in masks)
    assert good, f"no bool buffer is a causal mask for 7 positions; the buffers are {found}"
    names, expected = sorted(probe.state_names(model)), sorted(layers(4, 6, True, out=True))
    assert names == expected, f"the state dict holds {names}"


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_refuses_a_long_sequence(chapter, probe):
    """Up to context_length any T is fine, in any order; more is a ValueError with both numbers."""
    x, state = torch.randn(2, 7, 3), layers(3, 4, out=True)
    expected = attend(state, x, causal=True, heads=2)
    model = chapter.MultiHeadAttention(3, 4, 7, 0.0, 2)
    probe.load_state(model, state)
    for T in (2, 5, 7):
        what = f"MultiHeadAttention(3, 4, 7, 0.0, 2)(x[:, :{T}])"
        probe.assert_close(model(x[:, :T]), expected[:, :T], what, AXES)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b7\b)(?=.*\b11\b)"):
        model(torch.randn(2, 11, 3))


@pytest.mark.exercise("MultiHeadAttention")
def test_heads_must_divide_d_out(chapter, probe):
    """If num_heads does not divide d_out, building raises ValueError with both numbers."""
    x, state = torch.randn(2, 4, 3), layers(3, 10, out=True)
    expected = attend(state, x, causal=True, heads=5)
    model = chapter.MultiHeadAttention(3, 10, 6, 0.0, 5)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "MultiHeadAttention(3, 10, 6, 0.0, 5)(x)", AXES)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b10\b)(?=.*\b4\b)"):
        chapter.MultiHeadAttention(3, 10, 6, 0.0, 4)
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b10\b)(?=.*\b20\b)"):
        chapter.MultiHeadAttention(3, 10, 6, 0.0, 20)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_drops_weights_in_training(chapter, probe):
    """In training mode each head drops its attention weights one by one, and scales the others."""
    state, x = spread(24, heads=2)
    model = chapter.MultiHeadAttention(24, 96, 24, DROP, 2)
    identity = {"out_proj.weight": torch.eye(96), "out_proj.bias": torch.zeros(96)}
    probe.load_state(model, state | identity)
    model.train()
    calls = two_calls(probe, model, x)
    assert_drops_weights(probe, *(c.unflatten(-1, (2, 48)).transpose(1, 2) for c in calls))


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_drops_nothing_in_evaluation(chapter, probe):
    """In eval mode dropout does nothing: the result is exact, whatever the probability."""
    x, state = torch.randn(2, 5, 3), layers(3, 4, out=True)
    expected = attend(state, x, causal=True, heads=2)
    model = chapter.MultiHeadAttention(3, 4, 6, 0.5, 2)
    probe.load_state(model, state)
    model.eval()
    probe.assert_close(model(x), expected, "MultiHeadAttention(3, 4, 6, 0.5, 2).eval()(x)", AXES)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_trains_all_its_layers(chapter, probe):
    """Gradients reach x, all three projections and out_proj, and are right."""
    x, state = torch.randn(2, 5, 3), layers(3, 6, bias=True, out=True)
    model = chapter.MultiHeadAttention(3, 6, 8, 0.0, 2, qkv_bias=True)
    probe.load_state(model, state)
    assert_gradients(probe, model.double(), partial(attend, causal=True, heads=2), state, x)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_of_large_scores(chapter, probe):
    """Scores up to 1e8 and down to -1e8, where exp overflows, have the right weights."""
    for heads, (state, x) in zip((2, 1, 1), (stretched(6, heads=2), *extremes()), strict=True):
        d_out, d_in = state["W_value.weight"].shape
        state |= {"out_proj.weight": torch.eye(d_out), "out_proj.bias": torch.zeros(d_out)}
        expected = attend(state, x[None], causal=True, heads=heads)
        model = chapter.MultiHeadAttention(d_in, d_out, 6, 0.0, heads)
        probe.load_state(model, state)
        what = f"MultiHeadAttention({d_in}, {d_out}, 6, 0.0, {heads})(x)"
        probe.assert_close(model(x[None]), expected, what, AXES)
