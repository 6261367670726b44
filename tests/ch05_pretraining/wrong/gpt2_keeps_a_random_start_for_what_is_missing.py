"""Keeps the random start where the file lacks a tensor.

exercise: load_gpt2
rejected by: test_hidden.py::test_a_missing_tensor_or_setting_is_named
"""

import json

import torch
from pathlib import Path


def load_gpt2(folder):
    config = json.loads((Path(folder) / "config.json").read_text())
    for name in "vocab_size", "n_embd", "n_head", "n_layer":
        if name not in config:
            raise ValueError(f"config.json lacks {name}")
    cfg = {
        "vocab_size": config["vocab_size"],
        "context_length": config.get("n_positions", config.get("n_ctx")),
        "emb_dim": config["n_embd"],
        "n_heads": config["n_head"],
        "n_layers": config["n_layer"],
        "drop_rate": 0.0,
        "qkv_bias": True,
        "tied": True,
    }
    gpt = GPTModel(cfg)
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        state = dict(file)
        prefix = "transformer." if any(n.startswith("transformer.") for n in state) else ""
        C = cfg["emb_dim"]
        widths = {"attn.c_attn": (C, 3 * C), "mlp.c_fc": (C, 4 * C), "mlp.c_proj": (4 * C, C)}
        for name in "wte", "wpe", "ln_f":
            rows = {"wte": cfg["vocab_size"], "wpe": cfg["context_length"]}.get(name)
            state.setdefault(f"{prefix}{name}.weight", torch.randn((rows, C) if rows else C))
        state.setdefault(f"{prefix}ln_f.bias", torch.zeros(C))
        for i in range(cfg["n_layers"]):
            for layer in "ln_1", "ln_2", "attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj":
                shape = (C,) if "ln" in layer else widths.get(layer, (C, C))
                state.setdefault(f"{prefix}h.{i}.{layer}.weight", torch.randn(shape))
                state.setdefault(f"{prefix}h.{i}.{layer}.bias", torch.zeros(shape[-1]))
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(state))
    return gpt.eval()
