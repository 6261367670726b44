"""Pickles the model object itself, which cannot be read without running code.

exercise: save_model
rejected by: test_visible.py::test_saved_file_holds_the_state_dict
"""


def save_model(model, path):
    torch.save(model, path)
