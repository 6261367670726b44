"""What a learner sees of chapter 5."""

import json
import math
import re
import struct

import pytest
import torch
from torch.nn import functional as F

# Sections 5.1 to 5.4: losses, training, sampling, checkpoints.

SMALL = {
    "vocab_size": 17,
    "context_length": 8,
    "emb_dim": 16,
    "n_heads": 2,
    "n_layers": 1,
    "drop_rate": 0.0,
    "qkv_bias": False,
}


def letters(probe, V=26):
    """A tokenizer with an id for each letter: a is 0, b is 1, and so on."""

    def encode(text, allowed_special=()):
        return [(ord(letter) - ord("a")) % V for letter in text]

    def decode(ids):
        return "".join(chr(ord("a") + i) for i in ids)

    return probe.object(encode=encode, decode=decode)


def table_model(probe, table):
    """A model whose logits for the token that follows token i are row i of a table."""
    model = probe.nn("Embedding", *table.shape)
    probe.load_state(model, {"weight": table})
    return model


def mean_loss(table, batches):
    """The loss of that model over all tokens of some batches."""
    logits = torch.cat([table[x].flatten(0, 1) for x, _ in batches])
    return F.cross_entropy(logits, torch.cat([y.flatten() for _, y in batches])).item()


@pytest.mark.exercise("text_to_token_ids")
def test_a_text_becomes_one_row_of_ids(chapter, probe):
    """The ids of a text stand in a batch of one row: shape (1, T), dtype int64."""
    ids = chapter.text_to_token_ids("face", letters(probe))
    probe.assert_close(ids, torch.tensor([[5, 0, 2, 4]]), 'text_to_token_ids("face", tokenizer)')


@pytest.mark.exercise("token_ids_to_text")
def test_a_row_of_ids_becomes_a_text(chapter, probe):
    """One row of ids becomes a text, and so does a row of one single id."""
    tokenizer = letters(probe)
    assert chapter.token_ids_to_text(torch.tensor([[5, 0, 2, 4]]), tokenizer) == "face"
    assert chapter.token_ids_to_text(torch.tensor([[9]]), tokenizer) == "j"


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_by_hand(chapter, probe):
    """Probabilities of 1/2, 3/4 and 1/4 cost ln 2, ln 4/3 and ln 4; targets of -100 nothing."""
    even, odd = [5.0, 5.0], [0.0, math.log(3.0)]
    loss = chapter.cross_entropy(torch.tensor([even]), torch.tensor([0]))
    probe.assert_close(loss, torch.tensor(0.693147), "probability 1/2")
    loss = chapter.cross_entropy(torch.tensor([odd]), torch.tensor([1]))
    probe.assert_close(loss, torch.tensor(0.287682), "probability 3/4")
    logits = torch.tensor([[even, odd], [odd, odd]])
    loss = chapter.cross_entropy(logits, torch.tensor([[1, 0], [-100, 1]]))
    expected = torch.tensor((0.693147 + 1.386294 + 0.287682) / 3)
    probe.assert_close(loss, expected, "the mean of three, and one that does not count")


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_is_written_from_scratch(chapter, probe):
    """cross_entropy gives what torch's gives, and is built without it."""
    logits, targets = torch.randn(2, 3, 5), torch.tensor([[4, 0, -100], [1, 1, 3]])
    probe.assert_from_scratch(chapter.cross_entropy, logits, targets)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss = chapter.cross_entropy(logits.clone(), targets.clone())
    probe.assert_close(loss, expected, "cross_entropy(logits, targets)")


@pytest.mark.exercise("perplexity")
def test_perplexity_by_hand(chapter, probe):
    """A loss of 0 is a perplexity of 1, a loss of ln 8 one of 8; it is a Python float."""
    probe.assert_close(chapter.perplexity(0.0), 1.0, "perplexity(0.0)")
    probe.assert_close(chapter.perplexity(math.log(8)), 8.0, "perplexity(math.log(8))")
    loss = torch.tensor(math.log(8))
    probe.assert_close(chapter.perplexity(loss), 8.0, "perplexity(torch.tensor(math.log(8)))")


@pytest.mark.exercise("calc_loss_batch")
def test_loss_of_a_batch(chapter, probe):
    """The loss of a batch is the mean cross entropy of the model's logits over all positions."""
    table = torch.randn(5, 5)
    x, y = torch.tensor([[0, 1, 2], [4, 3, 2]]), torch.tensor([[1, 2, 4], [3, 2, 2]])
    loss = chapter.calc_loss_batch(x, y, table_model(probe, table), "cpu")
    expected = torch.tensor(mean_loss(table, [(x, y)]))
    probe.assert_close(loss, expected, "calc_loss_batch(x, y, model, 'cpu')")


@pytest.mark.exercise("calc_loss_loader")
def test_a_small_batch_counts_less(chapter, probe):
    """The mean is over tokens: a last batch of 2 counts a third of what a batch of 6 counts."""
    table = 3 * torch.randn(5, 5)
    batches = [
        (torch.tensor([[0, 1, 2], [4, 3, 2]]), torch.tensor([[1, 2, 4], [3, 2, 2]])),
        (torch.tensor([[1, 3]]), torch.tensor([[3, 0]])),
    ]
    model, loader = table_model(probe, table), probe.batches(batches)
    loss = chapter.calc_loss_loader(loader, model, "cpu")
    probe.assert_close(loss, mean_loss(table, batches), "calc_loss_loader(loader, model, 'cpu')")
    loss = chapter.calc_loss_loader(loader, model, "cpu", num_batches=1)
    probe.assert_close(loss, mean_loss(table, batches[:1]), "with num_batches=1")


@pytest.mark.exercise("calc_loss_loader")
def test_an_empty_loader_gives_nan(chapter, probe):
    """Where there is nothing to average, the loss is nan."""
    table = torch.randn(5, 5)
    model, batch = table_model(probe, table), (torch.tensor([[0, 1]]), torch.tensor([[1, 2]]))
    loss = chapter.calc_loss_loader(probe.batches([]), model, "cpu")
    probe.assert_close(loss, math.nan, "calc_loss_loader(empty loader, model, 'cpu')")
    loss = chapter.calc_loss_loader(probe.batches([batch]), model, "cpu", num_batches=0)
    probe.assert_close(loss, math.nan, "with num_batches=0")
    loss = chapter.calc_loss_loader(probe.batches([batch]), model, "cpu", num_batches=1)
    probe.assert_close(loss, mean_loss(table, [batch]), "with num_batches=1")


@pytest.mark.exercise("evaluate_model")
def test_training_loss_comes_first(chapter, probe):
    """evaluate_model gives the loss on the training data, then that on the validation data."""
    table = 2 * torch.randn(6, 6)
    train = [(torch.randint(6, (2, 3)), torch.randint(6, (2, 3))) for _ in range(3)]
    val = [(torch.randint(6, (1, 4)), torch.randint(6, (1, 4))) for _ in range(2)]
    model = table_model(probe, table)
    losses = chapter.evaluate_model(model, probe.batches(train), probe.batches(val), "cpu", 2)
    assert len(losses) == 2, "two losses are needed"
    probe.assert_close(losses[0], mean_loss(table, train[:2]), "the loss on two training batches")
    probe.assert_close(losses[1], mean_loss(table, val), "the loss on two validation batches")


@pytest.mark.exercise("train_model_simple")
def test_training_lowers_the_loss(chapter, probe):
    """After 48 updates on a text that repeats itself, the loss is less than half of what it was."""
    model = probe.earlier("ch04_gpt").GPTModel(SMALL)
    optimizer = probe.optimizer("AdamW", model, lr=0.01)
    ids = torch.arange(72) * 5 % 17
    x, y = ids[:64].view(8, 8), ids[1:65].view(8, 8)
    loader = probe.batches([(x[:4], y[:4]), (x[4:], y[4:])] * 12)
    before = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
    results = chapter.train_model_simple(
        model, loader, loader, optimizer, "cpu", 2, 47, 24, "bad", letters(probe, V=17)
    )
    after = F.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
    assert after < before / 2, f"the loss was {before:.3f} and is {after:.3f} after training"
    assert len(results) == 3, "train_losses, val_losses and tokens_seen are needed"
    train_losses, val_losses, tokens_seen = results
    assert tokens_seen == [32, 1536], f"tokens_seen is {tokens_seen} after updates 0 and 47"
    assert len(train_losses) == len(val_losses) == 2, "two evaluations are needed"
    probe.assert_close(train_losses[1], after, "the last of train_losses")
    probe.assert_close(val_losses[1], after, "the last of val_losses, on the same batches")


@pytest.mark.exercise("softmax_with_temperature")
def test_temperature_by_hand(chapter, probe):
    """Logits are divided by the temperature before the softmax along the last dimension."""
    logits = torch.tensor([[0.0, 1.0], [3.0, 2.0], [4.0, 4.0]])
    probas = chapter.softmax_with_temperature(logits, 0.5)
    expected = torch.tensor([[0.119203, 0.880797], [0.880797, 0.119203], [0.5, 0.5]])
    probe.assert_close(probas, expected, "softmax_with_temperature(logits, 0.5)")


@pytest.mark.exercise("top_k_logits")
def test_top_k_by_hand(chapter, probe):
    """The k largest logits of each row stay where they are; the others become -inf."""
    low = -math.inf
    kept = chapter.top_k_logits(torch.tensor([[1.0, 5.0, -2.0, 3.0], [-4.0, -3.0, -9.0, -7.0]]), 2)
    expected = torch.tensor([[low, 5.0, low, 3.0], [-4.0, -3.0, low, low]])
    probe.assert_close(kept, expected, "top_k_logits(logits, 2)", axes=("row", "token"))
    kept = chapter.top_k_logits(torch.tensor([1.0, 5.0, -2.0]), 1)
    probe.assert_close(kept, torch.tensor([low, 5.0, low]), "top_k_logits(one row, 1)")


@pytest.mark.exercise("generate")
def test_finished_rows_stay_finished(chapter, probe):
    """A row that has eos_id gets only eos_id from there on, and when all have it, it is over."""

    def count_on(idx):
        return F.one_hot((idx + 1) % 10, 10).float() - 0.5

    prompt = torch.tensor([[3], [6]])
    out = chapter.generate(probe.module(count_on), prompt.clone(), 7, 4, eos_id=8)
    expected = torch.tensor([[3, 4, 5, 6, 7, 8], [6, 7, 8, 8, 8, 8]])
    probe.assert_close(out, expected, "generate(model, idx, 7, 4, eos_id=8)", ("row", "time"))
    out = chapter.generate(probe.module(count_on), prompt.clone(), 4, 4)
    expected = torch.tensor([[3, 4, 5, 6, 7], [6, 7, 8, 9, 0]])
    probe.assert_close(out, expected, "generate(model, idx, 4, 4)", ("row", "time"))


@pytest.mark.exercise("generate")
def test_the_same_seed_draws_the_same_tokens(chapter, probe):
    """With a generator seeded alike, sampling gives the same tokens; all are of the top k."""
    model = table_model(probe, torch.tensor([[9.0, 2.0, 2.5, 8.5, 2.0, 8.0]]).repeat(6, 1))
    generator, outs = probe.earlier("ch04_gpt").torch.Generator(), []
    for seed in (5, 5, 6):
        generator.manual_seed(seed)
        idx = torch.tensor([[1], [2]])
        outs.append(chapter.generate(model, idx, 40, 4, 1.5, 3, generator=generator))
    assert outs[0].shape == (2, 41), f"two rows of 1 + 40 tokens are needed: {outs[0].shape}"
    assert torch.equal(outs[0], outs[1]), "two generators seeded alike gave different tokens"
    assert not torch.equal(outs[0], outs[2]), "another seed gave the same tokens"
    drawn = set(outs[0][:, 1:].flatten().tolist())
    assert drawn == {0, 3, 5}, f"of the tokens 0, 3 and 5 those drawn are {sorted(drawn)}"


@pytest.mark.exercise("save_checkpoint")
def test_saving_makes_a_file_and_changes_nothing(chapter, probe):
    """The file is where it should be; model, optimizer and random stream are as before."""
    path = probe.folder({}) + "/model.ckpt"
    model = probe.nn("Linear", 3, 2)
    optimizer = probe.optimizer("AdamW", model, lr=0.1)
    probe.gradients(model, torch.randn(4, 3))
    optimizer.step()
    weights, stream = probe.parameters(model), probe.random_state()
    chapter.save_checkpoint(path, model, optimizer, 1)
    assert len(probe.read(path)) > 0, "the file is empty"
    for name, tensor in weights.items():
        probe.assert_close(probe.parameters(model)[name], tensor, f"{name} after saving")
    assert torch.equal(probe.random_state(), stream), "saving has moved torch's random stream"
    assert probe.modes(model) == {"": True}, "saving has changed the model's mode"


@pytest.mark.exercise("load_checkpoint")
def test_a_checkpoint_brings_back_model_and_step(chapter, probe):
    """load_checkpoint fills another model with what was saved, and returns the step."""
    path = probe.folder({}) + "/model.ckpt"
    model, other = probe.nn("Linear", 3, 2), probe.nn("Linear", 3, 2)
    weights = probe.parameters(model)
    chapter.save_checkpoint(path, model, probe.optimizer("SGD", model, lr=0.1), 135)
    step = chapter.load_checkpoint(path, other, probe.optimizer("SGD", other, lr=0.1))
    probe.assert_close(step, 135, "load_checkpoint(path, model, optimizer)")
    for name, tensor in weights.items():
        assert torch.equal(probe.parameters(other)[name], tensor), f"{name} differs from the saved"


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
