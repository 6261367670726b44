"""Transposes v2's state dict and loads it into v1.

exercise: copy_v2_into_v1
"""


def copy_v2_into_v1(v2, v1):
    state = v2.state_dict()
    if extra := [name for name in state if name.endswith(".bias")]:
        raise ValueError(f"v1 has no place for {extra}")
    v1.load_state_dict({name.removesuffix(".weight"): w.T for name, w in state.items()})
    return v1
