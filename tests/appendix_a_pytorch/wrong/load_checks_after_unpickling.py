"""Looks whether everything is a tensor when the file has already been unpickled.

exercise: load_model
rejected by: test_hidden.py::test_loading_never_runs_code
"""


def load_model(model, path):
    state = torch.load(path, weights_only=False)
    if not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError("not a state dict")
    model.load_state_dict(state)
    return model
