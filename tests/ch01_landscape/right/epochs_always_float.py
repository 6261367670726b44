"""Divides before it multiplies, and makes a float of everything.

exercise: dataset_epochs
"""


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if not dataset_tokens > 0 or min(share, 1 - share) < 0:
        raise ValueError(f"dataset_tokens={dataset_tokens!r}, share={share!r}")
    return float(trained_tokens) / float(dataset_tokens) * float(share)
