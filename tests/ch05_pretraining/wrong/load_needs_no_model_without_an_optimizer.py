"""Fills the model only if there is an optimizer too.

exercise: load_checkpoint
rejected by: test_hidden.py::test_a_model_can_be_loaded_alone
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        if optimizer is not None:
            model.load_state_dict(_from_json(parts["model"], file))
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
