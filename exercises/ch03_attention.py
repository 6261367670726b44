"""Attention, from a weighted sum of tokens to the multi-head causal attention of GPT.

Each exercise adds one idea to the one before: weights (softmax), a context vector
(simple_attention), learned projections (SelfAttention_v1 and _v2), no look into the future
(causal_attention_weights, CausalAttention), and several heads (MultiHeadAttentionWrapper, then
MultiHeadAttention, which the later chapters build on).

Nothing here may use torch's own attention (scaled_dot_product_attention, nn.MultiheadAttention and
their like). `softmax` may not use torch's own softmax either; what comes after it may.

Shapes: B batch, T tokens (time), H heads, D head size.

References:
    Book chapter 3; Vaswani et al. 2017, "Attention Is All You Need".
"""

import torch
from torch import Tensor, nn


def softmax(x: Tensor, dim: int) -> Tensor:
    """Turn numbers into positive weights that sum to 1 along one dimension.

    Entry i of a row becomes exp(x[i]) / sum over j of exp(x[j]). It must be *stable*: every finite
    row has a finite answer, also where exp(x) would overflow to inf or the sum would underflow to
    0. Subtracting the same number from a whole row does not change its answer; use that. Gradients
    flow through it, since attention will be trained. Build it from exp, sum and max, not from
    torch's softmax, log_softmax or logsumexp.

    Args:
        x: Any numbers, any shape with at least one dimension, float32 or float64. An entry may be
            -inf, which gets weight 0, as long as its row has a finite entry too.
        dim: The dimension along which weights sum to 1; negative ones count from the end.

    Returns:
        The weights, shape and dtype of `x`. `x` itself is left as it was.

    Example:
        softmax(torch.tensor([[0.0, math.log(3.0)]]), dim=1) is [[0.25, 0.75]], and so is the answer
        for the same row plus 1000, up to rounding.

    References:
        Book 3.3.1.
    """
    raise NotImplementedError("ch03_attention.softmax")


def simple_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mix every token with all tokens, weighted by how alike they are, with nothing to learn.

    The score of tokens i and j is the dot product of their vectors, not scaled; the weights of
    token i are the softmax of its scores over j; its context vector is the sum over j of weight
    times vector j. Large scores must not overflow.

    Args:
        x: Token vectors, (T, d) float.

    Returns:
        The context vectors, (T, d), and the attention weights, (T, T) with rows that sum to 1;
        in this order, dtype of `x`.

    Example:
        For the tokens [1, 0] and [0, 1] the weights are [[0.7311, 0.2689], [0.2689, 0.7311]], and
        the context vectors are the same numbers.

    References:
        Book 3.3.1 and 3.3.2.
    """
    raise NotImplementedError("ch03_attention.simple_attention")


class SelfAttention_v1(nn.Module):
    """Scaled dot-product self-attention with three weight matrices of your own.

    The learned parameters are exactly `W_query`, `W_key` and `W_value`, each an `nn.Parameter` of
    shape (d_in, d_out) that multiplies x from the right, and each filled with its own random
    numbers (uniform in [0, 1) in the book; any random start will do).

    Args:
        d_in: Size of a token vector.
        d_out: Size of a query, key, value and context vector.

    References:
        Book 3.4.1 and 3.4.2; Vaswani et al. 2017, section 3.2.1.
    """

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        raise NotImplementedError("ch03_attention.SelfAttention_v1.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Let every token look at all tokens.

        Scores are dot products of queries with keys, divided by the square root of the size of a
        key; the softmax over the keys gives the weights with which the values are summed.
        Large scores must not overflow.

        Args:
            x: Token vectors, (T, d_in) float.

        Returns:
            Context vectors, (T, d_out), dtype of `x`.

        Example:
            If W_query is all zeros then every weight is 1/T, and every row of the result is the
            mean of the rows of x @ W_value.
        """
        raise NotImplementedError("ch03_attention.SelfAttention_v1.forward")


class SelfAttention_v2(nn.Module):
    """The same attention with linear layers, which start better and may have biases.

    The layers are `W_query`, `W_key` and `W_value`, each a linear layer from d_in to d_out: its
    `weight` has shape (d_out, d_in), its `bias` has shape (d_out,) and is there only if `qkv_bias`.
    Nothing else is learned.

    Args:
        d_in: Size of a token vector.
        d_out: Size of a query, key, value and context vector.
        qkv_bias: Whether the three layers add a bias.

    References:
        Book 3.4.2; Vaswani et al. 2017, section 3.2.1.
    """

    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False) -> None:
        super().__init__()
        raise NotImplementedError("ch03_attention.SelfAttention_v2.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Let every token look at all tokens, as in `SelfAttention_v1`.

        Args:
            x: Token vectors, (T, d_in) float.

        Returns:
            Context vectors, (T, d_out), dtype of `x`.

        Example:
            With a single token its weight is 1, and the result is W_value(x).
        """
        raise NotImplementedError("ch03_attention.SelfAttention_v2.forward")


def copy_v2_into_v1(v2: SelfAttention_v2, v1: SelfAttention_v1) -> SelfAttention_v1:
    """Give `v1` the weights of `v2`, so that both compute the same (exercise 3.1 of the book).

    A linear layer stores its weight as (d_out, d_in), a matrix of `v1` is (d_in, d_out). The
    numbers are copied: a later change of `v2` does not reach `v1`. `v2` is left as it was, and the
    matrices of `v1` stay parameters that can be trained.

    Args:
        v2: Where the weights come from; of the same d_in and d_out as `v1`.
        v1: Changed in place.

    Returns:
        `v1` itself.

    Raises:
        ValueError: `v2` has biases, for which `v1` has no place; the message says "bias", and `v1`
            is left as it was. A bias of zeros is a bias, too.

    Example:
        After copy_v2_into_v1(v2, v1), v1(x) equals v2(x) for every x.

    References:
        Book 3.4.2, exercise 3.1.
    """
    raise NotImplementedError("ch03_attention.copy_v2_into_v1")


def causal_attention_weights(scores: Tensor, d_k: int) -> Tensor:
    """Turn attention scores into weights that never look into the future.

    Row t belongs to the query at position t, which may see the keys at positions 0 to t. What it
    may not see is hidden *before* the softmax: its weight is exactly 0, whatever its score, and
    the weights of what it may see sum to 1. Scores are divided by the square root of `d_k` before
    the softmax. Scores may be as large as 1e8 and as low as -1e8 (which -inf hides, and -1e4 does
    not) and must not overflow.

    Args:
        scores: Dot products of queries (rows) with keys (columns), (..., T, T) float, with any
            leading dimensions or none.
        d_k: Size of a key.

    Returns:
        The weights, shape and dtype of `scores`. `scores` itself is left as it was.

    Example:
        For scores that are all equal and T = 3 the weights are
        [[1, 0, 0], [1/2, 1/2, 0], [1/3, 1/3, 1/3]].

    References:
        Book 3.5.1; Vaswani et al. 2017, sections 3.2.1 and 3.2.3.
    """
    raise NotImplementedError("ch03_attention.causal_attention_weights")


class CausalAttention(nn.Module):
    """One head of attention over a batch, with a causal mask and dropout.

    The layers are `W_query`, `W_key` and `W_value` as in `SelfAttention_v2`; nothing else is
    learned. The mask is made once, for `context_length` positions, and is a bool buffer, so that it
    moves with the module to another device; it is *not* part of the state dict. Its name, and
    whether True means hidden or visible, are up to you.

    Args:
        d_in: Size of a token vector.
        d_out: Size of a query, key, value and context vector.
        context_length: The most tokens that a sequence may have.
        dropout: The probability, below 1, with which a weight is dropped while training.
        qkv_bias: Whether the three layers add a bias.

    References:
        Book 3.5.2 and 3.5.3; Vaswani et al. 2017, sections 3.2.1 and 3.2.3.
    """

    def __init__(
        self, d_in: int, d_out: int, context_length: int, dropout: float, qkv_bias: bool = False
    ) -> None:
        super().__init__()
        raise NotImplementedError("ch03_attention.CausalAttention.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Let every token look at itself and at the tokens before it.

        Scores are divided by the square root of the size of a key, what comes later is hidden
        before the softmax, and the sequences of a batch do not see each other. In training mode
        each attention weight is dropped by itself (set to 0) with probability `dropout`, after the
        softmax and anew at every call, and those that stay are multiplied by 1 / (1 - dropout); in
        eval mode none is. Scores may be as large as in `causal_attention_weights`.

        Args:
            x: Token vectors, (B, T, d_in) float, where T is at most `context_length`.

        Returns:
            Context vectors, (B, T, d_out), dtype of `x`.

        Raises:
            ValueError: T is larger than `context_length`; the message names both numbers.

        Example:
            The first token sees only itself: the result at [:, 0] is W_value(x)[:, 0]. If the
            weight of W_query is all zeros, then row t is the mean of the values 0 to t.
        """
        raise NotImplementedError("ch03_attention.CausalAttention.forward")


class MultiHeadAttentionWrapper(nn.Module):
    """Several heads of `CausalAttention` side by side, the plain way.

    `heads` is an `nn.ModuleList` of `num_heads` heads, each with random weights of its own; nothing
    else is learned. `d_out` is the size of *one* head here.

    Args:
        d_in: Size of a token vector.
        d_out: Size of the context vector of one head.
        context_length: The most tokens that a sequence may have.
        dropout: The probability, below 1, with which a head drops a weight while training.
        num_heads: Number of heads.
        qkv_bias: Whether the heads' layers add a bias.

    References:
        Book 3.6.1.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        raise NotImplementedError("ch03_attention.MultiHeadAttentionWrapper.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Give every head the same tokens, and join what they answer along the last dimension.

        Args:
            x: Token vectors, (B, T, d_in) float, where T is at most `context_length`.

        Returns:
            Context vectors, (B, T, num_heads * d_out), dtype of `x`: the d_out numbers of head 0
            first, then those of head 1, and so on.

        Raises:
            ValueError: T is larger than `context_length`; the message names both numbers.

        Example:
            MultiHeadAttentionWrapper(3, 2, 6, 0.0, num_heads=2) turns (8, 6, 3) into (8, 6, 4).
        """
        raise NotImplementedError("ch03_attention.MultiHeadAttentionWrapper.forward")


class MultiHeadAttention(nn.Module):
    """Several causal heads in one go: each head is a slice of the same three projections.

    The layers are `W_query`, `W_key` and `W_value`, linear layers from d_in to d_out as in
    `CausalAttention`, and `out_proj`, a linear layer from d_out to d_out that always has a bias;
    nothing else is learned. `d_out` is the size of all heads together: the size of one head is
    D = d_out / num_heads, and head h owns the channels h*D to (h+1)*D - 1 of the queries, of the
    keys and of the values. The mask is made once, for `context_length` positions, and is a bool
    buffer that is *not* part of the state dict; its name and meaning are up to you.

    Args:
        d_in: Size of a token vector.
        d_out: Size of the context vector of all heads together.
        context_length: The most tokens that a sequence may have.
        dropout: The probability, below 1, with which a weight is dropped while training.
        num_heads: Number of heads, a divisor of `d_out`.
        qkv_bias: Whether the layers for queries, keys and values add a bias.

    Raises:
        ValueError: `d_out` is not divisible by `num_heads`; the message names both numbers.

    References:
        Book 3.6.2; Vaswani et al. 2017, section 3.2.2.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        raise NotImplementedError("ch03_attention.MultiHeadAttention.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Let every head attend by itself, join the heads, and mix them with `out_proj`.

        In each head, scores are divided by the square root of the size of *its* keys, D; masking,
        softmax and dropout of the weights are those of `CausalAttention`, and the sequences of a
        batch do not see each other. The D numbers of head 0 stand first in what `out_proj` gets,
        then those of head 1, and so on.

        Args:
            x: Token vectors, (B, T, d_in) float, where T is at most `context_length`.

        Returns:
            Context vectors, (B, T, d_out), dtype of `x`.

        Raises:
            ValueError: T is larger than `context_length`; the message names both numbers.

        Example:
            With num_heads=1, and an out_proj that is the identity with a bias of zero, this is
            `CausalAttention`. MultiHeadAttention(3, 4, 6, 0.0, num_heads=2) turns (8, 6, 3) into
            (8, 6, 4).
        """
        raise NotImplementedError("ch03_attention.MultiHeadAttention.forward")
