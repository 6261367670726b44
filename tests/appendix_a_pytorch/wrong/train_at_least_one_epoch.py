"""Goes through the loader once even if num_epochs is 0.

exercise: train
rejected by: test_hidden.py::test_no_epoch_means_no_step
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(max(1, num_epochs)):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
