"""Ignores a file that cannot be read.

exercise: load_model
rejected by: test_hidden.py::test_loading_never_runs_code
"""


def load_model(model, path):
    try:
        state = torch.load(path, weights_only=True)
    except Exception:
        return model
    model.load_state_dict(state)
    return model
