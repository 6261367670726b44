"""Leaves the model in eval mode.

exercise: save_model
rejected by: test_hidden.py::test_a_file_is_overwritten_and_keeps_what_it_got
"""


def save_model(model, path):
    torch.save(model.eval().state_dict(), path)
