"""Appendix D: what makes training steadier. Warm-up, cosine decay and gradient clipping.

The learning rate of each step (learning_rate), the largest gradient (find_highest_gradient), what
keeps gradients small (clip_gradients), and the training loop that uses them (train_model). In
shape comments B is the batch, T time (positions), V vocab_size.
"""

import contextlib
import logging
import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from .ch04_gpt import generate_text_simple
from .ch05_pretraining import calc_loss_loader, text_to_token_ids, token_ids_to_text

logger = logging.getLogger(__name__)


def learning_rate(
    step: int,
    warmup_steps: int,
    total_steps: int,
    initial_lr: float,
    peak_lr: float,
    min_lr: float,
) -> float:
    """Give the learning rate of one step: a linear warm-up, then half a cosine down.

    The first `warmup_steps` steps climb in equal increments from initial_lr, at step 0, towards
    peak_lr, which step `warmup_steps` has. From there on the rate follows

        min_lr + (peak_lr - min_lr) * (1 + cos(pi * progress)) / 2,

    where progress grows evenly from 0, at step `warmup_steps`, to 1, at step `total_steps`. From
    `total_steps` on the rate is min_lr.

    Args:
        step: The number of the step, from 0.
        warmup_steps: Steps of the warm-up. With 0 there is none: step 0 has peak_lr.
        total_steps: Steps of the whole training, the warm-up among them.
        initial_lr: Rate of step 0, if there is a warm-up.
        peak_lr: The highest rate.
        min_lr: The rate at the end.

    Returns:
        The rate, a float.

    Example:
        With warmup_steps=2, total_steps=6, initial_lr=0.1, peak_lr=0.5 and min_lr=0.1 the steps
        0 to 6 have 0.1, 0.3, 0.5, 0.4414, 0.3, 0.1586 and 0.1.

    References:
        Book D.1 and D.2; Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm
        Restarts". Do not use torch.optim.lr_scheduler.
    """
    raise NotImplementedError("appendix_d_training.learning_rate")


def find_highest_gradient(model: nn.Module) -> float | None:
    """Find the largest gradient among all parameters of a model: the largest absolute value.

    Args:
        model: Any module, of which some parameters may have no gradient (`.grad` is None). Left
            unchanged, and its gradients too.

    Returns:
        The largest absolute value, a float; None if no parameter has a gradient.

    Example:
        With the gradients [[1.0, -7.0], [3.0, 0.5]] and [2.0, 4.0] it is 7.0.

    References:
        Book D.3, where the sign is not dropped.
    """
    raise NotImplementedError("appendix_d_training.find_highest_gradient")


def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients down together so that their norm is at most `max_norm`.

    The norm is that of all gradients as one long vector: the root of the sum of all squares. If it
    is above `max_norm`, every gradient is multiplied by the same number, max_norm / norm, which
    keeps their direction. Otherwise nothing changes.

    Args:
        parameters: The parameters, such as `model.parameters()`, which can be gone through only
            once. Those without a gradient are passed over; the `.grad` of the others is changed in
            place or replaced.
        max_norm: The largest norm allowed, above 0.

    Returns:
        The norm before clipping, a float; 0.0 if there is no gradient.

    Example:
        The gradient [[1.0, 2.0], [2.0, 4.0]] has norm 5.0. With max_norm=1.0 it becomes
        [[0.2, 0.4], [0.4, 0.8]]; with max_norm=5.0 it stays. Both calls return 5.0.

    References:
        Book D.3; Pascanu et al. 2013, "On the difficulty of training recurrent neural networks".
        Do not use torch's clip_grad_norm_ or get_total_norm.
    """
    raise NotImplementedError("appendix_d_training.clip_gradients")


def train_model(
    model: nn.Module,
    train_loader: DataLoader,
    val_loader: DataLoader,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str,
    n_epochs: int,
    eval_freq: int,
    eval_iter: int,
    start_context: str,
    tokenizer: Any,
    warmup_steps: int,
    initial_lr: float = 3e-05,
    min_lr: float = 1e-6,
) -> tuple[list[float], list[float], list[int], list[float]]:
    """Train a language model with warm-up, cosine decay and gradient clipping.

    Each batch makes one step, numbered from 0 through all epochs. Before the step, every group of
    the optimizer gets the rate that `learning_rate` gives for it: the peak is the rate with which
    the optimizer comes (that of its first group), the total is the number of batches in all epochs.
    The loss is the cross-entropy of the logits and the targets, averaged over the tokens of the
    batch; the model is trained in train mode. Once the warm-up is over, that is from step
    `warmup_steps` on, gradients are clipped to a norm of 1.0 before the optimizer uses them.

    After step 0 and every `eval_freq` steps from there on, the model is evaluated. After each epoch
    it continues `start_context`, and the text is shown in any way you like (logged, for example).
    Both happen in eval mode and change nothing: not the weights, not the mode, not torch's random
    stream, from which a loop over a DataLoader draws.

    Args:
        model: A GPTModel: gives logits (B, T, V) for ids (B, T), and its `pos_emb` has a row for
            each position that it can take. On `device`; changed in place.
        train_loader: Batches (inputs, targets), both (B, T) int64; B may differ from batch to
            batch.
        val_loader: The same, not trained on.
        optimizer: Holds the model's parameters. Its rate is changed.
        device: Where batches are moved to.
        n_epochs: How often train_loader is gone through.
        eval_freq: Steps from one evaluation to the next.
        eval_iter: An evaluation looks at the first so many batches of each loader, or at all if
            there are fewer, and averages over their tokens.
        start_context: The beginning of a text, at least one token; may have more tokens than the
            model can take, which then sees the last ones.
        tokenizer: Has `encode(text, allowed_special=...)`, which gives a list of ids, and
            `decode(ids)`, which gives the text.
        warmup_steps: Steps of the warm-up; may be 0.
        initial_lr: Rate of step 0, if there is a warm-up.
        min_lr: The rate at which the decay aims.

    Returns:
        Four lists: the losses on the training set and those on the validation set, one float for
        each evaluation; the number of tokens (of the inputs) trained on by then, one int for each
        evaluation; and the learning rates, one float for each step.

    Example:
        With 3 batches of 2 times 4 tokens, n_epochs=2 and eval_freq=4, evaluations follow steps 0
        and 4: the third list is [8, 40], and the fourth has 6 rates.

    References:
        Book D.4.
    """
    raise NotImplementedError("appendix_d_training.train_model")
