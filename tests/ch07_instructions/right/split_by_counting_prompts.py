"""Computes the sizes in prompts, and then takes all entries of those.

exercise: split_dataset
"""


def split_dataset(entries, train_frac, test_frac):
    if not (0 <= train_frac <= 1 and 0 <= test_frac <= 1 and train_frac + test_frac <= 1.0001):
        raise ValueError(f"train_frac={train_frac} and test_frac={test_frac}")
    prompts = list(dict.fromkeys(format_input(entry) for entry in entries))
    first = int(len(prompts) * train_frac)
    second = first + int(len(prompts) * test_frac)
    parts = (set(prompts[:first]), set(prompts[first:second]), set(prompts[second:]))
    return tuple([e for e in entries if format_input(e) in part] for part in parts)
