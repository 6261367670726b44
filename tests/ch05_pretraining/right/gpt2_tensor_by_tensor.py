"""Copies tensor by tensor from the file along a flat table of names, without the params dict, into a
model that was tied by hand.

exercise: load_gpt2
"""

import json
import pathlib
import re

import torch

NAMES = {
    "ln_1.weight": "norm1.scale",
    "ln_1.bias": "norm1.shift",
    "ln_2.weight": "norm2.scale",
    "ln_2.bias": "norm2.shift",
    "attn.c_proj.weight": "att.out_proj.weight",
    "attn.c_proj.bias": "att.out_proj.bias",
    "mlp.c_fc.weight": "ff.layers.0.weight",
    "mlp.c_fc.bias": "ff.layers.0.bias",
    "mlp.c_proj.weight": "ff.layers.2.weight",
    "mlp.c_proj.bias": "ff.layers.2.bias",
}


class _Source:
    def __init__(self, file):
        self.file, self.names = file, {n.removeprefix("transformer."): n for n in file}

    def read(self, name):
        try:
            tensor = self.file[self.names[name]]
        except KeyError:
            raise ValueError(f"{name} is not in the file") from None
        return tensor.T if name.startswith("h.") and tensor.ndim == 2 else tensor


@torch.no_grad()
def load_gpt2(folder):
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_bytes())
    config = {"n_positions": config.get("n_ctx"), **config}
    if lost := {"n_embd", "n_head", "n_layer", "vocab_size"} - config.keys():
        raise ValueError(f"config.json lacks {min(lost)}")
    E, depth = config["n_embd"], config["n_layer"]
    with SafetensorsFile(folder / "model.safetensors") as file:
        source = _Source(file)
        there = {int(n.split(".")[1]) for n in source.names if re.match("h[.][0-9]+[.]", n)}
        if there != set(range(depth)):
            raise ValueError(f"{depth} blocks in the config and {len(there)} in the file")
        cfg = {"vocab_size": config["vocab_size"], "context_length": config["n_positions"]}
        cfg |= {"emb_dim": E, "n_heads": config["n_head"], "n_layers": depth}
        gpt = GPTModel({**cfg, "drop_rate": 0, "qkv_bias": True})
        gpt.out_head.weight = gpt.tok_emb.weight
        table = {"wte.weight": "tok_emb.weight", "wpe.weight": "pos_emb.weight"}
        table |= {"ln_f.weight": "final_norm.scale", "ln_f.bias": "final_norm.shift"}
        for i in range(depth):
            table |= {f"h.{i}.{name}": f"trf_blocks.{i}.{to}" for name, to in NAMES.items()}
            for kind in "weight", "bias":
                joined = source.read(f"h.{i}.attn.c_attn.{kind}")
                if len(joined) != 3 * E:
                    raise ValueError(f"c_attn of block {i} has {len(joined)} outputs, not {3 * E}")
                for part, layer in enumerate(("W_query", "W_key", "W_value")):
                    target = gpt.get_parameter(f"trf_blocks.{i}.att.{layer}.{kind}")
                    assign(target, joined[part * E : (part + 1) * E])
        for name, to in table.items():
            tensor, target = source.read(name), gpt.get_parameter(to)
            if tensor.shape != target.shape:
                raise ValueError(f"{name}: {tuple(tensor.shape)} for {tuple(target.shape)}")
            target.copy_(tensor)
    return gpt.eval()
