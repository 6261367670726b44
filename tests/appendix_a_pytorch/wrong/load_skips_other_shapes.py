"""Loads what fits and silently leaves the rest.

exercise: load_model
rejected by: test_hidden.py::test_names_and_shapes_must_be_those_of_the_model
"""


def load_model(model, path):
    state = model.state_dict()
    for name, value in torch.load(path, weights_only=True).items():
        if name in state and state[name].shape == value.shape:
            state[name].copy_(value)
    return model
