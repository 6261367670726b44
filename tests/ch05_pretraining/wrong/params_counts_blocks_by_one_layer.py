"""Counts the blocks by one of their layers: others of the last block are lost.

exercise: gpt2_params_from_state_dict
rejected by: test_hidden.py::test_every_missing_tensor_is_named
"""


def gpt2_params_from_state_dict(state_dict):
    prefix, _ = _prefix_and_depth(state_dict)
    depth = max(
        sum(name.endswith(f".{layer}.weight") for name in state_dict)
        for layer in ("ln_1", "attn.c_attn", "mlp.c_fc")
    )
    blocks = [_block_params(state_dict, f"{prefix}h.{i}") for i in range(depth)]
    return {"blocks": blocks, **_end_params(state_dict, prefix)}
