"""Shuffles the prompts, always in the same way, and hands them out from the end; gives copies.

exercise: split_dataset
"""

import random


def split_dataset(entries, train_frac, test_frac):
    if train_frac < 0 or test_frac < 0 or 1 - train_frac - test_frac < -1e-6:
        raise ValueError(f"impossible: {train_frac} + {test_frac}")
    prompts = sorted({(entry["instruction"], entry["input"]) for entry in entries})
    random.Random(7).shuffle(prompts)
    parts = []
    for size in (int(len(entries) * train_frac), int(len(entries) * test_frac)):
        part = []
        while len(part) < size and prompts:
            prompt = prompts.pop()
            part += [dict(e) for e in entries if (e["instruction"], e["input"]) == prompt]
        parts.append(part)
    rest = [dict(e) for e in entries if (e["instruction"], e["input"]) in prompts]
    return [*parts, rest]
