"""Does not fill the optimizer: it starts anew, with its own settings.

exercise: load_checkpoint
rejected by: test_hidden.py::test_resuming_equals_not_having_stopped
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
