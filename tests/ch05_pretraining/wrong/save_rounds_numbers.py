"""Writes numbers with six digits: the learning rate comes back slightly different.

exercise: save_checkpoint
rejected by: test_hidden.py::test_what_is_saved_comes_back
"""


def _to_json(value, name, tensors):
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"dict": [[k, _to_json(v, f"{name}.{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        items = [_to_json(v, f"{name}.{i}", tensors) for i, v in enumerate(value)]
        return {type(value).__name__: items}
    return float(f"{value:.6g}") if isinstance(value, float) else value


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
