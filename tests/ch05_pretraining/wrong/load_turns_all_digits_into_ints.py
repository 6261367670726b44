"""Turns every key of digits into an int, also the names of weights.

exercise: load_checkpoint
rejected by: test_hidden.py::test_a_model_can_be_loaded_alone
"""


def _whole(value, tensors):
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {int(k) if str(k).isdigit() else k: _whole(v, tensors) for k, v in content}
    return [_whole(v, tensors) for v in content]


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        if "json" not in file:
            raise ValueError("no checkpoint")
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_whole(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_whole(parts["optimizer"], file))
        torch.set_rng_state(_whole(parts["random"], file))
    return parts["step"]
