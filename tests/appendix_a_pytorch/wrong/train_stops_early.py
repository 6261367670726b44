"""Stops as soon as the loss goes up.

exercise: train
rejected by: test_hidden.py::test_steps_are_those_of_the_optimizer
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            if losses and loss.item() > losses[-1]:
                return losses
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
