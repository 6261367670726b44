"""Never sets the gradients back, so that each step adds all earlier ones.

exercise: train
rejected by: test_visible.py::test_train_gives_the_loss_of_every_step
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
