"""Counts step warmup_steps among the warm-up, and divides by one more.

exercise: learning_rate
rejected by: test_hidden.py::test_rate_of_any_step_of_any_schedule
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step >= total_steps:
        return min_lr
    if step <= warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / (warmup_steps + 1)
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
