"""Interpolates with weights, and clamps the progress instead of asking.

exercise: learning_rate
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step < min(warmup_steps, total_steps):
        share = step / warmup_steps
        return (1 - share) * initial_lr + share * peak_lr
    progress = (
        min(1.0, (step - warmup_steps) / max(1, total_steps - warmup_steps))
        if step < total_steps
        else 1.0
    )
    return min_lr + (peak_lr - min_lr) * math.cos(math.pi * progress / 2) ** 2
