"""Renames params into a state dict, cuts c_attn by a reshape, and lets load_state_dict copy.

exercise: load_weights_into_gpt
"""

import torch


def load_weights_into_gpt(gpt, params):
    blocks = params["blocks"]
    if len(blocks) != len(gpt.trf_blocks):
        raise ValueError(f"{len(blocks)} blocks for a model of {len(gpt.trf_blocks)}")
    state = {"tok_emb.weight": params["wte"], "out_head.weight": params["wte"]}
    state |= {"pos_emb.weight": params["wpe"]}
    state |= {"final_norm.scale": params["g"], "final_norm.shift": params["b"]}
    names = {"tok_emb.weight": "wte", "out_head.weight": "wte", "pos_emb.weight": "wpe"}
    for i, block in enumerate(blocks):
        here = f"trf_blocks.{i}."
        w = torch.as_tensor(block["attn"]["c_attn"]["w"])
        b = torch.as_tensor(block["attn"]["c_attn"]["b"])
        if w.ndim != 2 or w.shape[1] != 3 * w.shape[0] or b.shape != w.shape[1:]:
            raise ValueError(f"c_attn has shapes {tuple(w.shape)} and {tuple(b.shape)}")
        layers = ("W_query", "W_key", "W_value")
        for layer, weight, bias in zip(layers, w.T.reshape(3, -1, len(w)), b.reshape(3, -1)):
            state[f"{here}att.{layer}.weight"], state[f"{here}att.{layer}.bias"] = weight, bias
            names[f"{here}att.{layer}.weight"] = "c_attn"
        for target, part, name in (
            ("att.out_proj", "attn", "c_proj"),
            ("ff.layers.0", "mlp", "c_fc"),
            ("ff.layers.2", "mlp", "c_proj"),
        ):
            state[f"{here}{target}.weight"] = torch.as_tensor(block[part][name]["w"]).mT
            state[f"{here}{target}.bias"] = block[part][name]["b"]
            names[f"{here}{target}.weight"] = names[f"{here}{target}.bias"] = name
        for target, name in ("norm1", "ln_1"), ("norm2", "ln_2"):
            state[f"{here}{target}.scale"] = block[name]["g"]
            state[f"{here}{target}.shift"] = block[name]["b"]
            names[f"{here}{target}.scale"] = names[f"{here}{target}.shift"] = name
    state = {key: torch.as_tensor(value) for key, value in state.items()}
    have = dict(gpt.named_parameters(remove_duplicate=False))
    if lost := sorted(state.keys() - have.keys()):
        raise ValueError(f"the model has no {lost[0]}: was it built without bias?")
    for key, value in state.items():
        if have[key].shape != value.shape:
            shapes = f"{tuple(have[key].shape)} and {tuple(value.shape)}"
            raise ValueError(f"{names.get(key, key)} ({key}): {shapes}")
    gpt.load_state_dict(state, strict=False)
