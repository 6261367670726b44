"""Has no warm-up: starts at the peak.

exercise: learning_rate
rejected by: test_hidden.py::test_the_135_steps_of_the_book
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step >= total_steps:
        return min_lr
    step = max(step, warmup_steps)
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
