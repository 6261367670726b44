"""Adds up the state dict, with its buffers.

exercise: model_megabytes
rejected by: test_hidden.py::test_megabytes_of_parameters_alone
"""

from torch import nn


def model_megabytes(model: nn.Module) -> float:
    values = list(model.state_dict().values())
    by_place = {(v.untyped_storage()._cdata, v.storage_offset()): v for v in values}
    return sum(v.numel() * v.element_size() for v in by_place.values()) / 1024**2
