"""Lets torch's own schedulers compute the rate.

exercise: learning_rate
rejected by: test_visible.py::test_learning_rate_is_written_from_scratch
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return initial_lr + (peak_lr - initial_lr) * step / warmup_steps
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, total_steps - warmup_steps, min_lr
    )
    for _ in range(step - warmup_steps):
        optimizer.step()
        schedule.step()
    return schedule.get_last_lr()[0]
