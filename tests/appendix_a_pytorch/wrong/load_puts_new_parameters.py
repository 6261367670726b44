"""Puts the tensors of the file in the place of the parameters.

exercise: load_model
rejected by: test_hidden.py::test_names_and_shapes_must_be_those_of_the_model
"""


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=True), assign=True)
    return model
