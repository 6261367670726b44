"""What the learner of chapter 4 sees: worked values, torch.nn as a witness, and the rules."""

import pytest
import torch
from torch import nn
from torch.nn import functional

CFG = {
    "vocab_size": 11,
    "context_length": 7,
    "emb_dim": 6,
    "n_heads": 3,
    "n_layers": 2,
    "drop_rate": 0.1,
    "qkv_bias": False,
}
GPT2_124M = {
    "vocab_size": 50257,
    "context_length": 1024,
    "emb_dim": 768,
    "n_heads": 12,
    "n_layers": 12,
    "drop_rate": 0.1,
    "qkv_bias": False,
}


def fixed(*shape, size):
    """The same numbers for every seed."""
    return size * torch.randn(*shape, generator=torch.Generator().manual_seed(4))


def block_state(emb_dim, source):
    """Parameters of one block without qkv_bias, by name."""
    C, state = emb_dim, {}
    for name in ("att.W_query", "att.W_key", "att.W_value", "att.out_proj"):
        state[f"{name}.weight"] = torch.randn(C, C, generator=source) / C**0.5
    state["ff.layers.0.weight"] = torch.randn(4 * C, C, generator=source) / C**0.5
    state["ff.layers.0.bias"] = torch.randn(4 * C, generator=source) / 2
    state["ff.layers.2.weight"] = torch.randn(C, 4 * C, generator=source) / (4 * C) ** 0.5
    for name in ("att.out_proj.bias", "ff.layers.2.bias", "norm1.shift", "norm2.shift"):
        state[name] = torch.randn(C, generator=source) / 2
    for name in ("norm1.scale", "norm2.scale"):
        state[name] = 1 + torch.randn(C, generator=source) / 2
    return state


def torch_block(state, x, n_heads):
    """What torch's own pre-norm layer, in float64, makes of the same parameters."""
    C = x.shape[-1]
    layer = nn.TransformerEncoderLayer(
        C,
        n_heads,
        4 * C,
        dropout=0.0,
        activation=lambda y: functional.gelu(y, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        dtype=torch.float64,
    )
    qkv = [state[f"att.W_{name}.weight"] for name in ("query", "key", "value")]
    layer.load_state_dict(
        {
            "self_attn.in_proj_weight": torch.cat(qkv),
            "self_attn.in_proj_bias": torch.zeros(3 * C),
            "self_attn.out_proj.weight": state["att.out_proj.weight"],
            "self_attn.out_proj.bias": state["att.out_proj.bias"],
            "linear1.weight": state["ff.layers.0.weight"],
            "linear1.bias": state["ff.layers.0.bias"],
            "linear2.weight": state["ff.layers.2.weight"],
            "linear2.bias": state["ff.layers.2.bias"],
            "norm1.weight": state["norm1.scale"],
            "norm1.bias": state["norm1.shift"],
            "norm2.weight": state["norm2.scale"],
            "norm2.bias": state["norm2.shift"],
        }
    )
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    with torch.no_grad():
        return layer(x.double(), src_mask=mask)


def gpt_state(cfg, source):
    """Parameters of an untied model without qkv_bias, by name."""
    V, N, C = cfg["vocab_size"], cfg["context_length"], cfg["emb_dim"]
    state = {"tok_emb.weight": torch.randn(V, C, generator=source)}
    state["pos_emb.weight"] = torch.randn(N, C, generator=source)
    for i in range(cfg["n_layers"]):
        state |= {f"trf_blocks.{i}.{name}": v for name, v in block_state(C, source).items()}
    state["final_norm.scale"] = 1 + torch.randn(C, generator=source) / 2
    state["final_norm.shift"] = torch.randn(C, generator=source) / 2
    state["out_head.weight"] = torch.randn(V, C, generator=source) / C**0.5
    return state


def torch_gpt(state, idx, cfg):
    """The logits of the same parameters in torch's own layers."""
    x = state["tok_emb.weight"][idx] + state["pos_emb.weight"][: idx.shape[1]]
    for i in range(cfg["n_layers"]):
        at = f"trf_blocks.{i}."
        block = {name.removeprefix(at): v for name, v in state.items() if name.startswith(at)}
        x = torch_block(block, x, cfg["n_heads"])
    scale, shift = state["final_norm.scale"].double(), state["final_norm.shift"].double()
    x = functional.layer_norm(x, scale.shape, scale, shift)
    return (x @ state["out_head.weight"].double().T).float()


@pytest.mark.exercise("LayerNorm")
def test_norm_of_a_worked_example(chapter, probe):
    """[1, 2, 3, 6], with mean 3 and biased variance 3.5, becomes about [-1.07, -0.53, 0, 1.60]."""
    expected = torch.tensor([[-2.0, -1.0, 0.0, 3.0]]) / (3.5 + 1e-5) ** 0.5
    actual = chapter.LayerNorm(4)(torch.tensor([[1.0, 2.0, 3.0, 6.0]]))
    probe.assert_close(actual, expected, "LayerNorm(4)([[1, 2, 3, 6]])")


@pytest.mark.exercise("LayerNorm")
def test_norm_equals_torch(chapter, probe):
    """With any scale and shift, LayerNorm gives what torch.nn.functional.layer_norm gives."""
    norm = chapter.LayerNorm(5)
    scale, shift, x = torch.randn(5), torch.randn(5), fixed(2, 3, 5, size=3) - 1
    probe.load_state(norm, {"scale": scale, "shift": shift})
    expected = functional.layer_norm(x, (5,), scale, shift, eps=1e-5)
    probe.assert_close(norm(x), expected, "LayerNorm(5)(x)", axes=("batch", "time", "channel"))


@pytest.mark.exercise("LayerNorm")
def test_norm_is_written_from_scratch(chapter, probe):
    """LayerNorm uses mean, variance and a root, none of torch's own norms."""
    norm, x = chapter.LayerNorm(3), torch.tensor([[-4.0, 0.0, 4.0]])
    probe.assert_from_scratch(norm, x)
    expected = torch.tensor([[-1.0, 0.0, 1.0]]) * 4 / (32 / 3 + 1e-5) ** 0.5
    probe.assert_close(norm(x), expected, "LayerNorm(3)([[-4, 0, 4]])")


@pytest.mark.exercise("GELU")
def test_gelu_of_worked_values(chapter, probe):
    """GELU of -1, 0, 1 and 3 is -0.158808, 0, 0.841192 and 2.996363: the tanh form."""
    expected = torch.tensor([-0.158808, 0.0, 0.841192, 2.996363])
    probe.assert_close(chapter.GELU()(torch.tensor([-1.0, 0.0, 1.0, 3.0])), expected, "GELU()(x)")


@pytest.mark.exercise("GELU")
def test_gelu_is_written_from_scratch(chapter, probe):
    """GELU uses its formula, not torch's own gelu."""
    gelu, x = chapter.GELU(), torch.linspace(-4, 4, 9).reshape(3, 3)
    probe.assert_from_scratch(gelu, x)
    probe.assert_close(gelu(x), functional.gelu(x, approximate="tanh"), "GELU()(x)")


@pytest.mark.exercise("FeedForward")
def test_feed_forward_is_written_from_scratch(chapter, probe):
    """FeedForward is Linear, your GELU, Linear, and gives what the formula gives."""
    ff, x = chapter.FeedForward({"emb_dim": 3}), torch.randn(2, 4, 3)
    shapes = {"layers.0.weight": (12, 3), "layers.0.bias": (12,)}
    shapes |= {"layers.2.weight": (3, 12), "layers.2.bias": (3,)}
    state = {name: torch.randn(shape) for name, shape in shapes.items()}
    probe.load_state(ff, state)
    probe.assert_from_scratch(ff, x)
    inner = functional.linear(x, state["layers.0.weight"], state["layers.0.bias"])
    inner = functional.gelu(inner, approximate="tanh")
    expected = functional.linear(inner, state["layers.2.weight"], state["layers.2.bias"])
    probe.assert_close(ff(x), expected, "FeedForward(cfg)(x)", axes=("batch", "time", "channel"))


@pytest.mark.exercise("DeepNetwork")
def test_deep_network_of_a_worked_example(chapter, probe):
    """A shortcut adds a layer's input to its output, if asked for and where the shapes agree."""
    state = {
        "layers.0.0.weight": torch.tensor([[1.0, 0.0], [0.0, 2.0]]),
        "layers.0.0.bias": torch.zeros(2),
        "layers.1.0.weight": torch.tensor([[1.0, 1.0]]),
        "layers.1.0.bias": torch.tensor([7.0]),
    }
    # GELU leaves numbers from 10 up as they are. Layer 0: [10, 40]; with its shortcut [20, 60].
    for use_shortcut, answer in ((False, 57.0), (True, 87.0)):
        model = chapter.DeepNetwork([2, 2, 1], use_shortcut)
        probe.load_state(model, state)
        what = f"DeepNetwork([2, 2, 1], {use_shortcut})([[10, 20]])"
        probe.assert_close(model(torch.tensor([[10.0, 20.0]])), torch.tensor([[answer]]), what)


@pytest.mark.exercise("DeepNetwork")
def test_deep_network_is_written_from_scratch(chapter, probe):
    """DeepNetwork uses your GELU after each linear layer, the last one too."""
    model, x = chapter.DeepNetwork([1, 1], False), torch.tensor([[-1.0], [0.5]])
    state = {"layers.0.0.weight": torch.ones(1, 1), "layers.0.0.bias": -torch.ones(1)}
    probe.load_state(model, state)
    probe.assert_from_scratch(model, x)
    expected = functional.gelu(x - 1, approximate="tanh")
    probe.assert_close(model(x), expected, "DeepNetwork([1, 1], False)(x)")


@pytest.mark.exercise("layer_gradients")
def test_layer_gradients_of_a_worked_example(chapter, probe):
    """With weight 2, bias 0 and inputs 10 and 20, the gradient is mean(2 * out * x) = 1000."""
    model = chapter.DeepNetwork([1, 1], False)
    state = {"layers.0.0.weight": torch.tensor([[2.0]]), "layers.0.0.bias": torch.zeros(1)}
    probe.load_state(model, state)
    found = chapter.layer_gradients(model, torch.tensor([[10.0], [20.0]]))
    assert list(found) == ["layers.0.0.weight"], f"expected the weight alone, got {list(found)}"
    probe.assert_close(found["layers.0.0.weight"], 1000.0, "layer_gradients(model, x)")


@pytest.mark.exercise("TransformerBlock")
def test_block_is_written_from_scratch(chapter, probe):
    """A block is h = x + att(norm1(x)), then h + ff(norm2(h)), as in torch's pre-norm layer."""
    block, x = chapter.TransformerBlock(CFG), fixed(2, 5, 6, size=2) + 1
    state = block_state(6, torch.Generator().manual_seed(4))
    probe.load_state(block, state)
    block.eval()
    probe.assert_from_scratch(block, x)
    expected = torch_block(state, x, n_heads=3).float()
    axes = ("batch", "time", "channel")
    probe.assert_close(block(x), expected, "TransformerBlock(cfg)(x)", axes=axes)


@pytest.mark.exercise("GPTModel")
def test_model_is_written_from_scratch(chapter, probe):
    """GPTModel turns (B, T) ids into (B, T, V) logits: what torch's own layers give."""
    model, idx = chapter.GPTModel(CFG), torch.tensor([[1, 10, 2, 2, 7], [0, 3, 10, 4, 5]])
    state = gpt_state(CFG, torch.Generator().manual_seed(4))
    probe.load_state(model, state)
    model.eval()
    probe.assert_from_scratch(model, idx)
    expected = torch_gpt(state, idx, CFG)
    probe.assert_close(model(idx), expected, "GPTModel(cfg)(idx)", axes=("batch", "time", "token"))


@pytest.mark.exercise("GPTModel")
def test_model_names_a_prompt_that_is_too_long(chapter, probe):
    """More than context_length tokens raise ValueError with both numbers; that many still work."""
    model, idx = chapter.GPTModel(CFG), torch.tensor([[6, 5, 4, 3, 2, 1, 0], [8, 8, 9, 1, 7, 0, 7]])
    state = gpt_state(CFG, torch.Generator().manual_seed(4))
    probe.load_state(model, state)
    model.eval()
    probe.assert_close(model(idx), torch_gpt(state, idx, CFG), "GPTModel(cfg)(7 tokens)")
    with pytest.raises(ValueError, match=r"(?s)(?=.*\b29\b)(?=.*\b7\b)"):
        model(torch.zeros(2, 29, dtype=torch.int64))


@pytest.mark.exercise("count_parameters")
def test_count_of_a_small_model(chapter, probe):
    """Tied weights count once, or, with unique=False, once for each of their two names."""
    # Embeddings 66 + 42; a block 150 attention + 318 feed-forward + 24 norms; norm 12; head 66.
    untied, tied = (chapter.GPTModel({**CFG, "tied": tied}) for tied in (False, True))
    probe.assert_close(chapter.count_parameters(untied), 1170, "count_parameters(untied)")
    probe.assert_close(chapter.count_parameters(tied), 1104, "count_parameters(tied)")
    actual = chapter.count_parameters(tied, unique=False)
    probe.assert_close(actual, 1170, "count_parameters(tied, unique=False)")


@pytest.mark.exercise("predict_parameters")
def test_prediction_for_gpt2_124m(chapter, probe):
    """For 124M: 163,009,536; tied 124,412,160; with qkv_bias 163,037,184; both 124,439,808."""
    biased = {**GPT2_124M, "qkv_bias": True}
    predict = chapter.predict_parameters
    probe.assert_close(predict(GPT2_124M), 163_009_536, "predict_parameters(cfg)")
    probe.assert_close(predict(GPT2_124M, tied=True), 124_412_160, "predict_parameters(cfg, tied)")
    probe.assert_close(predict(biased), 163_037_184, "predict_parameters(qkv_bias)")
    probe.assert_close(predict(biased, tied=True), 124_439_808, "predict_parameters(both)")


@pytest.mark.exercise("model_megabytes")
def test_megabytes_of_a_small_model(chapter, probe):
    """1,170 float32 values are 4,680 bytes; a megabyte is 1024 * 1024 bytes."""
    actual = chapter.model_megabytes(chapter.GPTModel(CFG))
    probe.assert_close(actual, 4680 / 1048576, "model_megabytes(GPTModel(cfg))")


@pytest.mark.exercise("generate_text_simple")
def test_generation_counts_on(chapter, probe):
    """Where the best token is always the last one plus one, [3, 7] goes on as [3, 7, 8, 9]."""

    def count_on(idx):
        return functional.one_hot((idx + 1) % 10, 10).float() - 0.5

    prompt = torch.tensor([[3, 7], [0, 1]])
    out = chapter.generate_text_simple(probe.module(count_on), prompt, 2, 4)
    expected = torch.tensor([[3, 7, 8, 9], [0, 1, 2, 3]])
    probe.assert_close(out, expected, "generate_text_simple(model, idx, 2, 4)")


@pytest.mark.exercise("generate_text_simple")
def test_generation_shows_the_model_the_last_tokens_only(chapter, probe):
    """The model is called once a token, and sees at most the last context_size tokens."""
    shown = []

    def count_on(idx):
        shown.append(idx.tolist())
        return functional.one_hot((idx + 1) % 10, 10).float()

    prompt = torch.tensor([[1, 2, 3, 4]])
    out = chapter.generate_text_simple(probe.module(count_on), prompt, 2, 3)
    assert shown == [[[2, 3, 4]], [[3, 4, 5]]], f"the model was shown {shown}"
    probe.assert_close(out, torch.tensor([[1, 2, 3, 4, 5, 6]]), "generate_text_simple(...)")
