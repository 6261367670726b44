"""Adds nbytes up by storage, and shifts the binary point.

exercise: model_megabytes
"""

import math


def model_megabytes(model):
    sizes = {p.untyped_storage()._cdata: p.nbytes for p in model.parameters()}
    return math.ldexp(sum(sizes.values()), -20)
