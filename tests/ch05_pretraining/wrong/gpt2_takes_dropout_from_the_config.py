"""Takes the dropout from the config, where the model is meant to come without.

exercise: load_gpt2
rejected by: test_hidden.py::test_the_model_is_in_eval_mode
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
        "drop_rate": config.get("resid_pdrop", 0.0),
        "qkv_bias": True,
        "tied": True,
    }
    gpt = GPTModel(cfg)
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
