"""Lets the dict's KeyError out where the config lacks a number.

exercise: load_gpt2
rejected by: test_hidden.py::test_a_missing_tensor_or_setting_is_named
"""

import json
from pathlib import Path


def load_gpt2(folder):
    config = json.loads((Path(folder) / "config.json").read_text())
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
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
