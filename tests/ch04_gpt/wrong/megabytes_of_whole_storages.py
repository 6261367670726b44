"""Adds up whole storages, also where a parameter is a part of one.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_parameters_alone
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    stores = {p.untyped_storage()._cdata: p for p in model.parameters()}
    return sum(p.untyped_storage().nbytes() for p in stores.values()) / 1024**2
