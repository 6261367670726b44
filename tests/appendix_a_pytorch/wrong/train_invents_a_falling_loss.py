"""Learns nothing and returns a made-up curve after the true first loss.

exercise: train
rejected by: test_hidden.py::test_training_lowers_the_loss_on_any_seed
"""


def train(model, loader, optimizer, num_epochs):
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            losses.append(F.cross_entropy(model(features), labels).item() * 0.9 ** len(losses))
    return losses
