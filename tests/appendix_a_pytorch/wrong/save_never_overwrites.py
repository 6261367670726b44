"""Keeps a file that is there.

exercise: save_model
rejected by: test_hidden.py::test_a_file_is_overwritten_and_keeps_what_it_got
"""


def save_model(model, path):
    if not os.path.exists(path):
        torch.save(model.state_dict(), path)
