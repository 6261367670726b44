"""Saves the weights in bfloat16 to save space.

exercise: save_checkpoint
rejected by: test_hidden.py::test_a_checkpoint_does_not_follow_the_model
"""


def save_checkpoint(path, model, optimizer, step):
    tensors = {}
    parts = {
        "model": {n: t.bfloat16() for n, t in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
        "step": step,
    }
    parts["random"] = torch.get_rng_state()
    text = json.dumps({name: _to_json(part, name, tensors) for name, part in parts.items()})
    tensors["json"] = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    write_safetensors(path, tensors)
