"""Writes dicts as JSON objects, whose keys are text: the optimizer's state is found under "0"
instead of 0.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_what_is_saved_comes_back
"""


def _to_json(value, name, tensors):
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {k: _to_json(v, f"{name}.{k}", tensors) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]
    return value


def _from_json(value, tensors):
    if isinstance(value, list):
        return [_from_json(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["tensor"]:
        return tensors[value["tensor"]]
    return {k: _from_json(v, tensors) for k, v in value.items()}


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
