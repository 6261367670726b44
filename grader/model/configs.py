"""The four sizes of GPT-2, and small ones of the same make for tests.

The parameter count is written here on its own, not taken from a chapter: it is what a subject's
model is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError

END_OF_TEXT = 50256

# What the chapters' GPT-2 takes for granted, in the words of Hugging Face's config.json. Where a
# checkpoint says otherwise its numbers are those of another function.
FIXED: Mapping[str, tuple[Any, ...]] = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
}


@dataclass(frozen=True)
class ModelConfig:
    """The shape of one GPT-2.

    Attributes:
        name: What `--size` calls it; "custom" for any other.
        emb_dim: Width of the model, a multiple of `n_heads`.
        n_layers: Number of transformer blocks.
        n_heads: Heads of each attention.
        vocab_size: Number of tokens.
        context_length: The most tokens that the model sees.
    """

    name: str
    emb_dim: int
    n_layers: int
    n_heads: int
    vocab_size: int = 50257
    context_length: int = 1024

    def __post_init__(self) -> None:
        for field in ("emb_dim", "n_layers", "n_heads", "vocab_size", "context_length"):
            if getattr(self, field) < 1:
                raise UsageError(f"{field} must be at least 1 and is {getattr(self, field)}")
        if self.emb_dim % self.n_heads:
            raise UsageError(f"emb_dim {self.emb_dim} is no multiple of n_heads {self.n_heads}")

    @property
    def parameters(self) -> int:
        """Number of parameters, the output head tied to the token embedding, biases included."""
        c = self.emb_dim
        attention = c * 3 * c + 3 * c + c * c + c
        feed_forward = c * 4 * c + 4 * c + 4 * c * c + c
        norm = 2 * c
        blocks = self.n_layers * (attention + feed_forward + 2 * norm)
        return (self.vocab_size + self.context_length) * c + blocks + norm

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor of a checkpoint by its Hugging Face name, without `transformer.`.

        Projections are stored as (in, out). The order is the one in which weights are drawn and
        written.
        """
        c = self.emb_dim
        shapes: dict[str, tuple[int, ...]] = {
            "wte.weight": (self.vocab_size, c),
            "wpe.weight": (self.context_length, c),
        }
        layers = {
            "ln_1": (c,),
            "attn.c_attn": (c, 3 * c),
            "attn.c_proj": (c, c),
            "ln_2": (c,),
            "mlp.c_fc": (c, 4 * c),
            "mlp.c_proj": (4 * c, c),
        }
        for block in range(self.n_layers):
            for layer, shape in layers.items():
                shapes[f"h.{block}.{layer}.weight"] = shape
                shapes[f"h.{block}.{layer}.bias"] = shape[-1:]
        return shapes | {"ln_f.weight": (c,), "ln_f.bias": (c,)}

    def chapters(self) -> dict[str, Any]:
        """The dict that the chapters' `GPTModel` takes: biases, tied head, no dropout."""
        return {
            "vocab_size": self.vocab_size,
            "context_length": self.context_length,
            "emb_dim": self.emb_dim,
            "n_heads": self.n_heads,
            "n_layers": self.n_layers,
            "drop_rate": 0.0,
            "qkv_bias": True,
            "tied": True,
        }

    def hugging_face(self) -> dict[str, Any]:
        """The content of config.json, as transformers' GPT2Config writes and reads it."""
        end = min(END_OF_TEXT, self.vocab_size - 1)
        return {
            "activation_function": "gelu_new",
            "add_cross_attention": False,
            "architectures": ["GPT2LMHeadModel"],
            "attn_pdrop": 0.1,
            "bos_token_id": end,
            "embd_pdrop": 0.1,
            "eos_token_id": end,
            "initializer_range": 0.02,
            "layer_norm_epsilon": 1e-05,
            "model_type": "gpt2",
            "n_ctx": self.context_length,
            "n_embd": self.emb_dim,
            "n_head": self.n_heads,
            "n_inner": None,
            "n_layer": self.n_layers,
            "n_positions": self.context_length,
            "reorder_and_upcast_attn": False,
            "resid_pdrop": 0.1,
            "scale_attn_by_inverse_layer_idx": False,
            "scale_attn_weights": True,
            "tie_word_embeddings": True,
            "use_cache": True,
            "vocab_size": self.vocab_size,
        }


# Radford et al. 2019, table 2, and OpenAI's released models: width, blocks, heads.
SIZES: Mapping[str, ModelConfig] = {
    "124M": ModelConfig("124M", 768, 12, 12),
    "355M": ModelConfig("355M", 1024, 24, 16),
    "774M": ModelConfig("774M", 1280, 36, 20),
    "1558M": ModelConfig("1558M", 1600, 48, 25),
}


def config_of(size: str) -> ModelConfig:
    """The size of that name.

    Raises:
        UsageError: There is none.
    """
    if size in SIZES:
        return SIZES[size]
    raise UsageError(f"there is no size {size!r}; the sizes are {', '.join(SIZES)}")


def custom(
    *,
    emb_dim: int,
    n_layers: int,
    n_heads: int,
    vocab_size: int = 50257,
    context_length: int = 1024,
) -> ModelConfig:
    """A GPT-2 of any other size, such as the small ones of tests.

    Raises:
        UsageError: A number is below 1, or `emb_dim` is no multiple of `n_heads`.
    """
    return ModelConfig("custom", emb_dim, n_layers, n_heads, vocab_size, context_length)
