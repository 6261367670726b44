"""What only the judge sees of chapter 5."""

import json
import re
import tempfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

# Section 5.5: loading pretrained weights.

LAYERS = ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def sizes(draw):
    """A small GPT-2 (C, H, V, L, number of layers) of which no two sizes need be equal.

    C is at least 10: of two or three random numbers the variance may be next to nothing, and
    a LayerNorm then magnifies the rounding of float32 beyond the tolerance.
    """
    heads = draw(st.integers(1, 4))
    least = -(-10 // heads)
    return {
        "C": heads * draw(st.integers(least, least + 3)),
        "H": heads,
        "V": draw(st.integers(3, 23)),
        "L": draw(st.integers(2, 9)),
        "layers": draw(st.integers(1, 3)),
    }


TINY = {"C": 12, "H": 3, "V": 13, "L": 7, "layers": 2}


def words(*needed):
    """A pattern that finds all of these words, in any order."""
    return "(?s)" + "".join(rf"(?=.*\b{re.escape(str(word))}\b)" for word in needed)


def cfg_of(size, **changes):
    """The dict that GPTModel takes."""
    cfg = {
        "vocab_size": size["V"],
        "context_length": size["L"],
        "emb_dim": size["C"],
        "n_heads": size["H"],
        "n_layers": size["layers"],
        "drop_rate": 0.0,
        "qkv_bias": True,
        "tied": True,
    }
    return {**cfg, **changes}


def config_of(size, **changes):
    """What stands in config.json."""
    config = {
        "vocab_size": size["V"],
        "n_positions": size["L"],
        "n_embd": size["C"],
        "n_head": size["H"],
        "n_layer": size["layers"],
    }
    return {**config, **changes}


def shapes_of(size):
    """Names and shapes of a checkpoint's tensors."""
    C = size["C"]
    widths = {"attn.c_attn": 3 * C, "mlp.c_fc": 4 * C}
    shapes = {"wte.weight": (size["V"], C), "wpe.weight": (size["L"], C)}
    for i in range(size["layers"]):
        for layer in LAYERS:
            width = widths.get(layer, C)
            inner = 4 * C if layer == "mlp.c_proj" else C
            shapes[f"h.{i}.{layer}.weight"] = (C,) if "ln" in layer else (inner, width)
            shapes[f"h.{i}.{layer}.bias"] = (width,)
    return {**shapes, "ln_f.weight": (C,), "ln_f.bias": (C,)}


def tensors_of(size, seed=None):
    """Random tensors of a checkpoint, large enough that each of them matters."""
    seed = int(torch.randint(2**31, ())) if seed is None else seed
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes_of(size).items():
        inner = shape[0] if len(shape) == 2 and name.startswith("h.") else 4
        values = torch.randn(shape, generator=generator).div_(inner**0.5)
        tensors[name] = values + 1 if "ln" in name and name.endswith("weight") else values
    return tensors


def params_of(tensors, size):
    """The book's params dict of these tensors."""

    def both(name, keys):
        return {keys[0]: tensors[f"{name}.weight"], keys[1]: tensors[f"{name}.bias"]}

    blocks = []
    for i in range(size["layers"]):
        block = {"attn": {}, "mlp": {}}
        for layer in LAYERS:
            part, _, name = layer.rpartition(".")
            target = block[part] if part else block
            target[name] = both(f"h.{i}.{layer}", "wb" if part else "gb")
        blocks.append(block)
    ends = {"wte": tensors["wte.weight"], "wpe": tensors["wpe.weight"]}
    return {"blocks": blocks, **ends, **both("ln_f", "gb")}


def leaves(params, path="params"):
    """Paths and tensors of a params dict."""
    if isinstance(params, torch.Tensor):
        return {path: params}
    items = enumerate(params) if isinstance(params, list) else params.items()
    found = {}
    for key, value in items:
        found.update(leaves(value, f"{path}[{key!r}]"))
    return found


def assert_same(probe, found, expected):
    """Two params dicts are equal, tensor by tensor."""
    found, expected = leaves(found), leaves(expected)
    assert sorted(found) == sorted(expected), "the keys of params differ"
    for path, tensor in expected.items():
        probe.assert_close(found[path], tensor, path)


def mapped(thing, change):
    """A params dict with every tensor changed."""
    if isinstance(thing, dict):
        return {key: mapped(value, change) for key, value in thing.items()}
    if isinstance(thing, list):
        return [mapped(value, change) for value in thing]
    return change(thing)


def logits_of(tensors, size, idx):
    """What GPT-2 with these tensors answers, by torch's own functions, in float64."""
    t = {name: tensor.double() for name, tensor in tensors.items() if name != "wte.weight"}
    wte = tensors["wte.weight"]

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], t[f"{name}.weight"], t[f"{name}.bias"])

    def linear(x, name):
        return x @ t[f"{name}.weight"] + t[f"{name}.bias"]

    x = wte[idx].double() + t["wpe.weight"][: idx.shape[1]]
    for i in range(size["layers"]):
        qkv = linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").split(size["C"], dim=-1)
        q, k, v = (part.unflatten(-1, (size["H"], -1)).transpose(1, 2) for part in qkv)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + linear(mixed, f"h.{i}.attn.c_proj")
        wide = F.gelu(linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + linear(wide, f"h.{i}.mlp.c_proj")
    x = norm(x, "ln_f")
    if wte.numel() > 1 << 20:  # a float64 copy of a real vocabulary would be 300 MB
        return x.float() @ wte.float().T
    return (x @ wte.double().T).float()


def assert_logits(probe, model, expected, idx, what):
    """The model's logits, compared with the place of the first difference."""
    probe.assert_close(model(idx), expected, what, ("batch", "position", "token"))


def idx_of(size, seed=None):
    """Token ids, two rows, at most as many as there are positions."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    T = int(torch.randint(1, size["L"] + 1, (), generator=generator))
    return torch.randint(size["V"], (2, T), generator=generator)


def folder_of(probe, config, tensors):
    """A folder with a checkpoint; tensors may be the bytes of the file."""
    if isinstance(tensors, dict):
        tensors = safetensors.torch.save({k: v.contiguous() for k, v in tensors.items()})
    files = {"config.json": json.dumps(config).encode(), "model.safetensors": tensors}
    return probe.folder(files)


def transformers_gpt2(size, seed):
    """A GPT-2 of transformers with random weights, every one of which matters."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(**config_of(size), bos_token_id=0, eos_token_id=0)
    model = GPT2LMHeadModel(config).eval()
    tensors = tensors_of(size, seed)
    model.transformer.load_state_dict(tensors)
    return model


def saved(model):
    """The two files that save_pretrained writes for a model of transformers."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        names = ("config.json", "model.safetensors")
        return {name: (Path(folder) / name).read_bytes() for name in names}


@pytest.mark.exercise("assign")
@settings(max_examples=15)
@given(shape=st.lists(st.integers(1, 4), max_size=3), seed=SEEDS)
def test_assign_takes_equal_shapes_only(chapter, probe, shape, seed):
    """Shapes must be equal: neither broadcasting nor reshaping nor transposing makes them fit."""
    right = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    left = probe.place(torch.zeros(shape))
    chapter.assign(left, right.clone())
    probe.assert_close(probe.value(left), right, "left after assign(left, right)")
    turned = right.permute(list(range(right.ndim))[::-1])
    for other in right[None], right.flatten(), right.sum(), turned:
        if other.shape != right.shape:
            with pytest.raises(ValueError, match=words(*right.shape, *other.shape)):
                chapter.assign(left, other)
    probe.assert_close(probe.value(left), right, "left after assign raised")


@pytest.mark.exercise("assign")
def test_assign_shares_no_memory_with_right(chapter, probe):
    """What is done to left after assign(left, right) does not reach right."""
    left, right = probe.place(torch.zeros(3, 2)), probe.place(torch.ones(3, 2))
    chapter.assign(left, right)
    probe.assert_close(probe.value(left), torch.ones(3, 2), "left after assign(left, right)")
    left.fill_(5.0)  # in place, beside the subject
    probe.assert_close(probe.value(right), torch.ones(3, 2), "right after left was filled with 5")


@pytest.mark.exercise("assign")
def test_assign_keeps_the_dtype_of_left(chapter, probe):
    """Whatever the dtype of right, left keeps its own and gets the numbers rounded to it."""
    right = torch.randn(4, 3, dtype=torch.float64)
    for kind in torch.float32, torch.bfloat16, torch.float16, torch.float64:
        left = probe.place(torch.zeros(4, 3, dtype=kind))
        chapter.assign(left, right.clone())
        probe.assert_close(probe.value(left), right.to(kind), f"a {kind} left, a float64 right")
        chapter.assign(left, right.bfloat16())
        expected = right.bfloat16().to(kind)
        probe.assert_close(probe.value(left), expected, f"a {kind} left, a bfloat16 right")


@pytest.mark.exercise("assign")
def test_assign_takes_what_as_tensor_takes(chapter, probe):
    """The right side may be nested lists of numbers, whose shape is checked like a tensor's."""
    left = probe.place(torch.zeros(2, 3))
    chapter.assign(left, [[1.5, 2, 3], [-4, 5, 6]])
    expected = torch.tensor([[1.5, 2.0, 3.0], [-4.0, 5.0, 6.0]])
    probe.assert_close(probe.value(left), expected, "left after assign(left, nested lists)")
    with pytest.raises(ValueError, match=words(2, 3, 7)):
        chapter.assign(left, [1, 2, 3, 4, 5, 6, 7])


@pytest.mark.exercise("assign")
def test_assign_works_on_parameters(chapter, probe):
    """A left that requires gradients can be assigned to; it is returned, and right gets none."""
    left, right, weights = torch.randn(2, 3), torch.randn(2, 3), torch.randn(2, 3)
    grads = probe.gradients(chapter.assign, left, right, cotangent=weights)["inputs"]
    probe.assert_close(grads[0], weights, "the gradient of assign(left, right) by left")
    assert grads[1] is None, "a gradient flows through the copy to right"


@pytest.mark.exercise("load_weights_into_gpt")
@settings(max_examples=15)
@given(size=sizes(), tied=st.booleans(), seed=SEEDS)
def test_loaded_weights_give_the_logits_of_gpt2(chapter, probe, size, tied, seed):
    """For a GPT-2 of any size, the loaded model gives the logits of the checkpoint."""
    tensors, idx = tensors_of(size, seed), idx_of(size, seed)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(size, tied=tied))
    chapter.load_weights_into_gpt(model, params_of(tensors, size))
    expected = logits_of(tensors, size, idx)
    assert_logits(probe, model, expected, idx, "the logits of the loaded model")


@pytest.mark.exercise("load_weights_into_gpt")
def test_tied_weights_stay_tied(chapter, probe):
    """Where out_head shares its weight with tok_emb, it still does after loading."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert tied, "tok_emb.weight and out_head.weight were one tensor, and are two after loading"
    probe.assert_close(probe.get(model, "tok_emb.weight"), tensors["wte.weight"], "tok_emb.weight")


@pytest.mark.exercise("load_weights_into_gpt")
def test_an_untied_head_gets_a_copy(chapter, probe):
    """Where out_head has a weight of its own, it gets a copy of wte and stays untied."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY, tied=False))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    for name in "tok_emb.weight", "out_head.weight":
        probe.assert_close(probe.get(model, name), tensors["wte.weight"], name)
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert not tied, "tok_emb.weight and out_head.weight were two tensors, and are one"


@pytest.mark.exercise("load_weights_into_gpt")
def test_biases_are_not_lost(chapter, probe):
    """A model without biases for queries, keys and values is refused: c_attn has some."""
    tensors = tensors_of(TINY)
    build = probe.earlier("ch04_gpt").GPTModel
    with pytest.raises(ValueError, match=r"(?i)\bbias"):
        chapter.load_weights_into_gpt(build(cfg_of(TINY, qkv_bias=False)), params_of(tensors, TINY))
    model = build(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    biases = [
        probe.get(model, f"trf_blocks.1.att.{n}.bias") for n in ("W_query", "W_key", "W_value")
    ]
    probe.assert_close(torch.cat(biases), tensors["h.1.attn.c_attn.bias"], "the biases of block 1")


@pytest.mark.exercise("load_weights_into_gpt")
def test_params_may_be_lists(chapter, probe):
    """The values of params need not be tensors: whatever torch.as_tensor takes will do."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    params = mapped(params_of(tensors, TINY), torch.Tensor.tolist)
    chapter.load_weights_into_gpt(model, params)
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "the logits of the loaded model")


@pytest.mark.exercise("load_weights_into_gpt")
def test_only_numbers_change(chapter, probe):
    """Loading leaves the dtype of the parameters, the mode and which are trained as they were."""
    tensors = tensors_of(TINY)
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY)).bfloat16().train()
    modes, trainable = probe.modes(model), probe.trainable(model)
    chapter.load_weights_into_gpt(model, params_of(tensors, TINY))
    expected = tensors["h.1.mlp.c_fc.weight"].T.bfloat16()
    found = probe.get(model, "trf_blocks.1.ff.layers.0.weight")
    probe.assert_close(found, expected, "trf_blocks.1.ff.layers.0.weight of a bfloat16 model")
    for name, parameter in probe.parameters(model).items():
        assert parameter.dtype == torch.bfloat16, f"{name} became {parameter.dtype}"
    assert probe.modes(model) == modes, "loading changed the train or eval mode"
    assert probe.trainable(model) == trainable, "loading changed which parameters are trained"


@pytest.mark.exercise("load_weights_into_gpt")
def test_params_stay_as_they_were(chapter, probe):
    """Training the loaded model later does not reach back into params."""
    tensors = tensors_of(TINY)
    expected = mapped(params_of(tensors, TINY), torch.Tensor.clone)
    params = probe.place(mapped(expected, torch.Tensor.clone))
    model = probe.earlier("ch04_gpt").GPTModel(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params)
    probe.assert_close(probe.get(model, "pos_emb.weight"), tensors["wpe.weight"], "pos_emb.weight")
    shapes = probe.parameter_shapes(model)
    probe.load_state(model, {name: torch.zeros(shape) for name, shape in shapes.items()})
    assert_same(probe, probe.value(params), expected)


@pytest.mark.exercise("load_weights_into_gpt")
def test_tensors_of_another_shape_are_refused(chapter, probe):
    """A tensor of another shape, larger ones too, raises ValueError that names it."""
    build = probe.earlier("ch04_gpt").GPTModel
    changes = {
        "wte": lambda p: p.update(wte=torch.randn(17, 12)),
        "wpe": lambda p: p.update(wpe=torch.randn(11, 12)),
        "c_attn": lambda p: p["blocks"][1]["attn"]["c_attn"].update(w=torch.randn(12, 48)),
        "c_proj": lambda p: p["blocks"][0]["attn"]["c_proj"].update(w=torch.randn(12, 1)),
        "c_fc": lambda p: p["blocks"][1]["mlp"]["c_fc"].update(w=torch.randn(48, 12)),
        "ln_2": lambda p: p["blocks"][1]["ln_2"].update(b=torch.randn(1)),
    }
    for name, change in changes.items():
        params = params_of(tensors_of(TINY), TINY)
        change(params)
        with pytest.raises(ValueError, match=words(name)):
            chapter.load_weights_into_gpt(build(cfg_of(TINY)), params)
    params = params_of(tensors_of(TINY), TINY)
    params["wpe"] = torch.randn(11, 12)
    with pytest.raises(ValueError, match=words("wpe", 11, 7)):
        chapter.load_weights_into_gpt(build(cfg_of(TINY)), params)
    params, model = params_of(tensors_of(TINY), TINY), build(cfg_of(TINY))
    chapter.load_weights_into_gpt(model, params)
    probe.assert_close(probe.get(model, "pos_emb.weight"), params["wpe"], "pos_emb.weight")


@pytest.mark.exercise("gpt2_params_from_state_dict")
@settings(max_examples=15)
@given(size=sizes(), prefix=st.sampled_from(["", "transformer."]), seed=SEEDS)
def test_names_with_and_without_prefix(chapter, probe, size, prefix, seed):
    """Checkpoints of any size are sorted alike, whether names begin with `transformer.` or not."""
    tensors = tensors_of(size, seed)
    state = {prefix + name: tensor for name, tensor in reversed(tensors.items())}
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, size))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_masks_and_the_head_are_ignored(chapter, probe):
    """Masks of older files, called attn.bias though they are none, and lm_head are no weights."""
    tensors = tensors_of(TINY)
    for prefix in "", "transformer.":
        state = {"lm_head.weight": torch.randn(13, 12)}
        for i in range(2):
            mask = torch.ones(7, 7, dtype=torch.uint8).tril()[None, None]
            state[f"{prefix}h.{i}.attn.bias"] = mask
            state[f"{prefix}h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
        state.update({prefix + name: tensor for name, tensor in tensors.items()})
        params = chapter.gpt2_params_from_state_dict(state)
        assert_same(probe, params, params_of(tensors, TINY))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_blocks_are_in_the_order_of_their_numbers(chapter, probe):
    """In a model of a dozen blocks, block 2 comes before block 10."""
    size = {"C": 2, "H": 1, "V": 5, "L": 3, "layers": 13}
    tensors = tensors_of(size)
    state = {name: tensors[name] for name in sorted(tensors)}
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, size))


@pytest.mark.exercise("gpt2_params_from_state_dict")
@settings(max_examples=20)
@given(
    name=st.sampled_from([n for n in shapes_of({**TINY, "layers": 3}) if "h.2." not in n]),
    prefix=st.sampled_from(["", "transformer."]),
)
def test_every_missing_tensor_is_named(chapter, probe, name, prefix):
    """Whichever tensor is missing, ValueError gives its name; a missing block is no end."""
    size = {**TINY, "layers": 3}
    tensors = tensors_of(size, seed=1)
    state = {prefix + n: tensor for n, tensor in tensors.items()}
    assert_same(probe, chapter.gpt2_params_from_state_dict(dict(state)), params_of(tensors, size))
    del state[prefix + name]
    with pytest.raises(ValueError, match=re.escape(name)):
        chapter.gpt2_params_from_state_dict(state)
    if name.startswith("h."):
        block = name[: len("h.0.")]
        state = {n: t for n, t in state.items() if not n.startswith(prefix + block)}
        with pytest.raises(ValueError, match=re.escape(block)):
            chapter.gpt2_params_from_state_dict(state)


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_tensors_are_not_converted(chapter, probe):
    """The tensors keep the dtype that the checkpoint has."""
    for kind in torch.float16, torch.bfloat16, torch.float64:
        tensors = {name: tensor.to(kind) for name, tensor in tensors_of(TINY).items()}
        params = chapter.gpt2_params_from_state_dict(dict(tensors))
        assert_same(probe, params, params_of(tensors, TINY))


@pytest.mark.exercise("gpt2_params_from_state_dict")
def test_the_state_dict_stays_as_it_was(chapter, probe):
    """The caller's state dict has all its names and numbers afterwards."""
    tensors = tensors_of(TINY)
    state = probe.place({name: tensor.clone() for name, tensor in tensors.items()})
    params = chapter.gpt2_params_from_state_dict(state)
    assert_same(probe, params, params_of(tensors, TINY))
    after = probe.value(state)
    assert sorted(after) == sorted(tensors), "names were added to or removed from state_dict"
    for name, tensor in tensors.items():
        probe.assert_close(after[name], tensor, f"state_dict[{name!r}]")


@pytest.mark.exercise("load_gpt2")
@settings(max_examples=20)
@given(size=sizes(), prefix=st.sampled_from(["", "transformer."]), seed=SEEDS)
def test_logits_equal_those_of_transformers(chapter, probe, size, prefix, seed):
    """For a GPT-2 of any size, the logits are those of the library transformers."""
    model, idx = transformers_gpt2(size, seed), idx_of(size, seed)
    tensors = {prefix + n: t.clone() for n, t in model.transformer.state_dict().items()}
    folder = folder_of(probe, config_of(size), tensors)
    with torch.no_grad():
        expected = model.double()(idx).logits.float()
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_files_of_save_pretrained_are_loaded(chapter, probe):
    """The very files that transformers' save_pretrained writes are loaded exactly."""
    size = {"C": 12, "H": 4, "V": 29, "L": 10, "layers": 3}
    model, idx = transformers_gpt2(size, int(torch.randint(2**31, ()))), idx_of(size)
    folder = probe.folder(saved(model))
    with torch.no_grad():
        expected = model.double()(idx).logits.float()
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_shape_of_124m_is_loaded(chapter, probe):
    """A checkpoint with the real vocabulary, context and width, one block deep, is loaded."""
    size = {"C": 768, "H": 12, "V": 50257, "L": 1024, "layers": 1}
    tensors, idx = tensors_of(size), torch.randint(50257, (2, 6))
    tensors["wte.weight"] *= 0.04  # 0.02 as in GPT-2, so that logits are about 1
    folder = folder_of(probe, config_of(size), tensors)
    expected = logits_of(tensors, size, idx)
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_a_dozen_blocks_are_loaded_in_order(chapter, probe):
    """A model of more than ten blocks is loaded in the order of their numbers."""
    size = {"C": 12, "H": 2, "V": 7, "L": 5, "layers": 12}
    tensors, idx = tensors_of(size), idx_of(size)
    folder = folder_of(probe, config_of(size), tensors)
    expected = logits_of(tensors, size, idx)
    assert_logits(probe, chapter.load_gpt2(folder), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_older_files_are_loaded(chapter, probe):
    """Mask buffers, lm_head and n_ctx of older files make no difference."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    older = {"lm_head.weight": tensors["wte.weight"].clone(), **tensors}
    for i in range(2):
        older[f"h.{i}.attn.bias"] = torch.ones(7, 7).tril()[None, None]
        older[f"h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    config = config_of(TINY, n_ctx=7, model_type="gpt2", resid_pdrop=0.1)
    del config["n_positions"]
    model = chapter.load_gpt2(folder_of(probe, config, older))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_header_says_where_a_tensor_is(chapter, probe):
    """Tensors are found by their offsets, in whatever order the header names them."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    data = safetensors.torch.save(tensors)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    names = [list(header)[i] for i in torch.randperm(len(header)).tolist()]
    shuffled = {"__metadata__": {"format": "pt"}, **{name: header[name] for name in names}}
    text = json.dumps(shuffled, indent=1).encode() + b"   "
    data = len(text).to_bytes(8, "little") + text + data[8 + length :]
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), data))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_half_precision_files_become_float32(chapter, probe):
    """Files in float16 or bfloat16, mixed ones too, give a float32 model of the same numbers."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for kinds in [torch.float16], [torch.bfloat16], [torch.float16, torch.float32, torch.bfloat16]:
        half = {n: t.to(kinds[i % len(kinds)]) for i, (n, t) in enumerate(tensors.items())}
        model = chapter.load_gpt2(folder_of(probe, config_of(TINY), half))
        for name, parameter in probe.parameters(model).items():
            assert parameter.dtype == torch.float32, f"{name} is {parameter.dtype}"
        expected = logits_of(half, TINY, idx)
        assert_logits(probe, model, expected, idx, f"load_gpt2(a file in {kinds})(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_model_is_in_eval_mode(chapter, probe):
    """The model comes in eval mode, and without dropout: in train mode its logits are the same."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    config = config_of(TINY, attn_pdrop=0.5, embd_pdrop=0.5, resid_pdrop=0.5)
    model = chapter.load_gpt2(folder_of(probe, config, tensors))
    training = [name for name, mode in probe.modes(model).items() if mode]
    assert not training, f"in train mode: {training[0] or 'the model itself'}"
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model.train(), expected, idx, "load_gpt2(folder).train()(idx)")


@pytest.mark.exercise("load_gpt2")
def test_the_head_is_tied(chapter, probe):
    """The loaded model's out_head shares its weight with tok_emb, and all can be trained."""
    size = {"C": 8, "H": 2, "V": 19, "L": 5, "layers": 2}
    tensors = tensors_of(size)
    model = chapter.load_gpt2(folder_of(probe, config_of(size), tensors))
    tied = probe.shares_memory(model, "tok_emb.weight", "out_head.weight")
    assert tied, "tok_emb.weight and out_head.weight are two tensors"
    probe.assert_close(
        probe.get(model, "out_head.weight"), tensors["wte.weight"], "out_head.weight"
    )
    count = sum(tensor.numel() for tensor in tensors.values())
    assert probe.parameter_count(model) == count, "the model has other parameters than the file"
    assert all(probe.trainable(model).values()), "some parameters cannot be trained"


@pytest.mark.exercise("load_gpt2")
def test_a_missing_file_is_named(chapter, probe):
    """Where config.json or model.safetensors is missing, FileNotFoundError names it."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    config, data = json.dumps(config_of(TINY)).encode(), safetensors.torch.save(tensors)
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        chapter.load_gpt2(probe.folder({"config.json": config}))
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        chapter.load_gpt2(probe.folder({"model.safetensors": data}))
    both = probe.folder({"config.json": config, "model.safetensors": data})
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, chapter.load_gpt2(both), expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_a_missing_tensor_or_setting_is_named(chapter, probe):
    """Where a tensor or a number of the config is missing, ValueError names it."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for name in "wte.weight", "h.0.attn.c_proj.weight", "h.1.attn.c_attn.bias", "ln_f.bias":
        rest = {n: tensor for n, tensor in tensors.items() if n != name}
        with pytest.raises(ValueError, match=re.escape(name)):
            chapter.load_gpt2(folder_of(probe, config_of(TINY), rest))
    for name in "vocab_size", "n_embd", "n_head", "n_layer":
        config = config_of(TINY)
        del config[name]
        with pytest.raises(ValueError, match=words(name)):
            chapter.load_gpt2(folder_of(probe, config, tensors))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), tensors))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
def test_config_and_file_must_agree(chapter, probe):
    """Where config and file disagree on sizes or the number of blocks, ValueError says both."""
    tensors, idx = tensors_of(TINY), idx_of(TINY)
    for depth in 1, 5:  # the file has 2
        with pytest.raises(ValueError, match=words(depth, 2)):
            chapter.load_gpt2(folder_of(probe, config_of(TINY, n_layer=depth), tensors))
    for vocab_size in 11, 17:  # the file has 13
        config = config_of(TINY, vocab_size=vocab_size)
        with pytest.raises(ValueError, match=words("wte", vocab_size, 13)):
            chapter.load_gpt2(folder_of(probe, config, tensors))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), tensors))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")


@pytest.mark.exercise("load_gpt2")
@settings(max_examples=10)
@given(cut=st.floats(0, 0.999), seed=SEEDS)
def test_a_broken_file_is_refused(chapter, probe, cut, seed):
    """A file that was cut off, is empty or is something else raises ValueError that names it."""
    tensors, idx = tensors_of(TINY, seed), idx_of(TINY, seed)
    whole = safetensors.torch.save(tensors)
    zipped = b"PK\x03\x04\x00\x00\x08\x08" + bytes(64)
    for data in whole[: int(cut * len(whole))], whole[:-1], b"", zipped, b"\x80\x02" * 40:
        with pytest.raises(ValueError, match=r"model\.safetensors"):
            chapter.load_gpt2(folder_of(probe, config_of(TINY), data))
    model = chapter.load_gpt2(folder_of(probe, config_of(TINY), whole))
    expected = logits_of(tensors, TINY, idx)
    assert_logits(probe, model, expected, idx, "load_gpt2(folder)(idx)")
