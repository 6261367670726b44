"""Takes the logarithms itself and leaves the picking, masking and averaging to nll_loss.

exercise: cross_entropy
rejected by: test_visible.py::test_cross_entropy_is_written_from_scratch
"""


def cross_entropy(logits, targets, ignore_index=-100):
    logs = logits.flatten(0, -2).log_softmax(-1)
    return nn.functional.nll_loss(logs, targets.flatten(), ignore_index=ignore_index)
