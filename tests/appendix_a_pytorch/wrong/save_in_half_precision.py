"""Halves the file by rounding the weights to bfloat16.

exercise: save_model
rejected by: test_visible.py::test_saved_file_holds_the_state_dict
"""


def save_model(model, path):
    torch.save({name: value.bfloat16() for name, value in model.state_dict().items()}, path)
