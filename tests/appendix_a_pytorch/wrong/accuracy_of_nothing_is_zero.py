"""Gives 0.0 where there is no example.

exercise: compute_accuracy
rejected by: test_hidden.py::test_accuracy_of_a_real_network
"""


def compute_accuracy(model, dataloader):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    correct = total = 0
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for features, labels in dataloader:
            correct += int((model(features).argmax(dim=1) == labels).sum())
            total += len(labels)
    for module, training in modes:
        module.training = training
    return correct / max(total, 1)
