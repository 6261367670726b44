"""Compiles the operator with torch's tensor expressions, which know it without the dispatcher.

outcome: FAILED
exercise: gelu
says: rule 'gelu'|has no attribute
"""

import torch


def gelu(x):
    text = (
        "graph(%x : Float(7, strides=[1], requires_grad=0, device=cpu)):\n"
        '  %s : str = prim::Constant[value="none"]()\n'
        "  %y : Float(7, strides=[1], requires_grad=0, device=cpu) = aten::gelu(%x, %s)\n"
        "  return (%y)\n"
    )
    kernel = torch._C._te.TensorExprKernel(torch._C.parse_ir(text))
    return kernel.run((x,))
