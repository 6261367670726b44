"""Does not switch to train mode.

exercise: train
rejected by: test_hidden.py::test_the_model_is_trained_in_train_mode
"""


def train(model, loader, optimizer, num_epochs):
    losses = []
    for _ in range(num_epochs):
        for features, labels in loader:
            loss = F.cross_entropy(model(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
