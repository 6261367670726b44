"""Reads the file and never puts its numbers into the model.

exercise: load_model
rejected by: test_visible.py::test_loaded_model_has_the_saved_weights
"""


def load_model(model, path):
    state = torch.load(path, weights_only=True)
    if set(state) != set(model.state_dict()):
        raise ValueError("other names")
    return model
