"""Goes through the batches of the first epoch in every epoch.

exercise: train
rejected by: test_hidden.py::test_any_model_and_any_loader_will_do
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for features, labels in list(loader) * num_epochs:
        loss = F.cross_entropy(model(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
