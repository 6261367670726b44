"""Takes vocabulary and context from the file, so that a config that says otherwise goes unnoticed.

exercise: load_gpt2
rejected by: test_visible.py::test_tensors_that_do_not_fit_the_config_are_refused
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
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        params = gpt2_params_from_state_dict(file)
    cfg["vocab_size"], cfg["context_length"] = len(params["wte"]), len(params["wpe"])
    gpt = GPTModel(cfg)
    load_weights_into_gpt(gpt, params)
    return gpt.eval()
