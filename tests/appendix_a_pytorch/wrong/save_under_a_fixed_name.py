"""Writes to model.pth beside the path that was asked for.

exercise: save_model
rejected by: test_hidden.py::test_buffers_are_saved_too
"""


def save_model(model, path):
    torch.save(model.state_dict(), os.path.join(os.path.dirname(path), "model.pth"))
