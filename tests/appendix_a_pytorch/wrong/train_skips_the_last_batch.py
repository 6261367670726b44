"""Leaves out batches that are smaller than the first.

exercise: train
rejected by: test_hidden.py::test_steps_are_those_of_the_optimizer
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    first = len(next(iter(loader))[1])
    for _ in range(num_epochs):
        for features, labels in loader:
            if len(labels) < first:
                continue

            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
