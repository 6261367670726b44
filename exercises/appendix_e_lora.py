"""Appendix E: finetuning with LoRA, which trains a small addition to each frozen weight.

A pretrained weight stays as it is. Beside it, two thin matrices A and B are trained, whose product
is added to what the weight does (LoRALayer, LinearWithLoRA). replace_linear_with_lora puts such a
pair beside every linear layer of a model that was frozen before; trainable_parameters counts what
is left to train; merge_lora adds the products to the weights, so that in the end the model is
an ordinary one again, as fast as before.

References:
    Book appendix E; Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models".
"""

import copy
import math

import torch
from torch import Tensor, nn


class LoRALayer(nn.Module):
    """Two thin matrices whose product is a change of a large weight.

    Attributes:
        A: nn.Parameter, (in_dim, rank), starts with random Kaiming numbers (as in the book,
            nn.init.kaiming_uniform_ with a=sqrt(5); any of torch's Kaiming inits will do).
        B: nn.Parameter, (rank, out_dim), starts with zeros, so that at first nothing changes.

    Both are trained; there are no other parameters.

    Args:
        in_dim: Size of the vectors that come in.
        out_dim: Size of the vectors that go out.
        rank: Size of the narrow place between A and B; usually far smaller than both.
        alpha: How much the change counts: it is multiplied by alpha / rank, so that another rank
            needs no other alpha. An int or a float.

    Raises:
        ValueError: `rank` is below 1; the message has the number that came.

    References:
        Book E.4 (which multiplies by alpha alone); Hu et al. 2021, section 4.1 (alpha / rank).
    """

    def __init__(self, in_dim: int, out_dim: int, rank: int, alpha: float) -> None:
        super().__init__()
        raise NotImplementedError("appendix_e_lora.LoRALayer.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Compute (alpha / rank) x A B.

        Args:
            x: Vectors, (..., in_dim) float, any leading dimensions.

        Returns:
            The change, (..., out_dim), dtype of `x`. Zeros, as long as B is zero.

        Example:
            With A = [[1], [2]], B = [[3, 0, 1]] and alpha 2, rank 1, the vector [1, 1] becomes
            2 * [9, 0, 3] = [18, 0, 6].
        """
        raise NotImplementedError("appendix_e_lora.LoRALayer.forward")


class LinearWithLoRA(nn.Module):
    """A linear layer with a LoRALayer beside it.

    Attributes:
        linear: The layer that was given, the very same object: its weight and bias keep their
            values.
        lora: A LoRALayer of the same in and out sizes.

    There are no other parameters.

    Args:
        linear: The layer to adapt, nn.Linear with or without bias.
        rank: Rank of the LoRALayer.
        alpha: Its alpha.

    References:
        Book E.4; Hu et al. 2021, section 4.1.
    """

    def __init__(self, linear: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        raise NotImplementedError("appendix_e_lora.LinearWithLoRA.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Add the change to what the linear layer gives.

        Args:
            x: Vectors, (..., in_features) float, any leading dimensions.

        Returns:
            linear(x) + lora(x), (..., out_features), dtype of `x`.

        Example:
            A new LinearWithLoRA(linear, 4, 8) gives what linear gives, because B is zero.
        """
        raise NotImplementedError("appendix_e_lora.LinearWithLoRA.forward")


def replace_linear_with_lora(model: nn.Module, rank: int, alpha: float) -> None:
    """Adapt every linear layer of a model, at any depth.

    Each nn.Linear within `model` is replaced by a LinearWithLoRA around it, which stands under the
    same name: `out_head.weight` becomes `out_head.linear.weight`, and `out_head.lora.A` and
    `out_head.lora.B` are new, and trainable. No weight changes its value, and so the model computes
    at first what it computed before.

    As in the book, a model is frozen before: after `model.requires_grad_(False)` and this call, the
    As and Bs, and nothing else, are left to train. (Freezing the rest here as well does no harm.)

    Calling it twice does not nest: a LinearWithLoRA that the model holds already stays as it is,
    with what it has learned, and goes on being trained. (Whether an A or a B that was frozen since
    is trained again is up to you.)

    Args:
        model: Any module that holds linear layers (and is not one itself, nor holds one under two
            names), such as GPTModel; also on the meta device. It is changed in place. The new As
            and Bs are made as torch makes every tensor, so move the model to its device, or to
            another dtype, afterwards.
        rank: Rank of all new LoRALayers.
        alpha: Their alpha.

    Example:
        In a frozen 355M GPTModel, replace_linear_with_lora(model, rank=16, alpha=16) leaves
        7,898,384 of 414,110,992 parameters to train: 1.9 %.

    References:
        Book E.4.
    """
    raise NotImplementedError("appendix_e_lora.replace_linear_with_lora")


def merge_lora(model: nn.Module) -> nn.Module:
    """Add what the LoRALayers have learned to the weights, and take the LoRALayers away.

    Each LinearWithLoRA within `model`, at any depth, is replaced by a plain linear layer under the
    same name with the weight W + (alpha / rank) (A B)^T and the bias as it was: the model has the
    parameter names, shapes and dtypes that it had before replace_linear_with_lora, and gives the
    same outputs as with its LoRALayers, up to rounding. Everything else stays as it is: if a weight
    is also used elsewhere, as GPT-2's out_head.weight is in tok_emb, then that other place keeps
    the old values, and the two are no longer shared. A model without LoRALayers is left alone.

    Args:
        model: Any module that holds LinearWithLoRAs (and is not one itself, nor holds one under two
            names); changed in place, in train mode or in eval mode.

    Returns:
        `model` itself.

    Example:
        With weight [[1, 0], [0, 1]], A = [[1], [2]], B = [[3, 4]] and alpha 1, rank 1, the merged
        weight is [[1, 0], [0, 1]] + [[3, 6], [4, 8]] = [[4, 6], [4, 9]].

    References:
        Hu et al. 2021, section 4.1 ("no additional inference latency").
    """
    raise NotImplementedError("appendix_e_lora.merge_lora")


def trainable_parameters(model: nn.Module) -> int:
    """Count the values that training would change.

    Args:
        model: Any module, on any device, also meta.

    Returns:
        The number of values in all parameters whose requires_grad is True, an int; a parameter that
        stands in two places counts once. Buffers are not parameters.

    Example:
        An nn.Linear(3, 4) has 16; after linear.weight.requires_grad = False, it has 4.

    References:
        Book E.4.
    """
    raise NotImplementedError("appendix_e_lora.trainable_parameters")
