"""Computes gradients and never makes a step.

exercise: train
rejected by: test_visible.py::test_training_makes_the_loss_smaller
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            losses.append(loss.item())
    return losses
