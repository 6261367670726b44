"""Lists the shape of every weight and bias, and adds their products up.

exercise: predict_parameters
"""

import math


def predict_parameters(cfg, tied=False):
    V, N, C, L = (cfg[k] for k in ("vocab_size", "context_length", "emb_dim", "n_layers"))
    block = [(C, C)] * 4 + [(C,)] * (4 if cfg["qkv_bias"] else 1)
    block += [(4 * C, C), (4 * C,), (C, 4 * C), (C,)] + [(C,)] * 4
    outside = [(V, C), (N, C), (C,), (C,)]
    if not (tied or cfg.get("tied")):
        outside.append((C, V))
    return L * sum(map(math.prod, block)) + sum(map(math.prod, outside))
