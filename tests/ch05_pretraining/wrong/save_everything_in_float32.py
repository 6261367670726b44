"""Saves every tensor of the model as float32: large counters lose their last digits.

exercise: save_checkpoint
rejected by: test_hidden.py::test_what_is_saved_comes_back
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {
        "model": {n: t.float() for n, t in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "step": step,
    }
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
