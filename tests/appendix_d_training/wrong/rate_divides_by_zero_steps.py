"""Computes the increment of the warm-up before asking whether there is one.

exercise: learning_rate
rejected by: test_hidden.py::test_a_schedule_without_warm_up_or_decay
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    increment = (peak_lr - initial_lr) / warmup_steps
    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
