"""Does not put torch's random stream back.

exercise: load_checkpoint
rejected by: test_hidden.py::test_the_random_stream_goes_on_where_it_was
"""


def load_checkpoint(path, model, optimizer=None):
    with SafetensorsFile(path) as file:
        parts = json.loads(bytes(file["json"].tolist()))
        model.load_state_dict(_from_json(parts["model"], file))
        if optimizer is not None:
            optimizer.load_state_dict(_from_json(parts["optimizer"], file))
    return parts["step"]
