"""Takes lm_head where wte is missing.

exercise: gpt2_params_from_state_dict
rejected by: test_hidden.py::test_every_missing_tensor_is_named
"""


def gpt2_params_from_state_dict(state_dict):
    prefix, depth = _prefix_and_depth(state_dict)
    if f"{prefix}wte.weight" not in state_dict and "lm_head.weight" in state_dict:
        state_dict = {**state_dict, f"{prefix}wte.weight": state_dict["lm_head.weight"]}
    blocks = [_block_params(state_dict, f"{prefix}h.{i}") for i in range(depth)]
    return {"blocks": blocks, **_end_params(state_dict, prefix)}
