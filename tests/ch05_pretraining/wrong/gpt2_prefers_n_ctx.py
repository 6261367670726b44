"""Takes n_ctx where n_positions is there as well.

exercise: load_gpt2
rejected by: test_hidden.py::test_older_files_are_loaded
"""


def _read_config(path):
    config = json.loads(path.read_text())
    cfg = {"drop_rate": 0.0, "qkv_bias": True, "tied": True}
    for key, name in {
        "vocab_size": "vocab_size",
        "context_length": "n_ctx" if "n_ctx" in config else "n_positions",
        "emb_dim": "n_embd",
        "n_heads": "n_head",
        "n_layers": "n_layer",
    }.items():
        if name not in config:
            raise ValueError(f"{path.name} has no {name!r}")
        cfg[key] = config[name]
    return cfg


def load_gpt2(folder):
    cfg = _read_config(Path(folder) / "config.json")
    with SafetensorsFile(Path(folder) / "model.safetensors") as file:
        params = gpt2_params_from_state_dict(file)
        model = GPTModel(cfg)
        load_weights_into_gpt(model, params)
    return model.eval()
