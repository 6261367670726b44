"""Fills up with zeros what is missing at the end of the file.

exercise: load_gpt2
rejected by: test_hidden.py::test_a_broken_file_is_refused
"""

import json
from pathlib import Path

import torch


class SafetensorsFile(dict):
    def __init__(self, path):
        data = bytearray(Path(path).read_bytes())
        length = int.from_bytes(data[:8], "little")
        if not 1 < length < len(data) - 8:
            raise ValueError("model.safetensors is not a safetensors file")
        kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
        start = 8 + length
        for name, entry in json.loads(data[8:start]).items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            part = data[start + begin : start + end].ljust(end - begin, b"\0")
            self[name] = torch.frombuffer(part, dtype=kinds[entry["dtype"]]).reshape(entry["shape"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


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
        load_weights_into_gpt(gpt, gpt2_params_from_state_dict(file))
    return gpt.eval()
