"""Calls load_state_dict with strict=False on names that do not match: no weight is loaded, and
nothing is said.

exercise: load_gpt2
rejected by: test_visible.py::test_a_small_gpt2_answers_as_it_should
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
        gpt.load_state_dict(dict(file), strict=False)
    return gpt.eval()
