"""Ignores names that are missing or too many.

exercise: load_model
rejected by: test_hidden.py::test_names_and_shapes_must_be_those_of_the_model
"""


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=True), strict=False)
    return model
