"""Builds rows by repeating lists; the full pattern holds one and the same row T times.

exercise: attention_pattern
"""


def attention_pattern(kind, T):
    full = [[True] * T] * T
    patterns = {
        "encoder": full,
        "cross": full,
        "decoder": [[True] * t + [False] * (T - t) for t in range(1, T + 1)],
    }
    try:
        return patterns[kind]
    except KeyError:
        raise ValueError(f"{kind!r} is not a kind of attention") from None
