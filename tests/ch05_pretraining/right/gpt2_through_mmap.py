"""Maps the file into memory and lets torch.frombuffer look at it there; needs neither helper.

exercise: load_gpt2
"""

import json
import math
import mmap
from pathlib import Path

import torch


def _mapped_tensors(path):
    with open(path, "rb") as file:
        try:
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except ValueError:
            raise ValueError(f"{path} is empty") from None
    start = 8 + int.from_bytes(memory[:8], "little")
    if start > len(memory):
        raise ValueError(f"{path} has no header")
    try:
        header = json.loads(memory[8:start])
    except ValueError:
        raise ValueError(f"{path} has no readable header") from None
    header.pop("__metadata__", None)
    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    tensors = {}
    for name, entry in header.items():
        kind, count = kinds.get(entry["dtype"]), math.prod(entry["shape"])
        if kind is None:
            continue
        place = start + entry["data_offsets"][0]
        if place + count * kind.itemsize > len(memory):
            raise ValueError(f"{path} ends within {name}")
        values = torch.frombuffer(memory, dtype=kind, count=count, offset=place)
        tensors[name] = values.view(entry["shape"])
    return tensors


def load_gpt2(folder):
    folder = Path(folder)
    with (folder / "config.json").open("rb") as file:
        config = json.load(file)
    try:
        gpt = GPTModel(
            dict(
                vocab_size=config["vocab_size"],
                context_length=config["n_positions" if "n_positions" in config else "n_ctx"],
                emb_dim=config["n_embd"],
                n_heads=config["n_head"],
                n_layers=config["n_layer"],
                drop_rate=0.0,
                qkv_bias=True,
                tied=True,
            )
        )
    except KeyError as error:
        raise ValueError(f"config.json has no {error.args[0]}") from None
    tensors = _mapped_tensors(folder / "model.safetensors")
    load_weights_into_gpt(gpt, gpt2_params_from_state_dict(tensors))
    gpt.train(False)
    return gpt
