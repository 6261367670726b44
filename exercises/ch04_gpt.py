"""Chapter 4: a GPT model, from layer normalisation to text generation.

Bottom-up: the parts (LayerNorm, GELU, FeedForward), why shortcuts matter (DeepNetwork), the
block that joins the parts, the whole model, its size, and greedy generation. In shape comments
B is the batch, T time (positions), C emb_dim, V vocab_size.
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .ch03_attention import MultiHeadAttention

# The four sizes of GPT-2 (Radford et al. 2019): emb_dim, n_layers, n_heads. As in the book,
# qkv_bias is off and out_head has its own weights; OpenAI's checkpoints have a bias and are tied.
GPT2_CONFIGS: dict[str, dict[str, Any]] = {
    size: {
        "vocab_size": 50257,
        "context_length": 1024,
        "emb_dim": emb_dim,
        "n_heads": n_heads,
        "n_layers": n_layers,
        "drop_rate": 0.1,
        "qkv_bias": False,
    }
    for size, emb_dim, n_layers, n_heads in (
        ("124M", 768, 12, 12),
        ("355M", 1024, 24, 16),
        ("774M", 1280, 36, 20),
        ("1558M", 1600, 48, 25),
    )
}


class LayerNorm(nn.Module):
    """Layer normalisation: mean 0 and variance 1 along the last dimension, then scale and shift.

    Attributes:
        scale: Parameter, (emb_dim,), starts as ones.
        shift: Parameter, (emb_dim,), starts as zeros.

    Args:
        emb_dim: Size of the last dimension.

    Example:
        `LayerNorm(4)(torch.tensor([[1.0, 2.0, 3.0, 6.0]]))` is about
        [[-1.0690, -0.5345, 0.0, 1.6036]]: mean 3, biased variance 14 / 4 = 3.5.

    References:
        Book 4.2; Ba et al. 2016, "Layer Normalization".
    """

    def __init__(self, emb_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("ch04_gpt.LayerNorm.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Compute `scale * (x - mean) / sqrt(variance + eps) + shift` for each vector by itself.

        The variance is the biased one (divided by emb_dim, not by emb_dim - 1) and eps is 1e-5,
        under the root: a vector whose values are all equal becomes `shift`, not nan.

        Args:
            x: Vectors, (..., emb_dim) float, any leading dimensions; left unchanged.

        Returns:
            Normalised vectors, shape and dtype of `x`.
        """
        raise NotImplementedError("ch04_gpt.LayerNorm.forward")


class GELU(nn.Module):
    """The activation of GPT-2, in the tanh form with which it was trained. No parameters.

    Example:
        `GELU()(torch.tensor([-1.0, 0.0, 1.0]))` is about [-0.1588, 0.0, 0.8412].

    References:
        Book 4.3; Hendrycks and Gimpel 2016, "Gaussian Error Linear Units (GELUs)".
    """

    def forward(self, x: Tensor) -> Tensor:
        """Compute `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))` for each value.

        Far from zero this is `x` on the right and 0 on the left, never nan: x may be as large as
        +-10,000.

        Args:
            x: Any shape, float; left unchanged.

        Returns:
            Activations, shape and dtype of `x`.
        """
        raise NotImplementedError("ch04_gpt.GELU.forward")


class FeedForward(nn.Module):
    """The small network of a block: widen to four times emb_dim, GELU, narrow again.

    Attributes:
        layers: nn.Sequential of Linear(emb_dim, 4 emb_dim), GELU, Linear(4 emb_dim, emb_dim),
            both with bias: the parameters are layers.0.weight, layers.0.bias, layers.2.weight
            and layers.2.bias.

    Args:
        cfg: Dict with emb_dim; other keys are ignored.

    Example:
        With emb_dim 768 the two layers hold 2 * 4 * 768^2 + 5 * 768 = 4,722,432 parameters.

    References:
        Book 4.3; Vaswani et al. 2017, section 3.3.
    """

    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        raise NotImplementedError("ch04_gpt.FeedForward.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Apply the same network to each position by itself.

        Args:
            x: Vectors, (..., emb_dim) float, any leading dimensions.

        Returns:
            New vectors, (..., emb_dim), dtype of `x`.
        """
        raise NotImplementedError("ch04_gpt.FeedForward.forward")


class DeepNetwork(nn.Module):
    """A stack of Linear and GELU layers, with or without shortcuts around them.

    Attributes:
        layers: nn.ModuleList; layer i is nn.Sequential(Linear(layer_sizes[i],
            layer_sizes[i + 1]), GELU()), so that its parameters are layers.i.0.weight and
            layers.i.0.bias. The last layer has its GELU too.

    Args:
        layer_sizes: At least two sizes, input first: n + 1 sizes make n layers.
        use_shortcut: Whether the input of a layer is added to its output (after the GELU).
            Where the two differ in shape there is nothing to add, and the output stands alone.

    Example:
        `DeepNetwork([3, 3, 3, 1], use_shortcut=True)` has three layers and adds the input back
        around the first two.

    References:
        Book 4.4; He et al. 2016, "Deep Residual Learning for Image Recognition".
    """

    def __init__(self, layer_sizes: Sequence[int], use_shortcut: bool) -> None:
        super().__init__()
        raise NotImplementedError("ch04_gpt.DeepNetwork.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers in order, with shortcuts where asked for and possible.

        Args:
            x: Inputs, (B, layer_sizes[0]) float; left unchanged.

        Returns:
            Outputs, (B, layer_sizes[-1]), dtype of `x`.
        """
        raise NotImplementedError("ch04_gpt.DeepNetwork.forward")


def layer_gradients(model: nn.Module, x: Tensor) -> dict[str, float]:
    """Measure how much gradient reaches each weight: it vanishes early on without shortcuts.

    The loss is the mean squared error between `model(x)` and a target of zeros, averaged over
    all values. Gradients that the model already holds do not count: calling twice gives the same.

    Args:
        model: Any module that takes `x`, such as a DeepNetwork.
        x: Input of the model, float; left unchanged.

    Returns:
        {name of the parameter: mean of the absolute values of its gradient} for every parameter
        whose name ends in "weight" (biases are left out), as floats.

    Example:
        DeepNetwork([1, 1], False) with weight 2 and bias 0 turns [[10.0], [20.0]] into
        [[20.0], [40.0]]; the gradient is the mean of 2 * output * input, and the answer
        {"layers.0.0.weight": 1000.0}.

    References:
        Book 4.4.
    """
    raise NotImplementedError("ch04_gpt.layer_gradients")


class TransformerBlock(nn.Module):
    """One block of GPT-2: attention and feed-forward, each normalised before and added back.

    Attributes:
        att: MultiHeadAttention of chapter 3 (the given import): emb_dim in and out.
        ff: FeedForward.
        norm1: LayerNorm before the attention.
        norm2: LayerNorm before the feed-forward.
        drop_resid: Dropout on the output of each of the two, before it is added back.

    There are no other parameters.

    Args:
        cfg: Dict with emb_dim, context_length, n_heads, qkv_bias and drop_rate; left unchanged.
            It may carry drop_rate_attn (dropout inside att) and drop_rate_shortcut (drop_resid),
            which go before drop_rate, 0.0 included; where both are given, drop_rate may be
            missing (Exercise 4.3).

    Example:
        One block of the 124M model has 7,085,568 parameters: 2,360,064 in att, 4,722,432 in ff
        and 3,072 in the norms.

    References:
        Book 4.5; Radford et al. 2019, section 2.3; Xiong et al. 2020, "On Layer Normalization in
        the Transformer Architecture" (norm before, not after).
    """

    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        raise NotImplementedError("ch04_gpt.TransformerBlock.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Add to each position what attention, then what the feed-forward network finds.

        `h = x + drop_resid(att(norm1(x)))`, and the output is `h + drop_resid(ff(norm2(h)))`.

        Args:
            x: Vectors, (B, T, emb_dim) float, T <= context_length; left unchanged.

        Returns:
            New vectors, (B, T, emb_dim), dtype of `x`; position t depends on positions up to t.
        """
        raise NotImplementedError("ch04_gpt.TransformerBlock.forward")


class GPTModel(nn.Module):
    """GPT-2: embeddings, a stack of transformer blocks, a last norm and the output head.

    Attributes:
        tok_emb: nn.Embedding, weight (vocab_size, emb_dim).
        pos_emb: nn.Embedding, weight (context_length, emb_dim).
        drop_emb: Dropout on the sum of the two.
        trf_blocks: nn.Sequential of n_layers TransformerBlocks, each with its own weights.
        final_norm: LayerNorm after the last block.
        out_head: nn.Linear without bias, weight (vocab_size, emb_dim).

    There are no other parameters. The model can be built on the meta device
    (`with torch.device("meta"): GPTModel(cfg)`), so nothing in it may need a value at that time.

    Args:
        cfg: Dict with vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate and
            qkv_bias; left unchanged. It may carry drop_rate_emb (drop_emb), drop_rate_attn and
            drop_rate_shortcut (in the blocks), which go before drop_rate, 0.0 included; where
            all three are given, drop_rate may be missing (Exercise 4.3). With tied=True
            out_head.weight is tok_emb.weight, one and the same parameter; otherwise each has its
            own.

    Example:
        `GPTModel(GPT2_CONFIGS["124M"])(torch.tensor([[6109, 3626, 6100, 345]]))` has shape
        (1, 4, 50257).

    References:
        Book 4.6 and Exercise 4.3; Radford et al. 2019, section 2.3; Press and Wolf 2017, "Using
        the Output Embedding to Improve Language Models" (tied weights).
    """

    def __init__(self, cfg: dict[str, Any]) -> None:
        super().__init__()
        raise NotImplementedError("ch04_gpt.GPTModel.__init__")

    def forward(self, in_idx: Tensor) -> Tensor:
        """Score, for each position, every token as the next one.

        Args:
            in_idx: Token ids, (B, T) int64, T <= context_length.

        Returns:
            Logits, (B, T, V), dtype of the weights; position t depends on the tokens up to t and on
            no later ones.

        Raises:
            ValueError: T is larger than context_length; the message names both.
        """
        raise NotImplementedError("ch04_gpt.GPTModel.forward")


def count_parameters(model: nn.Module, unique: bool = True) -> int:
    """Count the values in all parameters of a model, frozen ones too; buffers do not count.

    Args:
        model: Any module, on any device; also on the meta device, which has no data to look at.
        unique: Whether parameters that share their memory (such as tied weights, be they one
            parameter under two names or two parameters in one storage) count once. If False,
            they count once for each name. Two parameters in one storage hold the same values,
            never different parts of it, and do not occur on the meta device.

    Returns:
        The number of values, an int.

    Example:
        GPT-2's 124M model has 163,009,536 untied. Tied, it has 124,412,160, and still
        163,009,536 with unique=False.

    References:
        Book 4.6 and Exercise 4.1.
    """
    raise NotImplementedError("ch04_gpt.count_parameters")


def predict_parameters(cfg: dict[str, Any], tied: bool = False) -> int:
    """Compute from `cfg` alone how many parameters `GPTModel(cfg)` has, without building it.

    Args:
        cfg: The dict that GPTModel takes. Only vocab_size, context_length, emb_dim, n_layers,
            qkv_bias and, if there, tied matter.
        tied: Whether out_head shares its weight with tok_emb, which then counts once. The model
            is tied if this argument or `cfg` says so.

    Returns:
        The number of parameters, an exact int. No tensor is made on the way.

    Example:
        For the 124M model 163,009,536; tied 124,412,160; tied and with qkv_bias, as OpenAI's,
        124,439,808.

    References:
        Book 4.6 and Exercises 4.1 and 4.2.
    """
    raise NotImplementedError("ch04_gpt.predict_parameters")


def model_megabytes(model: nn.Module) -> float:
    """Compute the memory that the parameters of a model take, in megabytes of 1024 * 1024 bytes.

    Args:
        model: Any module, on any device, also meta. Each parameter counts with the bytes of its
            own dtype (4 for float32, 2 for bfloat16), shared ones once; buffers do not count.

    Returns:
        Megabytes, a float.

    Example:
        The untied 124M model in float32: 163,009,536 * 4 / 1024^2 = 621.83 (rounded).

    References:
        Book 4.6.
    """
    raise NotImplementedError("ch04_gpt.model_megabytes")


def generate_text_simple(
    model: nn.Module, idx: Tensor, max_new_tokens: int, context_size: int
) -> Tensor:
    """Continue each prompt greedily: append the token with the highest logit, again and again.

    The model runs in eval mode, without a gradient graph, and is called once for each new token.
    Afterwards it is back in the mode, train or eval, in which it was found; all its parts are in
    the same mode. torch's random stream is left alone.

    Args:
        model: Maps token ids (B, T) to logits (B, T, V), such as GPTModel.
        idx: Prompts, (B, T) int64, T >= 1; left unchanged.
        max_new_tokens: How many tokens to append, at least 0; 0 gives the prompts back.
        context_size: The most tokens that the model is shown, at least 1: always the last ones.

    Returns:
        Prompts, each followed by its new tokens, (B, T + max_new_tokens) int64.

    Example:
        If the highest logit is always that of the last id plus one, then
        `generate_text_simple(model, torch.tensor([[3, 7]]), 2, 4)` is [[3, 7, 8, 9]].

    References:
        Book 4.7.
    """
    raise NotImplementedError("ch04_gpt.generate_text_simple")
