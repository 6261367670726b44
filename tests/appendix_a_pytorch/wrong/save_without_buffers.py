"""Saves the parameters and forgets the buffers.

exercise: save_model
rejected by: test_hidden.py::test_buffers_are_saved_too
"""


def save_model(model, path):
    torch.save({name: p.detach() for name, p in model.named_parameters()}, path)
