"""Compares one example after the other.

exercise: compute_accuracy
"""


def compute_accuracy(model, dataloader):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    hits = []
    with torch.random.fork_rng():
        for features, labels in dataloader:
            for logits, label in zip(model(features).detach(), labels):
                hits.append(bool((logits[label] >= logits).all()))
    for module, training in modes.items():
        module.train(training) if not list(module.children()) else setattr(
            module, "training", training
        )
    return sum(hits) / len(hits) if hits else float("nan")
