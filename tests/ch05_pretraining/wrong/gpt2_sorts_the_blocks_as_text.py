"""Goes through the names of the file in their order, in which block 10 comes before block 2.

exercise: load_gpt2
rejected by: test_hidden.py::test_a_dozen_blocks_are_loaded_in_order
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
        order = sorted(range(len(params["blocks"])), key=str)
        params["blocks"] = [params["blocks"][i] for i in order]
        load_weights_into_gpt(gpt, params)
    return gpt.eval()
