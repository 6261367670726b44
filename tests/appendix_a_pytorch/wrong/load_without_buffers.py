"""Loads the parameters and forgets the buffers.

exercise: load_model
rejected by: test_hidden.py::test_buffers_are_loaded_too
"""


def load_model(model, path):
    state = torch.load(path, weights_only=True)
    if set(state) != set(model.state_dict()):
        raise ValueError("other names")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.shape != state[name].shape:
                raise ValueError("other shapes")
            parameter.copy_(state[name])
    return model
