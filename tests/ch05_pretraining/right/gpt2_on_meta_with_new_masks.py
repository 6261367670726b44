"""Builds on the meta device, materialises, and takes the buffers from a second, shallow model.

exercise: load_gpt2
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
    with torch.device("meta"):
        gpt = GPTModel(cfg)
    gpt.to_empty(device="cpu")
    gpt.tok_emb.weight = gpt.out_head.weight
    small = GPTModel({**cfg, "vocab_size": 1, "n_layers": 1})
    for block in gpt.trf_blocks:
        for buffer, fresh in zip(block.buffers(), small.trf_blocks[0].buffers(), strict=True):
            buffer.copy_(fresh)
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
