"""Returns nothing.

exercise: load_model
rejected by: test_visible.py::test_loaded_model_has_the_saved_weights
"""


def load_model(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
