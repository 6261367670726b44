"""Lets the cosine rise again after the last step.

exercise: learning_rate
rejected by: test_visible.py::test_warm_up_peak_and_decay
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
