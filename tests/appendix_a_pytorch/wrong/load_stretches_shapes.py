"""Copies each tensor, which stretches one that is too small.

exercise: load_model
rejected by: test_hidden.py::test_names_and_shapes_must_be_those_of_the_model
"""


def load_model(model, path):
    state, own = torch.load(path, weights_only=True), model.state_dict()
    if own.keys() != state.keys():
        raise RuntimeError("other names")
    for name, tensor in own.items():
        tensor.copy_(state[name])
    return model
