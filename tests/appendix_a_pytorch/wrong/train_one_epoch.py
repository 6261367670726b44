"""Goes through the loader once, whatever num_epochs says.

exercise: train
rejected by: test_visible.py::test_train_gives_the_loss_of_every_step
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(1):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
