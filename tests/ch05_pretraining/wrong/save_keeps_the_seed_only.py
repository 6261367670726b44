"""Saves the seed in place of the state: the random stream starts again from its beginning.

exercise: save_checkpoint, load_checkpoint
rejected by: test_hidden.py::test_the_random_stream_goes_on_where_it_was
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.initial_seed()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.manual_seed(parts["random"])
    return parts["step"]
