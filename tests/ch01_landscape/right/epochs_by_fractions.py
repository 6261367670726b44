"""Computes with exact fractions and converts at the end.

exercise: dataset_epochs
"""

from fractions import Fraction


def dataset_epochs(dataset_tokens, share, trained_tokens):
    if dataset_tokens <= 0:
        raise ValueError(f"a data set of {dataset_tokens} tokens")
    if share < 0 or share > 1:
        raise ValueError(f"{share} is no share")
    return float(Fraction(share) * Fraction(trained_tokens) / Fraction(dataset_tokens))
