"""Walks through the names once and builds the nested dict as it goes, then looks for holes.

exercise: gpt2_params_from_state_dict
"""

KEYS = {"c_attn": "wb", "c_proj": "wb", "c_fc": "wb", "ln_1": "gb", "ln_2": "gb"}
PATHS = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj", "ln_1", "ln_2")


def gpt2_params_from_state_dict(state_dict):
    blocks, ends = {}, {}
    for full, tensor in state_dict.items():
        *path, kind = full.removeprefix("transformer.").split(".")
        if path and path[0] == "h" and ".".join(path[2:]) in PATHS:
            spot = blocks.setdefault(int(path[1]), {})
            for key in path[2:]:
                spot = spot.setdefault(key, {})
            spot[KEYS[path[-1]][kind == "bias"]] = tensor
        elif path in (["wte"], ["wpe"]):
            ends[path[0]] = tensor
        elif path == ["ln_f"]:
            ends["b" if kind == "bias" else "g"] = tensor
    for i in range(max(blocks, default=-1) + 1):
        for path in PATHS:
            spot = blocks.get(i, {})
            for key in path.split("."):
                spot = spot.get(key, {})
            for key, kind in zip(KEYS[key], ("weight", "bias")):
                if key not in spot:
                    raise ValueError(f"no h.{i}.{path}.{kind} in the checkpoint")
    for key, name in {"wte": "wte.weight", "wpe": "wpe.weight", "g": "ln_f.weight"}.items():
        if key not in ends:
            raise ValueError(f"no {name} in the checkpoint")
    if "b" not in ends:
        raise ValueError("no ln_f.bias in the checkpoint")
    return {**ends, "blocks": [blocks[i] for i in sorted(blocks)]}
