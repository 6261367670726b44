"""Adds a hidden layer in front of the new head.

exercise: prepare_for_classification
rejected by: test_hidden.py::test_parameters_of_the_124m_classifier
"""


def prepare_for_classification(model: GPTModel, num_classes: int) -> GPTModel:
    model.requires_grad_(False)
    old = model.out_head.weight  # (V, C)
    model.out_head = nn.Linear(old.shape[1], num_classes)
    model.hidden = nn.Linear(old.shape[1], old.shape[1])
    model.trf_blocks[-1].requires_grad_(True)
    model.final_norm.requires_grad_(True)
    return model
