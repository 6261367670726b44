"""What a learner sees of chapter 5."""

import json
import re
import struct

import pytest
import torch
from torch.nn import functional as F

# Section 5.5: loading pretrained weights.

CFG = {
    "vocab_size": 13,
    "context_length": 7,
    "emb_dim": 12,
    "n_heads": 3,
    "n_layers": 3,
    "drop_rate": 0.0,
    "qkv_bias": True,
    "tied": True,
}
CONFIG = {"vocab_size": 13, "n_positions": 7, "n_embd": 12, "n_head": 3, "n_layer": 3}


def numbers(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*\b{re.escape(str(word))}\b)" for word in needed)


def gpt2_tensors(C=12, V=13, L=7, layers=3):
    """Random tensors under the names of a checkpoint; every one of them matters."""
    shapes = {"wte.weight": (V, C), "wpe.weight": (L, C), "ln_f.weight": (C,), "ln_f.bias": (C,)}
    for i in range(layers):
        for name, shape in {
            "ln_1": (C,),
            "attn.c_attn": (C, 3 * C),
            "attn.c_proj": (C, C),
            "ln_2": (C,),
            "mlp.c_fc": (C, 4 * C),
            "mlp.c_proj": (4 * C, C),
        }.items():
            shapes[f"h.{i}.{name}.weight"] = shape
            shapes[f"h.{i}.{name}.bias"] = shape[-1:]
    return {name: torch.randn(shape) * 0.5 for name, shape in shapes.items()}


def book_params(tensors, layers=3):
    """The book's params dict of these tensors."""

    def both(name, keys):
        return {keys[0]: tensors[f"{name}.weight"], keys[1]: tensors[f"{name}.bias"]}

    blocks = [
        {
            "attn": {k: both(f"h.{i}.attn.{k}", "wb") for k in ("c_attn", "c_proj")},
            "ln_1": both(f"h.{i}.ln_1", "gb"),
            "ln_2": both(f"h.{i}.ln_2", "gb"),
            "mlp": {k: both(f"h.{i}.mlp.{k}", "wb") for k in ("c_fc", "c_proj")},
        }
        for i in range(layers)
    ]
    ends = {"wte": tensors["wte.weight"], "wpe": tensors["wpe.weight"]}
    return {"blocks": blocks, **ends, **both("ln_f", "gb")}


def gpt2_logits(tensors, idx, n_head=3, layers=3):
    """What GPT-2 with these tensors answers, computed with torch's own functions in float64."""
    t = {name: tensor.double() for name, tensor in tensors.items()}

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], t[f"{name}.weight"], t[f"{name}.bias"])

    def linear(x, name):
        return x @ t[f"{name}.weight"] + t[f"{name}.bias"]

    x = t["wte.weight"][idx] + t["wpe.weight"][: idx.shape[1]]
    for i in range(layers):
        qkv = linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").split(x.shape[-1], dim=-1)
        q, k, v = (part.unflatten(-1, (n_head, -1)).transpose(1, 2) for part in qkv)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + linear(mixed, f"h.{i}.attn.c_proj")
        wide = F.gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + linear(wide, f"h.{i}.mlp.c_proj")
    return (norm(x, "ln_f") @ t["wte.weight"].T).float()


def safetensors_bytes(tensors):
    """A safetensors file of float32 tensors, written out by hand."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.exercise("assign")
def test_assign_fills_left_in_place(chapter, probe):
    """assign(left, right) copies the numbers of right into left itself, and returns left."""
    left, right = torch.zeros(2, 3), torch.randn(2, 3)
    placed = probe.place(left)
    result = chapter.assign(placed, right.clone())
    probe.assert_close(probe.value(placed), right, "left after assign(left, right)")
    probe.assert_close(result, right, "assign(left, right)")


@pytest.mark.exercise("assign")
def test_assign_refuses_another_shape(chapter, probe):
    """Where the shapes differ, assign raises ValueError with both, and leaves left as it was."""
    left = probe.place(torch.zeros(4, 6))
    with pytest.raises(ValueError, match=numbers(4, 6, 5)):
        chapter.assign(left, torch.ones(4, 5))
    with pytest.raises(ValueError, match=numbers(4, 6, 1)):
        chapter.assign(left, torch.ones(1, 6))  # copy_ would repeat this row
    probe.assert_close(probe.value(left), torch.zeros(4, 6), "left after assign raised")


@pytest.mark.exercise("load_weights_into_gpt")
def test_every_weight_finds_its_place(chapter, probe):
    """Every tensor of params arrives where it belongs: transposed, if in a linear layer."""
    tensors = gpt2_tensors()
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    chapter.load_weights_into_gpt(model, book_params(tensors))
    expected = {
        "tok_emb.weight": tensors["wte.weight"],
        "pos_emb.weight": tensors["wpe.weight"],
        "final_norm.scale": tensors["ln_f.weight"],
        "final_norm.shift": tensors["ln_f.bias"],
    }
    for i in range(3):
        ours, theirs = f"trf_blocks.{i}", f"h.{i}"
        for norm, ln in ("norm1", "ln_1"), ("norm2", "ln_2"):
            expected[f"{ours}.{norm}.scale"] = tensors[f"{theirs}.{ln}.weight"]
            expected[f"{ours}.{norm}.shift"] = tensors[f"{theirs}.{ln}.bias"]
        for part, layer in enumerate(("W_query", "W_key", "W_value")):
            columns = slice(part * 12, part * 12 + 12)
            weight = tensors[f"{theirs}.attn.c_attn.weight"][:, columns].T
            expected[f"{ours}.att.{layer}.weight"] = weight
            expected[f"{ours}.att.{layer}.bias"] = tensors[f"{theirs}.attn.c_attn.bias"][columns]
        for layer, name in {
            "att.out_proj": "attn.c_proj",
            "ff.layers.0": "mlp.c_fc",
            "ff.layers.2": "mlp.c_proj",
        }.items():
            expected[f"{ours}.{layer}.weight"] = tensors[f"{theirs}.{name}.weight"].T
            expected[f"{ours}.{layer}.bias"] = tensors[f"{theirs}.{name}.bias"]
    for name, tensor in expected.items():
        found = probe.get(model, name)
        probe.assert_close(found, tensor, f"{name} after load_weights_into_gpt")


@pytest.mark.exercise("load_weights_into_gpt")
def test_another_number_of_blocks_is_refused(chapter, probe):
    """Where model and params differ in the number of blocks, ValueError gives both numbers."""
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    with pytest.raises(ValueError, match=numbers(3, 5)):
        chapter.load_weights_into_gpt(model, book_params(gpt2_tensors(layers=5), layers=5))
    tensors = gpt2_tensors()
    chapter.load_weights_into_gpt(model, book_params(tensors))
    found = probe.get(model, "trf_blocks.2.norm2.shift")
    probe.assert_close(found, tensors["h.2.ln_2.bias"], "trf_blocks.2.norm2.shift")


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_params_have_the_layout_of_the_book(chapter, probe):
    """The tensors stand in the book's nested dict, as they are in the checkpoint."""
    tensors = gpt2_tensors()
    params = chapter.gpt2_params_from_state_dict(dict(tensors))

    def compare(found, expected, path):
        if isinstance(expected, torch.Tensor):
            probe.assert_close(found, expected, path)
            return
        assert type(found) is type(expected), f"{path} is a {type(found).__name__}"
        keys = sorted(expected) if isinstance(expected, dict) else range(len(expected))
        came = sorted(found) if isinstance(found, dict) else range(len(found))
        assert came == keys, f"{path} has {list(came)}, expected {list(keys)}"
        for key in keys:
            compare(found[key], expected[key], f"{path}[{key!r}]")

    compare(params, book_params(tensors), "params")


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_a_missing_tensor_is_named(chapter, probe):
    """A tensor that the checkpoint lacks raises ValueError with its name."""
    for name in "h.1.mlp.c_fc.bias", "wpe.weight":
        tensors = gpt2_tensors()
        del tensors[name]
        with pytest.raises(ValueError, match=re.escape(name)):
            chapter.gpt2_params_from_state_dict(tensors)


@pytest.mark.exercise("load_gpt2")
def test_a_small_gpt2_answers_as_it_should(chapter, probe):
    """load_gpt2(folder) is ready to use: its logits are those of the checkpoint."""
    tensors, idx = gpt2_tensors(), torch.randint(13, (2, 5))
    folder = probe.folder(
        {
            "config.json": json.dumps(CONFIG).encode(),
            "model.safetensors": safetensors_bytes(tensors),
        }
    )
    logits = chapter.load_gpt2(folder)(idx)
    expected = gpt2_logits(tensors, idx)
    probe.assert_close(logits, expected, "load_gpt2(folder)(idx)", ("batch", "position", "token"))


@pytest.mark.exercise("load_gpt2")
def test_tensors_that_do_not_fit_the_config_are_refused(chapter, probe):
    """Where a tensor does not fit the config, ValueError names it and gives both shapes."""
    tensors = gpt2_tensors()
    files = {"model.safetensors": safetensors_bytes(tensors)}
    larger = json.dumps({**CONFIG, "n_positions": 8}).encode()
    with pytest.raises(ValueError, match=numbers("wpe", 8, 7)):
        chapter.load_gpt2(probe.folder({**files, "config.json": larger}))
    model = chapter.load_gpt2(probe.folder({**files, "config.json": json.dumps(CONFIG).encode()}))
    probe.assert_close(probe.get(model, "pos_emb.weight"), tensors["wpe.weight"], "pos_emb.weight")
