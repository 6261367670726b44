"""Warns, and logs through a logger with its own handlers."""

import logging
import warnings

import torch

logging.basicConfig(level=logging.DEBUG)
log = logging.getLogger(__name__)


def double(x):
    warnings.warn("careful", DeprecationWarning, stacklevel=2)
    log.debug("double %s", x)
    return x + x


def quadruple(x):
    warnings.simplefilter("error")
    try:
        warnings.warn("caught")
    except UserWarning:
        log.exception("as expected")
    return 4 * x


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / 2**0.5))
