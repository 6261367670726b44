"""Gives the optimizer a closure.

exercise: train
"""


def train(model, loader, optimizer, num_epochs):
    model.train()
    losses = []
    criterion = nn.CrossEntropyLoss()

    def step(features, labels):
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(features), labels)
            loss.backward()
            return loss

        return optimizer.step(closure).item()

    for _ in range(num_epochs):
        losses.extend(step(*batch) for batch in loader)
    return losses
