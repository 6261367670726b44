"""Switches to train mode, also for a model that is only to be used.

exercise: load_checkpoint
rejected by: test_hidden.py::test_a_model_can_be_loaded_alone
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    model.train()
    return parts["step"]
