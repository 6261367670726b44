"""Drops masks and lm_head from the caller's own state dict.

exercise: gpt2_params_from_state_dict
rejected by: test_hidden.py::test_the_state_dict_stays_as_it_was
"""


def gpt2_params_from_state_dict(state_dict):
    if isinstance(state_dict, dict):
        for name in list(state_dict):
            if name.endswith((".attn.bias", ".masked_bias", "lm_head.weight")):
                del state_dict[name]
    prefix, depth = _prefix_and_depth(state_dict)
    blocks = [_block_params(state_dict, f"{prefix}h.{i}") for i in range(depth)]
    return {"blocks": blocks, **_end_params(state_dict, prefix)}
