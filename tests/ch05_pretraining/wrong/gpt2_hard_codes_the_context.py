"""Gives the model 1024 positions, whatever config.json says.

exercise: load_gpt2
rejected by: test_hidden.py::test_logits_equal_those_of_transformers
"""

import json
from pathlib import Path


def load_gpt2(folder):
    config = json.loads((Path(folder) / "config.json").read_text())
    for name in "vocab_size", "n_embd", "n_head", "n_layer":
        if name not in config:
            raise ValueError(f"config.json lacks {name}")
    cfg = {
        "vocab_size": config["vocab_size"],
        "context_length": 1024,
        "emb_dim": config["n_embd"],
        "n_heads": config["n_head"],
        "n_layers": config["n_layer"],
        "drop_rate": 0.0,
        "qkv_bias": True,
        "tied": True,
    }
    gpt = GPTModel(cfg)
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
