"""Seeds the random stream again instead of leaving it where it was.

exercise: compute_accuracy
rejected by: test_hidden.py::test_the_random_stream_is_as_it_was
"""


def compute_accuracy(model, dataloader):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for features, labels in dataloader:
            correct += int((model(features).argmax(dim=1) == labels).sum())
            total += len(labels)
    torch.manual_seed(torch.initial_seed())
    for module, training in modes:
        module.training = training
    return correct / total if total else math.nan
