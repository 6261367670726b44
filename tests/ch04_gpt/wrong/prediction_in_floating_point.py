"""Computes in floating point, which is no longer exact for large numbers.

exercise: predict_parameters
rejected by: test_hidden.py::test_prediction_builds_nothing
"""

from typing import Any


def predict_parameters(cfg: dict[str, Any], tied: bool = False) -> int:
    V, C = float(cfg["vocab_size"]), float(cfg["emb_dim"])
    embeddings = (V + cfg["context_length"]) * C
    attention = 4 * C * C + C + (3 * C if cfg["qkv_bias"] else 0)
    feed_forward = 8 * C * C + 5 * C
    norm = 2 * C
    head = 0 if tied or cfg.get("tied", False) else V * C
    return int(embeddings + cfg["n_layers"] * (attention + feed_forward + 2 * norm) + norm + head)
