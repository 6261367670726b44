"""Fills in zeros for a bias that is missing.

exercise: gpt2_params_from_state_dict
rejected by: test_hidden.py::test_every_missing_tensor_is_named
"""

import re


def gpt2_params_from_state_dict(state_dict):
    prefix = "transformer." if any(n.startswith("transformer.") for n in state_dict) else ""

    def get(name):
        if prefix + name not in state_dict:
            if name.endswith(".bias") and name.replace(".bias", ".weight") in state_dict:
                return state_dict[name.replace(".bias", ".weight")].new_zeros(())
            raise ValueError(f"{prefix + name} is missing")
        return state_dict[prefix + name]

    numbers = {int(m[1]) for n in state_dict if (m := re.match(prefix + r"h\.(\d+)\.", n))}
    blocks = []
    for i in range(max(numbers, default=-1) + 1):
        block = {"attn": {}, "mlp": {}}
        for part, layer in (
            ("attn", "c_attn"),
            ("attn", "c_proj"),
            ("mlp", "c_fc"),
            ("mlp", "c_proj"),
        ):
            name = f"h.{i}.{part}.{layer}"
            block[part][layer] = {"w": get(name + ".weight"), "b": get(name + ".bias")}
        for norm in "ln_1", "ln_2":
            block[norm] = {"g": get(f"h.{i}.{norm}.weight"), "b": get(f"h.{i}.{norm}.bias")}
        blocks.append(block)
    return {
        "blocks": blocks,
        "wte": get("wte.weight"),
        "wpe": get("wpe.weight"),
        "g": get("ln_f.weight"),
        "b": get("ln_f.bias"),
    }
