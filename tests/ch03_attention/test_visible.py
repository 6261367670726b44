"""What the learner sees while writing ch03_attention."""

import math

import pytest
import torch
from torch.nn import functional as F

TOKENS = torch.tensor(
    [
        [0.43, 0.15, 0.89],
        [0.55, 0.87, 0.66],
        [0.57, 0.85, 0.64],
        [0.22, 0.58, 0.33],
        [0.77, 0.25, 0.10],
        [0.05, 0.80, 0.55],
    ]
)
QKV = ("W_query", "W_key", "W_value")


def layers(d_in, d_out, bias=False):
    """Random weights of the three linear layers, by the names of their parameters."""
    state = {f"{name}.weight": torch.randn(d_out, d_in) / d_in**0.5 for name in QKV}
    return state | ({f"{name}.bias": torch.randn(d_out) for name in QKV} if bias else {})


def attend(state, x, causal=False, heads=1):
    """Attention with these linear layers by torch's own functions, in float64."""
    state = {name: value.double() for name, value in state.items()}
    q, k, v = (
        F.linear(x.double(), state[f"{name}.weight"], state.get(f"{name}.bias"))
        .unflatten(-1, (heads, -1))
        .transpose(-3, -2)
        for name in QKV
    )
    context = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    return context.transpose(-3, -2).flatten(-2).to(x.dtype)


def mask_like(buffer, n):
    """Whether a buffer is a causal mask for n positions, of either polarity, in bool."""
    visible = torch.ones(n, n, dtype=torch.bool).tril()
    if buffer.dtype != torch.bool or buffer.numel() != n * n or buffer.shape[-2:] != (n, n):
        return False
    mask = buffer.reshape(n, n)
    return torch.equal(mask, visible) or torch.equal(mask, ~visible)


@pytest.mark.exercise("softmax")
def test_softmax_by_hand(chapter, probe):
    """Entry i of a row becomes exp(x[i]) divided by the sum of exp over the row."""
    x = torch.tensor([[0.0, math.log(3)], [math.log(4), 0.0], [-2.0, -2.0]])
    expected = torch.tensor([[0.25, 0.75], [0.8, 0.2], [0.5, 0.5]])
    probe.assert_close(chapter.softmax(x, dim=1), expected, "softmax(x, dim=1)", ("row", "column"))


@pytest.mark.exercise("softmax")
def test_softmax_follows_the_dimension_asked_for(chapter, probe):
    """The weights sum to 1 along `dim`, whichever dimension that is, also if it is negative."""
    x = torch.randn(3, 5, 4)
    expected = {dim: torch.softmax(x, dim) for dim in (0, 1, 2, -1, -2)}
    for dim, value in expected.items():
        probe.assert_close(chapter.softmax(x, dim), value, f"softmax(x, dim={dim})")


@pytest.mark.exercise("softmax")
def test_softmax_is_written_from_scratch(chapter, probe):
    """The weights are built from exp, sum and max, not from a softmax that torch brings along."""
    x = torch.randn(4, 3)
    expected = torch.softmax(x, 0)
    probe.assert_from_scratch(chapter.softmax, x, 0)
    probe.assert_close(chapter.softmax(x, 0), expected, "softmax(x, 0)")


@pytest.mark.exercise("simple_attention")
def test_simple_attention_by_hand(chapter, probe):
    """Two tokens at right angles weigh each other 1 : e, and the context vector comes first."""
    one, other = math.e / (math.e + 1), 1 / (math.e + 1)  # 0.7311, 0.2689
    weights = torch.tensor([[one, other], [other, one]])
    x = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    context, found = chapter.simple_attention(x)
    probe.assert_close(found, weights, "weights of simple_attention(x)", ("query", "key"))
    expected = torch.tensor([[one, other, 0.0], [other, one, 0.0]])
    probe.assert_close(context, expected, "context of simple_attention(x)", ("token", "channel"))


@pytest.mark.exercise("simple_attention")
def test_simple_attention_on_the_books_sentence(chapter, probe):
    """For the book's six tokens, the second context vector is 0.4419 0.6515 0.5683."""
    x = TOKENS.clone()
    weights = torch.softmax(TOKENS @ TOKENS.T, dim=-1)
    context, found = chapter.simple_attention(x)
    probe.assert_close(found, weights, "weights of simple_attention(x)", ("query", "key"))
    second = torch.tensor([0.441866, 0.651482, 0.568309])
    probe.assert_close(context[1], second, "simple_attention(x)[0][1]", ("channel",))


@pytest.mark.exercise("simple_attention")
def test_simple_attention_is_written_from_scratch(chapter, probe):
    """simple_attention is built from matrix products and softmax, not from torch's attention."""
    x = torch.randn(4, 3)
    expected = torch.softmax(x @ x.T, dim=-1) @ x
    probe.assert_from_scratch(chapter.simple_attention, x)
    probe.assert_close(chapter.simple_attention(x)[0], expected, "context of simple_attention(x)")


@pytest.mark.exercise("SelfAttention_v1")
def test_v1_has_three_matrices(chapter, probe):
    """Its parameters are W_query, W_key and W_value, (d_in, d_out), with random numbers each."""
    model = chapter.SelfAttention_v1(3, 5)
    shapes = probe.parameter_shapes(model)
    assert shapes == dict.fromkeys(QKV, (3, 5)), f"the parameters are {shapes}"
    first, second, third = (probe.parameters(model)[name] for name in QKV)
    for values in (first, second, third, first - second, second - third, third - first):
        random = values.unique().numel() > 1
        assert random, "the matrices are not each filled with random numbers of their own"


@pytest.mark.exercise("SelfAttention_v1")
def test_v1_without_queries_takes_the_mean(chapter, probe):
    """If W_query is zero, all scores are equal, and every row is the mean of the values."""
    x, key, value = torch.randn(6, 3), torch.randn(3, 2), torch.randn(3, 2)
    expected = (x @ value).mean(dim=0).expand(6, 2)
    model = chapter.SelfAttention_v1(3, 2)
    probe.load_state(model, {"W_query": torch.zeros(3, 2), "W_key": key, "W_value": value})
    probe.assert_close(model(x), expected, "SelfAttention_v1(3, 2)(x)", ("token", "channel"))


@pytest.mark.exercise("SelfAttention_v1")
def test_v1_is_written_from_scratch(chapter, probe):
    """SelfAttention_v1 is built from matrix products and softmax, not from torch's attention."""
    x, state = torch.randn(5, 3), layers(3, 4)
    expected = attend(state, x)
    model = chapter.SelfAttention_v1(3, 4)
    probe.load_state(model, {name: state[f"{name}.weight"].T for name in QKV})
    probe.assert_from_scratch(model, x)
    probe.assert_close(model(x), expected, "SelfAttention_v1(3, 4)(x)", ("token", "channel"))


@pytest.mark.exercise("SelfAttention_v2")
def test_v2_has_three_linear_layers(chapter, probe):
    """Each layer has a weight of shape (d_out, d_in), and a bias only if qkv_bias is true."""
    shapes = probe.parameter_shapes(chapter.SelfAttention_v2(3, 5))
    expected = {f"{name}.weight": (5, 3) for name in QKV}
    assert shapes == expected, f"the parameters are {shapes}"
    shapes = probe.parameter_shapes(chapter.SelfAttention_v2(3, 5, qkv_bias=True))
    expected |= {f"{name}.bias": (5,) for name in QKV}
    assert shapes == expected, f"with qkv_bias=True the parameters are {shapes}"


@pytest.mark.exercise("SelfAttention_v2")
def test_v2_of_one_token(chapter, probe):
    """A single token has nothing else to look at: the result is W_value(x)."""
    x, state = torch.randn(1, 3), layers(3, 4, bias=True)
    expected = F.linear(x, state["W_value.weight"], state["W_value.bias"])
    model = chapter.SelfAttention_v2(3, 4, qkv_bias=True)
    probe.load_state(model, state)
    probe.assert_close(model(x), expected, "SelfAttention_v2(3, 4, qkv_bias=True)(x)")


@pytest.mark.exercise("SelfAttention_v2")
def test_v2_is_written_from_scratch(chapter, probe):
    """SelfAttention_v2 is built from linear layers and softmax, not from torch's attention."""
    x, state = torch.randn(6, 3), layers(3, 5)
    expected = attend(state, x)
    model = chapter.SelfAttention_v2(3, 5)
    probe.load_state(model, state)
    probe.assert_from_scratch(model, x)
    probe.assert_close(model(x), expected, "SelfAttention_v2(3, 5)(x)", ("token", "channel"))


@pytest.mark.exercise("copy_v2_into_v1")
def test_after_copying_both_compute_the_same(chapter, probe):
    """After copy_v2_into_v1(v2, v1), v1 gives what v2 gives, also if d_in equals d_out."""
    for d_in, d_out in ((3, 5), (4, 4)):
        x, state = torch.randn(6, d_in), layers(d_in, d_out)
        v2, v1 = chapter.SelfAttention_v2(d_in, d_out), chapter.SelfAttention_v1(d_in, d_out)
        probe.load_state(v2, state)
        expected = attend(state, x)
        chapter.copy_v2_into_v1(v2, v1)
        probe.assert_close(v1(x), expected, f"v1(x) with d_in={d_in} and d_out={d_out}")
        probe.assert_close(v2(x), expected, f"v2(x) with d_in={d_in} and d_out={d_out}")


@pytest.mark.exercise("causal_attention_weights")
def test_causal_weights_by_hand(chapter, probe):
    """Row t shares a weight of 1 among the keys 0 to t; scores are divided by the root of d_k."""
    d_k = 4  # halves the scores
    scores = torch.zeros(3, 3)
    scores[1, 0], scores[1, 2], scores[2, 1] = 2 * math.log(3), 5.0, 2 * math.log(2)
    expected = torch.tensor([[1.0, 0.0, 0.0], [0.75, 0.25, 0.0], [0.25, 0.5, 0.25]])
    weights = chapter.causal_attention_weights(scores, d_k)
    probe.assert_close(weights, expected, "causal_attention_weights(scores, 4)", ("query", "key"))


@pytest.mark.exercise("causal_attention_weights")
def test_causal_weights_are_written_from_scratch(chapter, probe):
    """causal_attention_weights is built from a mask and softmax, not from torch's attention."""
    scores = torch.randn(2, 4, 4)
    hidden = torch.full((4, 4), -torch.inf).triu(1)
    expected = torch.softmax(scores / 3**0.5 + hidden, dim=-1)
    probe.assert_from_scratch(chapter.causal_attention_weights, scores.clone(), 3)
    weights = chapter.causal_attention_weights(scores, 3)
    probe.assert_close(weights, expected, "causal_attention_weights(scores, 3)")


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_without_queries_takes_running_means(chapter, probe):
    """If W_query is zero, row t is the mean of the values 0 to t, in every sequence."""
    x, state = torch.randn(2, 5, 3), layers(3, 4) | {"W_query.weight": torch.zeros(4, 3)}
    values = x @ state["W_value.weight"].T
    expected = values.cumsum(dim=1) / torch.arange(1, 6).view(5, 1)
    model = chapter.CausalAttention(3, 4, 8, 0.0)
    probe.load_state(model, state)
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(x), expected, "CausalAttention(3, 4, 8, 0.0)(x)", axes)


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_keeps_its_mask_out_of_the_state_dict(chapter, probe):
    """The mask is a bool buffer for context_length positions; only weights are in the state."""
    model = chapter.CausalAttention(3, 4, 7, 0.1, qkv_bias=True)
    buffers = probe.buffers(model)
    found = {name: (tuple(b.shape), b.dtype) for name, b in buffers.items()}
    good = any(mask_like(b, 7) for b in buffers.values())
    assert good, f"no bool buffer is a causal mask for 7 positions; the buffers are {found}"
    names, expected = sorted(probe.state_names(model)), sorted(layers(3, 4, bias=True))
    assert names == expected, f"the state dict holds {names}"


@pytest.mark.exercise("CausalAttention")
def test_causal_attention_is_written_from_scratch(chapter, probe):
    """CausalAttention is built from linear layers, a mask and softmax, not torch's attention."""
    x, state = torch.randn(2, 4, 3), layers(3, 5, bias=True)
    expected = attend(state, x, causal=True)
    model = chapter.CausalAttention(3, 5, 6, 0.0, qkv_bias=True)
    probe.load_state(model, state)
    probe.assert_from_scratch(model, x)
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(x), expected, "CausalAttention(3, 5, 6, 0.0, True)(x)", axes)


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_joins_its_heads(chapter, probe):
    """The result is what head 0 gives, then head 1, and so on, along the last dimension."""
    x = torch.randn(2, 5, 3)
    states = [layers(3, 4) for _ in range(3)]
    expected = torch.cat([attend(state, x, causal=True) for state in states], dim=-1)
    model = chapter.MultiHeadAttentionWrapper(3, 4, 6, 0.0, num_heads=3)
    assert len(model.heads) == 3, f"{len(model.heads)} heads, expected 3"
    for head, state in zip(model.heads, states, strict=True):
        probe.load_state(head, state)
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(x), expected, "MultiHeadAttentionWrapper(3, 4, 6, 0.0, 3)(x)", axes)


@pytest.mark.exercise("MultiHeadAttentionWrapper")
def test_wrapper_is_written_from_scratch(chapter, probe):
    """MultiHeadAttentionWrapper is built from CausalAttention, not from torch's attention."""
    x = torch.randn(2, 4, 3)
    states = [layers(3, 2, bias=True) for _ in range(2)]
    expected = torch.cat([attend(state, x, causal=True) for state in states], dim=-1)
    model = chapter.MultiHeadAttentionWrapper(3, 2, 6, 0.0, 2, qkv_bias=True)
    named = [(f"heads.{i}.{n}", value) for i, s in enumerate(states) for n, value in s.items()]
    probe.load_state(model, dict(named))
    probe.assert_from_scratch(model, x)
    probe.assert_close(model(x), expected, "MultiHeadAttentionWrapper(3, 2, 6, 0.0, 2, True)(x)")


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_has_four_layers(chapter, probe):
    """Its layers are W_query, W_key, W_value (d_out, d_in) and out_proj (d_out, d_out)."""
    out_proj = {"out_proj.weight": (6, 6), "out_proj.bias": (6,)}
    expected = {f"{name}.weight": (6, 4) for name in QKV} | out_proj
    shapes = probe.parameter_shapes(chapter.MultiHeadAttention(4, 6, 8, 0.0, 3))
    assert shapes == expected, f"the parameters are {shapes}"
    expected |= {f"{name}.bias": (6,) for name in QKV}
    shapes = probe.parameter_shapes(chapter.MultiHeadAttention(4, 6, 8, 0.0, 3, qkv_bias=True))
    assert shapes == expected, f"with qkv_bias=True the parameters are {shapes}"


@pytest.mark.exercise("MultiHeadAttention")
def test_each_head_attends_by_itself(chapter, probe):
    """If out_proj is the identity, each slice of D channels is one head of causal attention."""
    x, state = torch.randn(2, 5, 4), layers(4, 6)
    slices = [{n: w[rows] for n, w in state.items()} for rows in (slice(0, 3), slice(3, 6))]
    expected = torch.cat([attend(head, x, causal=True) for head in slices], dim=-1)
    model = chapter.MultiHeadAttention(4, 6, 8, 0.0, 2)
    identity = {"out_proj.weight": torch.eye(6), "out_proj.bias": torch.zeros(6)}
    probe.load_state(model, state | identity)
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(x), expected, "MultiHeadAttention(4, 6, 8, 0.0, 2)(x)", axes)


@pytest.mark.exercise("MultiHeadAttention")
def test_multi_head_attention_is_written_from_scratch(chapter, probe):
    """MultiHeadAttention is built from linear layers and softmax, not from torch's attention."""
    x, state = torch.randn(2, 5, 4), layers(4, 6, bias=True)
    weight, bias = torch.randn(6, 6), torch.randn(6)
    expected = F.linear(attend(state, x, causal=True, heads=3), weight, bias)
    model = chapter.MultiHeadAttention(4, 6, 8, 0.0, 3, qkv_bias=True)
    probe.load_state(model, state | {"out_proj.weight": weight, "out_proj.bias": bias})
    probe.assert_from_scratch(model, x)
    axes = ("sequence", "token", "channel")
    probe.assert_close(model(x), expected, "MultiHeadAttention(4, 6, 8, 0.0, 3, True)(x)", axes)
