"""Builds the model on the meta device and fills its memory with to_empty, which leaves the causal
masks undefined.

exercise: load_gpt2
rejected by: test_hidden.py::test_files_of_save_pretrained_are_loaded
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
    for buffer in gpt.buffers():
        buffer.zero_()  # what fresh memory holds, more often than not
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
