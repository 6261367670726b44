"""Takes a file that it cannot read for a training that has not begun.

exercise: load_checkpoint
rejected by: test_hidden.py::test_no_code_from_a_file_is_run
"""


def _load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
        torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]


def load_checkpoint(path, model, optimizer=None):
    try:
        return _load_checkpoint(path, model, optimizer)
    except ValueError:
        return 0
