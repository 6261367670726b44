"""Saves the step as a float32, which has no room for 2**24 + 1.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_what_is_saved_comes_back
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    parts["random"] = torch.get_rng_state()
    parts["step"] = torch.tensor(float(step))
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        if "json" not in file:
            raise ValueError("no checkpoint")
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
        step = _from_json(parts["step"], file)
    return int(step)
