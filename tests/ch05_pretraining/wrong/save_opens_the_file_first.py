"""Opens the file before it has collected what to write: if that fails, the old checkpoint is gone.

exercise: save_checkpoint
rejected by: test_hidden.py::test_a_checkpoint_is_replaced_whole
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    Path(path).write_bytes(b"")
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
