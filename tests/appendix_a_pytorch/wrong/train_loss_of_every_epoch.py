"""Returns the mean loss of each epoch instead of the loss of each step.

exercise: train
rejected by: test_visible.py::test_train_gives_the_loss_of_every_step
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        epoch = []
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch.append(loss.item())
        losses.append(sum(epoch) / len(epoch))
    return losses
