"""Leaves a file alone that is there already.

exercise: save_checkpoint
rejected by: test_hidden.py::test_a_checkpoint_is_replaced_whole
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    if Path(path).exists():
        return
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
