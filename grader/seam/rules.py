"""From scratch, below any Python name: close the operators that an exercise may not use.

The dispatcher's kernels for those operators are replaced, for every overload and every dispatch
key that applies, by one that raises and names the rule; so are the bodies of the Python
composites. However the subject reaches them (an alias, `torch.ops`, `torch._C._nn`, jit, vmap),
it meets the rule. Called in the worker, before the subject loads.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, NoReturn

import torch

KEYS = (
    "CPU",
    "AutogradCPU",
    "Autograd",
    "CompositeImplicitAutograd",
    "CompositeExplicitAutograd",
    "Meta",
    "FuncTorchBatched",
)
REWRITES = ("torch._refs", "torch._decomp")


def message(name: str, says: str) -> str:
    """What the learner reads when a rule stops a call."""
    return f"rule {name!r}: {says}"


def close(rules: Sequence[dict[str, Any]]) -> None:
    """Close the operators, composites and modules of these rules.

    Args:
        rules: Each with `text` (the message), `operators`, `composites` and `modules`.
    """
    names = torch._C._dispatch_get_all_op_names() if rules else []
    for rule in rules:
        wanted = set(rule["operators"])
        found = [n for n in names if n.startswith("aten::") and _base(n) in wanted]
        _close_operators(found, rule["text"])
        for dotted in rule["composites"]:
            _close_composite(dotted, rule["text"])
        _close_rewrites(wanted, rule["text"])
        for module in rule["modules"]:
            sys.modules[module] = None  # type: ignore[assignment]


def _base(name: str) -> str:
    """`gelu` of `aten::gelu.out`."""
    return name.removeprefix("aten::").partition(".")[0]


def _refusal(text: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(text)

    return refuse


def _close_operators(names: Sequence[str], text: str) -> None:
    refuse = _refusal(text)
    for key in KEYS:
        library = torch._C._dispatch_library("IMPL", "aten", key, "", 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # overriding is what we are here for
            for name in names:
                library.impl(name.removeprefix("aten::"), key, refuse)
        # The registration ends with its object: keep it alive where no Python name reaches it.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


def _close_composite(dotted: str, text: str) -> None:
    module, _, name = dotted.rpartition(".")
    try:
        target = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):  # this torch does not have it
        return
    if isinstance(target, type):
        refuse = _refusal(text)
        target.__init__ = refuse  # type: ignore[misc]
        target.forward = refuse  # type: ignore[attr-defined]
    elif isinstance(target, FunctionType):
        _gut(target, text)


def _close_rewrites(operators: set[str], text: str) -> None:
    """Close the Python bodies of the operators, which torch holds for its compilers."""
    for name in REWRITES:
        importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if module is not None and name.startswith(REWRITES):
            for member, function in list(vars(module).items()):
                if member in operators and callable(function):
                    _gut(function, text)
    for overload, function in torch._decomp.decomposition_table.items():
        if _base(overload.name()) in operators:
            _gut(function, text)


def _gut(function: Any, text: str) -> None:
    """Replace the code object, not the name: every alias of the function is this function."""
    while function is not None:
        if isinstance(function, FunctionType):
            free = "".join(f"{name} = " for name in function.__code__.co_freevars)
            source = f"""
def make():
    {free}None
    def refuse(*args, **kwargs):
        ({", ".join(function.__code__.co_freevars)})
        raise RuntimeError({text!r})
    return refuse
"""
            space: dict[str, Any] = {}
            exec(source, space)  # noqa: S102 - a text of ours, compiled to be put in place
            function.__code__ = space["make"]().__code__
            function.__defaults__ = function.__kwdefaults__ = None
        function = getattr(function, "__wrapped__", None)
