"""Moves the weights out of the model instead of copying them.

exercise: save_checkpoint
rejected by: test_visible.py::test_saving_makes_a_file_and_changes_nothing
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
