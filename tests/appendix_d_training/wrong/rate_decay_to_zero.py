"""Decays to zero instead of min_lr.

exercise: learning_rate
rejected by: test_hidden.py::test_decay_is_that_of_torch
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return peak_lr * 0.5 * (1 + math.cos(math.pi * progress))
