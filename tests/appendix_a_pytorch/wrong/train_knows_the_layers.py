"""Calls the layers by the book's name instead of the model.

exercise: train
rejected by: test_hidden.py::test_any_model_and_any_loader_will_do
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(nn.Sequential(*model.layers)(features.float()).relu(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
