"""Leaves the loaded parameters frozen.

exercise: load_model
rejected by: test_hidden.py::test_any_model_can_be_loaded
"""


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.requires_grad_(False)
