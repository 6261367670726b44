"""Applies softmax before cross_entropy, which applies it once more.

exercise: train
rejected by: test_hidden.py::test_steps_are_those_of_the_optimizer
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(torch.softmax(model(features), dim=1), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
