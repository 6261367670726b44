"""Saves a list of tensors without their names.

exercise: save_model
rejected by: test_visible.py::test_saved_file_holds_the_state_dict
"""


def save_model(model, path):
    torch.save(list(model.state_dict().values()), path)
