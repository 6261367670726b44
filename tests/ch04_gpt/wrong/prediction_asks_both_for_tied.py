"""Is tied only if both the argument and cfg say so.

exercise: predict_parameters
rejected by: test_hidden.py::test_prediction_is_tied_if_either_says_so
"""

from typing import Any


def predict_parameters(cfg: dict[str, Any], tied: bool = False) -> int:
    V, C = cfg["vocab_size"], cfg["emb_dim"]
    embeddings = (V + cfg["context_length"]) * C
    attention = 4 * C * C + C + (3 * C if cfg["qkv_bias"] else 0)
    feed_forward = 8 * C * C + 5 * C
    norm = 2 * C
    head = 0 if tied and cfg.get("tied", False) else V * C
    return embeddings + cfg["n_layers"] * (attention + feed_forward + 2 * norm) + norm + head
