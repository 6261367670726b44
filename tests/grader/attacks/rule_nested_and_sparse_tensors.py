"""Calls the operator on nested, jagged, sparse and complex tensors and other types.

outcome: FAILED
exercise: gelu
says: rule 'gelu'|did not return within
"""

import torch


def gelu(x):
    call = torch.nn.functional.gelu
    for attempt in (
        lambda: call(torch.nested.nested_tensor([x])).unbind()[0],
        lambda: call(torch.nested.nested_tensor([x], layout=torch.jagged)).values(),
        lambda: call(x.to_sparse()).to_dense(),
        lambda: call(x.to(torch.complex64)).real,
        lambda: call(x.double()).float(),
        lambda: call(x.bfloat16()).float(),
        lambda: call(torch.nn.Parameter(x)).detach(),
        lambda: call(x.to("meta")),
    ):
        for mode in (torch.enable_grad, torch.no_grad, torch.inference_mode):
            try:
                with mode():
                    return attempt().clone()
            except (RuntimeError, NotImplementedError, ValueError) as error:
                last = error if "rule" in str(error) else globals().get("last")
    raise RuntimeError("rule 'gelu' everywhere")
