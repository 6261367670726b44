"""Returns tensors instead of floats, and keeps every graph alive with them.

exercise: train
rejected by: test_hidden.py::test_any_model_and_any_loader_will_do
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss)
    return losses
