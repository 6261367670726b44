"""Keeps learning while it counts.

exercise: compute_accuracy
rejected by: test_hidden.py::test_accuracy_of_a_real_network
"""


def compute_accuracy(model, dataloader):
    modes = [(m, m.training) for m in model.modules()]
    state = torch.get_rng_state()
    model.eval()
    correct = total = 0
    for features, labels in dataloader:
        logits = model(features)
        correct += int((logits.argmax(dim=1) == labels).sum())
        total += len(labels)
        if logits.requires_grad:
            for p, g in zip(
                model.parameters(),
                torch.autograd.grad(F.cross_entropy(logits, labels), list(model.parameters())),
            ):
                p.data -= 0.001 * g
    torch.set_rng_state(state)
    for module, training in modes:
        module.training = training
    return correct / total
