"""Draws with a generator of torch's and thins out in one pass; the rows are copies.

exercise: create_balanced_dataset
"""


def create_balanced_dataset(rows, seed=123):
    generator = torch.Generator().manual_seed(seed % 2**63)
    is_spam = torch.tensor([row["label"] == "spam" for row in rows])
    count = min(is_spam.sum().item(), (~is_spam).sum().item())
    draw = torch.rand(len(rows), generator=generator, dtype=torch.float64)
    keep = torch.zeros(len(rows), dtype=torch.bool)
    for label in (is_spam, ~is_spam):
        keep[torch.where(label, draw, 2.0).argsort()[:count]] = True
    return [dict(rows[i]) for i in keep.nonzero().flatten().tolist()]
