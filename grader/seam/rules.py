"""From scratch, below any Python name: close the operators that an exercise may not use.

The dispatcher's kernels for those operators are replaced, for every overload and every dispatch
key that applies, by one that raises and names the rule; so are the bodies of the Python
composites. However the subject reaches them (an alias, `torch.ops`, `torch._C._nn`, jit, vmap),
it meets the rule. The files from which those bodies could be read and run again are concealed from
the sandbox. Called in the nursery of an exercise's workers, before any of them is forked.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import glob
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import re
import sys
import sysconfig
import warnings
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import torch

from . import sandbox

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
# Python bodies of an operator's work under another name: closed with the operator.
_FLEX, _LOSS = "torch._higher_order_ops.flex_attention", "torch.distributed.tensor.parallel.loss"
NEIGHBOURS = {
    "native_layer_norm": ("torch._refs._normalize",),
    "native_batch_norm": ("torch._decomp.decompositions.native_batch_norm_helper",),
    "scaled_dot_product_attention": (
        *(f"{_FLEX}.{name}" for name in ("math_attention", "_math_attention_inner", "sdpa_dense")),
        "torch.onnx.ops._impl.attention_23",
    ),
    "_log_softmax": (f"{_LOSS}._log_softmax",),
    "nll_loss_forward": (f"{_LOSS}._nll_loss_forward",),
}
# Answers of torch's own tests: of that folder, a worker may read what torch imports from it.
ANSWERS = "torch.testing._internal"
# What torch imports later from these folders; derivatives, for all that has to do with a rule.
IMPORTED_LATER = {
    ANSWERS: ("__init__.py", "common_dtype.py", "logging_tensor.py", "distributed"),
    "torch._decomp": ("decompositions_for_jvp.py", "decompositions_for_rng.py"),
}
PATTERNS = "torch._inductor.fx_passes.fuse_attention"  # attention in thirty forms
READY_MADE = ("transformers",)  # installed for the tests' oracles, and the work of most rules
# What finds machine code by name: with it, a kernel is called without the dispatcher.
NATIVE = ("ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function")

_closed: dict[str, str] = {}  # module -> the message of the rule that closes it
_sources: dict[str, str] = {}  # file -> what may be seen of it
# The first line that a body does not reach, or a text in it, whose lines may begin anywhere.
_FOLLOWING = re.compile(r"\n(?=[^\s#)])|\"{3}|'{3}")


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
    concealed = set(_folder(ANSWERS)) if rules else set()
    for rule in rules:
        wanted, text = set(rule["operators"]), rule["text"]
        both = wanted | {f"{name}_" for name in wanted}  # `gelu` and, in place, `gelu_`
        found = [n for n in names if n.startswith("aten::") and _base(n) in both]
        if wanted:
            found += fused
            fused = []  # closed once, by the first rule
            _close_runtimes(text)
        _close_operators(found, text)
        beside = [name for operator in wanted for name in NEIGHBOURS.get(operator, ())]
        for dotted in (*rule["composites"], *beside):
            concealed.update(_with_compiled(_file(_close_composite(dotted, text))))
        if wanted:
            _close_rewrites(wanted, text)
            concealed.update(path for name in REWRITES for path in _folder(name))
        for module in (*rule["modules"], *READY_MADE):
            sys.modules[module] = None  # type: ignore[assignment]
            _closed.setdefault(module, text)
            concealed.update(_installed(module))
        if "scaled_dot_product_attention" in wanted:
            sys.modules[PATTERNS] = None  # type: ignore[assignment]
    _publish()
    sandbox.conceal(concealed)


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


def _close_composite(dotted: str, text: str) -> str:
    """Close one class or function of torch; the name of the module that its source is in."""
    name, _, member = dotted.rpartition(".")
    if name not in sys.modules and _file(name):
        _cut_at_import(name, member, text)
        return name
    try:
        target = getattr(importlib.import_module(name), member)
    except (ImportError, AttributeError):  # this torch does not have it
        return ""
    home: str = getattr(target, "__module__", None) or name
    if isinstance(target, type):
        _cut_source(sys.modules.get(home), member, text)
        for each in list(vars(target).values()):  # a method works on other objects too
            if isinstance(each, staticmethod | classmethod | property):
                each = each.fget if isinstance(each, property) else each.__func__
            _gut(each, text)
        refuse = _refusal(text)
        target.__init__ = refuse  # type: ignore[misc]
        target.forward = refuse  # type: ignore[attr-defined]
    elif isinstance(target, FunctionType):
        _cut_source(sys.modules.get(home), member, text)
        _gut(target, text)
    return home


def _close_rewrites(operators: set[str], text: str) -> None:
    """Close the Python bodies of the operators, which torch holds for its compilers."""
    for name in REWRITES:
        importlib.import_module(name)
    for name, module in list(sys.modules.items()):
        if module is not None and name.startswith(REWRITES):
            for member, function in list(vars(module).items()):
                if member in operators and callable(function):
                    _gut(function, text)
    path = torch._decomp.decompositions.__file__
    source = _sources.get(path) or _read(path)  # forward-mode derivatives compile some of it
    closed = set(operators)
    for overload, function in torch._decomp.decomposition_table.items():
        if _base(overload.name()) in operators:
            _gut(function, text)
            closed.add(getattr(function, "__name__", ""))
    for member in closed & set(re.findall(r"^def (\w+)\(", source, re.MULTILINE)):
        source = _cut(source, member, text)
    _sources[path] = source


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


# Files: what a closed body says may not be read, cut out and run under another name


def _place(module: str) -> str:
    return os.path.join(os.path.dirname(torch.__file__), *module.split(".")[1:])


def _folder(module: str) -> list[str]:
    """What lies in the folder of a module of torch, but for what torch imports from it later."""
    place, kept = _place(module), IMPORTED_LATER.get(module, ())
    return [os.path.join(place, name) for name in os.listdir(place) if name not in kept]


def _file(module: str) -> str:
    """The file of a module of torch; empty if there is none."""
    found = [f"{_place(module)}.py", os.path.join(_place(module), "__init__.py")]
    found = [path for path in found if os.path.isfile(path)]
    return found[0] if module.startswith("torch.") and found else ""


def _with_compiled(path: str) -> list[str]:
    """A file, and what is compiled of it and of its neighbours, which is not needed."""
    return [path, os.path.join(os.path.dirname(path), "__pycache__")] if path else []


def _installed(package: str) -> list[str]:
    """Where a package lies, in every folder of packages that a worker can read."""
    found = [os.path.join(site, name) for site in _sites() for name in (package, f"{package}.py")]
    return [path for path in found if os.path.exists(path)]


@functools.cache
def _sites() -> frozenset[str]:
    pattern = os.path.join("lib", "python3*", "*-packages")
    roots = {sys.base_prefix, sys.prefix, "/usr", "/usr/local"}
    found = {folder for root in roots for folder in glob.glob(os.path.join(root, pattern))}
    found |= {path for path in (*sys.path, sysconfig.get_paths()["purelib"]) if "-packages" in path}
    return frozenset(found)


def _cut_source(module: ModuleType | None, member: str, text: str) -> None:
    """Keep a module's source, which is concealed, for those who ask `inspect`; but without this."""
    path = getattr(module, "__file__", None)
    if path and not module.__name__.startswith("torch._refs"):  # type: ignore[union-attr]
        _sources[path] = _cut(_sources.get(path) or _read(path), member, text)


def _publish() -> None:
    """Give `linecache` what is left of the sources."""
    for path, source in _sources.items():
        # Without a time of change, linecache never looks at the file again.
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _cut(source: str, member: str, text: str) -> str:
    """The source of a module in which the body of a function or a class is only a refusal.

    It is known by its shape: torch's sources are formatted, and every body is on lines of its own.
    """
    for head in (f"\ndef {member}(", f"\nclass {member}(", f"\nclass {member}:"):
        start = source.find(head)
        while start >= 0:
            # To the end of the signature: one line, or one that begins with the closing bracket.
            first = source.index("\n", start + 1)
            while source[first - 1] != ":":
                first = source.index("\n", source.index("\n)", first) + 1)
            end = _end_of_body(source, first)
            refusal = f"raise RuntimeError({text!r})"
            if head.startswith("\nclass"):
                refusal = f"def __init__(self, *args, **kwargs): {refusal}"
            blank = "\n" * (source.count("\n", first, end) - 1)
            source = f"{source[:first]}\n    {refusal}{blank}{source[end:]}"
            start = source.find(head, first)
    return source


def _end_of_body(source: str, start: int) -> int:
    while found := _FOLLOWING.search(source, start):
        if found[0] == "\n":
            return found.start()
        start = source.index(found[0], found.end()) + len(found[0])
    return len(source)


class _Cut(importlib.abc.SourceLoader):
    """Loads a module of torch from what is left of its source."""

    def get_filename(self, fullname: str) -> str:
        return _file(fullname)

    def get_data(self, path: str | bytes) -> bytes:
        if str(path) not in _sources:
            raise OSError(f"{path!r} is concealed")
        return _sources[str(path)].encode()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules that nobody had imported when they were cut."""

    def __init__(self) -> None:
        self.modules: set[str] = set()

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.modules:
            return None
        return importlib.util.spec_from_file_location(fullname, _file(fullname), loader=_Cut())


_finder = _Finder()


def _cut_at_import(name: str, member: str, text: str) -> None:
    """Cut a function out of a module that is not imported yet, and need not be for this."""
    path = _file(name)
    _sources[path] = _cut(_sources.get(path) or _read(path), member, text)
    _finder.modules.add(name)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
