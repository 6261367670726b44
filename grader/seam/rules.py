"""From scratch, below any Python name: close the operators that an exercise may not use.

The dispatcher's kernels for those operators are replaced, for every overload and every dispatch
key that applies, by one that raises and names the rule; so are the bodies of the Python
composites. However the subject reaches them (an alias, `torch.ops`, `torch._C._nn`, jit, vmap),
it meets the rule. Called in the worker, before the subject loads.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, NoReturn

import torch

# A closed operator is closed under these keys and under every other one for which it has a kernel.
KEYS = (
    "CPU",
    "AutogradCPU",
    "Autograd",
    "CompositeImplicitAutograd",
    "CompositeExplicitAutograd",
    "Meta",
    "FuncTorchBatched",
)
# Where a tensor of another kind is sent below autograd; the first is no member of DispatchKey.
KINDS = ("MkldnnCPU", "QuantizedCPU", "NestedTensorCPU", "SparseCPU", "SparseCsrCPU")
# Devices that a worker does not have, of which the dispatcher has dozens of keys.
ELSEWHERE = (
    *("CUDA", "HIP", "XLA", "MPS", "IPU", "XPU", "HPU", "VE", "Lazy", "MTIA", "MAIA"),
    *("PrivateUse", "Vulkan", "Metal", "FPGA", "OpenCL"),
)
# Whole libraries of fused operators (`mkldnn::_linear_pointwise` does a GELU): nobody who builds
# something from scratch needs one of theirs.
FUSED = ("mkldnn", "onednn", "quantized", "_quantized", "static_runtime")
# What runs a graph without asking the dispatcher: the static runtime and tensor expressions.
RUNTIMES = (
    *("_jit_to_static_module", "_fuse_to_static_module", "_te", "_jit_pass_fuse_tensorexprs"),
    *("_jit_override_can_fuse_on_cpu", "_jit_set_te_must_use_llvm_cpu"),
)
REWRITES = ("torch._refs", "torch._decomp")
READY_MADE = ("transformers",)  # installed for the tests' oracles, and the work of most rules
# What finds machine code by name: with it, a kernel is called without the dispatcher.
NATIVE = ("ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function")

_closed: dict[str, str] = {}  # module -> the message of the rule that closes it


def message(name: str, says: str) -> str:
    """What the learner reads when a rule stops a call."""
    return f"rule {name!r}: {says}"


def close(rules: Sequence[dict[str, Any]]) -> None:
    """Close the operators, composites and modules of these rules.

    Args:
        rules: Each with `text` (the message), `operators`, `composites` and `modules`.
    """
    names = torch._C._dispatch_get_all_op_names() if rules else []
    fused = [name for name in names if name.partition("::")[0] in FUSED]
    for rule in rules:
        wanted = set(rule["operators"])
        both = wanted | {f"{name}_" for name in wanted}  # `gelu` and, in place, `gelu_`
        found = [n for n in names if n.startswith("aten::") and _base(n) in both]
        if wanted:
            found += fused
            fused = []  # closed once, by the first rule
            _close_runtimes(rule["text"])
        _close_operators(found, rule["text"])
        for dotted in rule["composites"]:
            _close_composite(dotted, rule["text"])
        _close_rewrites(wanted, rule["text"])
        for module in (*rule["modules"], *(READY_MADE if wanted else ())):
            sys.modules[module] = None  # type: ignore[assignment]
            _closed.setdefault(module, rule["text"])


def guard() -> None:
    """Hold the rules for modules and for machine code; called in a worker before it loads.

    An audit hook cannot be removed. This one has no name, no variable and no place among the
    collector's objects by which the subject could change it; what it refuses are constants of it.
    Whoever carries machine code along, or an address, still gets past it: see SECURITY.md.
    """
    if not _closed:
        return
    text = next(iter(_closed.values()))
    source = f"""
def hook(event, arguments):
    if event in {NATIVE!r}:
        raise PermissionError({f"{text} (native code by name is not allowed here)"!r})
    if event == "import" and arguments[0].partition(".")[0] in {tuple(_closed)!r}:
        raise ImportError({text!r})
"""
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102 - a text of ours
    hook = space.pop("hook")
    ctypes.pythonapi.PyObject_GC_UnTrack(ctypes.py_object(hook))
    sys.addaudithook(hook)


def _base(name: str) -> str:
    """`gelu` of `aten::gelu.out`."""
    return name.removeprefix("aten::").partition(".")[0]


def _refusal(text: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RuntimeError(text)

    return refuse


def _close_operators(names: Sequence[str], text: str) -> None:
    refuse = _refusal(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overriding is what we are here for
        for key, of_key in _by_key(names).items():
            libraries: dict[str, Any] = {}
            for name in of_key:
                space, _, rest = name.partition("::")
                if space not in libraries:
                    libraries[space] = torch._C._dispatch_library("IMPL", space, key, "", 0)
                libraries[space].impl(rest, key, refuse)
            for library in libraries.values():
                # A registration ends with its object: keep it where no Python name reaches it.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


def _by_key(names: Sequence[str]) -> dict[str, list[str]]:
    """The operators to close under each key of the dispatcher."""
    own = [name for name in names if name.startswith("aten::")]
    found = {key: list(own) for key in (*KEYS, *KINDS)}
    for key in torch._C.DispatchKey.__members__:
        if any(device in key for device in ELSEWHERE):
            continue
        with contextlib.suppress(RuntimeError):  # a mark between keys, which is none
            there = [n for n in names if torch._C._dispatch_has_kernel_for_dispatch_key(n, key)]
            if there:
                found[key] = list(dict.fromkeys([*found.get(key, ()), *there]))
    return found


def _close_runtimes(text: str) -> None:
    refuse = _refusal(text)
    kernel = getattr(getattr(torch._C, "_te", None), "TensorExprKernel", None)
    if kernel is not None:
        kernel.__init__ = kernel.run = kernel.fallback = refuse
    for name in RUNTIMES:
        if hasattr(torch._C, name):
            delattr(torch._C, name)
        sys.modules.pop(f"torch._C.{name}", None)


def _close_composite(dotted: str, text: str) -> None:
    module, _, name = dotted.rpartition(".")
    try:
        target = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):  # this torch does not have it
        return
    if isinstance(target, type):
        for member in list(vars(target).values()):  # a method works on other objects too
            if isinstance(member, staticmethod | classmethod | property):
                member = member.fget if isinstance(member, property) else member.__func__
            _gut(member, text)
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
