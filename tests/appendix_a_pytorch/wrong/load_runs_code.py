"""Reads the file with weights_only=False: the file may run any function.

exercise: load_model
rejected by: test_hidden.py::test_loading_never_runs_code
"""


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=False))
    return model
