"""Loads the first n_layer blocks and ignores that the file has more.

exercise: load_gpt2
rejected by: test_hidden.py::test_config_and_file_must_agree
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
        params = gpt2_params_from_state_dict(file)
        params["blocks"] = params["blocks"][: config["n_layer"]]
        load_weights_into_gpt(gpt, params)
    return gpt.eval()
