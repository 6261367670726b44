"""Takes min_lr as a floor under the warm-up too.

exercise: learning_rate
rejected by: test_hidden.py::test_rate_of_any_step_of_any_schedule
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return max(min_lr, initial_lr + (peak_lr - initial_lr) * step / warmup_steps)
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
