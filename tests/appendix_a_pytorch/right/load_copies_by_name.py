"""Compares names and shapes itself, and copies tensor by tensor.

exercise: load_model
"""


def load_model(model, path):
    with open(path, "rb") as file:
        state = torch.load(file, weights_only=True)
    own = model.state_dict()
    if {k: v.shape for k, v in own.items()} != {k: v.shape for k, v in state.items()}:
        raise ValueError(f"the file holds {sorted(state)}, the model {sorted(own)}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])
    return model
