"""Leaves the random stream alone if there is no optimizer.

exercise: load_checkpoint
rejected by: test_hidden.py::test_the_random_stream_goes_on_where_it_was
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        if "json" not in file:
            raise ValueError("no checkpoint")
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
            torch.set_rng_state(_from_json(parts["random"], file))
    return parts["step"]
