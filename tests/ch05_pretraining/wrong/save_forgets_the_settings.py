"""Saves the optimizer's state without its settings, such as the learning rate.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_resuming_equals_not_having_stopped
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict()["state"],
        "step": step,
    }
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(
                {**optimizer.state_dict(), "state": _from_json(parts["optimizer"], file)}
            )
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
