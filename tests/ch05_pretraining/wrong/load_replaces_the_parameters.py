"""Puts new tensors into the model: tied weights come apart, and the optimizer updates the old
ones.

exercise: load_checkpoint
rejected by: test_hidden.py::test_resuming_equals_not_having_stopped
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file), assign=True)
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
