"""Computes in float64 tensors, and returns a float.

exercise: learning_rate
"""


def learning_rate(step, warmup_steps, total_steps, initial_lr, peak_lr, min_lr):
    rates = torch.cat(
        [
            torch.linspace(initial_lr, peak_lr, warmup_steps + 1, dtype=torch.float64)[:-1],
            min_lr
            + (peak_lr - min_lr)
            * 0.5
            * (
                1
                + torch.linspace(
                    0, math.pi, max(0, total_steps - warmup_steps) + 1, dtype=torch.float64
                ).cos()
            )[:-1],
        ]
    )
    return rates[step].item() if step < min(total_steps, len(rates)) else float(min_lr)
