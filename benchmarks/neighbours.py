"""What in torch does the work of a from-scratch rule, found by trying it.

Claim: with a rule closed, no single operator of torch and no function of its Python modules gives
what the rule forbids. Every operator's every overload, and every function of the modules named
below, is called with random inputs; what comes is compared with what the rule forbids, up to a
factor, a shift, and one exp, log or sigmoid. What is found either belongs into course.toml or is
listed here with the reason why it may stay.

With OPEN=1 in the environment the rule stays open, which shows that the search finds what it must.

Run: python benchmarks/neighbours.py [RULE ...]   (about two minutes a rule)
"""

import contextlib
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import select
import signal
import sys
import time
from pathlib import Path

import torch

from grader.course import load_course
from grader.seam import rules

ROOT = Path(__file__).resolve().parent.parent
CALLS = 160  # of one operator with different arguments
SECONDS = 10  # for one function or operator
MODULES = (
    *("torch._refs", "torch._decomp", "torch.nn.functional", "torch.nn.attention"),
    *("torch._higher_order_ops.flex_attention", "torch.onnx.ops", "torch.masked", "torch.special"),
    *("torch.nn.utils", "torch.distributions", "torch.nested", "torch.jit", "torch.func"),
    *("torch.linalg", "torch.nn.modules", "torch.functional", "torch._meta_registrations"),
    *("torch.sparse", "torch.optim", "torch._inductor.decomposition", "torch._numpy"),
    *("torch._inductor.fx_passes.fuse_attention", "torch._prims", "torch._prims_common"),
)
# Found and left open: what each of them is.
NORMS = ("torch.nn.functional.normalize", "torch.masked.normalize", "torch._refs.renorm")
ALLOWED = {
    # The length of a row is not its mean and variance, which LayerNorm is about.
    "layer_norm": (*NORMS, "torch._decomp.decompositions._weight_norm_interface"),
    # Phi and its logarithm: GELU by erf is x times the one, and the course asks for the tanh.
    "gelu": (
        *("aten::special_ndtr", "aten::special_log_ndtr"),
        *("torch._refs.special.ndtr", "torch._refs.special.log_ndtr"),
    ),
    # They make every row as long as the limit; clipping leaves a short one as it is.
    "clipping": (
        *("aten::rms_norm", "aten::_fused_rms_norm", "aten::_weight_norm"),
        *("aten::_weight_norm_interface", *NORMS, "torch.nn.functional.rms_norm"),
        "torch._decomp.decompositions._fused_rms_norm",
        *("torch._decomp.decompositions._weight_norm_interface", "torch.nn.modules.RMSNorm()"),
    ),
}


def targets(rule, x):
    """What the rule forbids, computed from a float64 matrix (rows of numbers) by hand."""
    rows, columns = x.shape
    if rule == "softmax":
        return {
            "softmax": x.exp() / x.exp().sum(-1, keepdim=True),
            "softmax of columns": x.exp() / x.exp().sum(0, keepdim=True),
            "logsumexp": x.exp().sum(-1).log(),
            "logcumsumexp": x.exp().cumsum(-1).log(),
        }
    if rule == "layer_norm":
        centred = x - x.mean(-1, keepdim=True)
        c0 = x - x.mean(0, keepdim=True)
        return {
            "layer_norm": centred / (centred**2).mean(-1, keepdim=True).sqrt(),
            "layer_norm of columns": c0 / (c0**2).mean(0, keepdim=True).sqrt(),
            "rms_norm": x / (x**2).mean(-1, keepdim=True).sqrt(),
        }
    if rule == "gelu":
        t = (2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)
        return {
            "gelu by tanh": 0.5 * x * (1 + torch.tanh(t)),
            "gelu by erf": 0.5 * x * (1 + torch.erf(x / 2**0.5)),
            "the part of gelu by tanh": torch.tanh(t),
        }
    if rule == "attention":
        weights = ((x @ x.mT) / columns**0.5).exp()
        weights = weights / weights.sum(-1, keepdim=True)
        causal = ((x @ x.mT) / columns**0.5).exp().tril()
        causal = causal / causal.sum(-1, keepdim=True)
        return {
            "attention": weights @ x,
            "its weights": weights,
            "causal attention": causal @ x,
            "its causal weights": causal,
        }
    if rule == "cross_entropy":
        logp = x - x.exp().sum(-1, keepdim=True).log()
        picked = -logp[torch.arange(rows), torch.arange(rows) % columns]
        return {"losses": picked}
    if rule == "clipping":
        return {"clipped": x / x.norm(dim=-1, keepdim=True)}
    return {}


def matches(rule, x, found, exact):
    """The name of what a result is, or nothing."""
    if not isinstance(found, torch.Tensor) or found.is_meta or found.layout != torch.strided:
        return ""
    if found.is_quantized or found.is_nested or found.dtype in (torch.bool, torch.complex64):
        return ""
    y = found.detach().double().flatten()
    if not torch.isfinite(y).all() or y.numel() < 3:
        if rule == "cross_entropy" and y.numel() == 1:
            loss = exact["losses"]
            for name, value in (("mean", loss.mean()), ("sum", loss.sum())):
                if torch.isclose(y[0].abs(), value, rtol=1e-4):
                    return f"{name} of losses"
        return ""
    for name, wanted in exact.items():
        w = wanted.flatten()
        for way in (lambda v: v, torch.exp, torch.log, torch.sigmoid):
            for sign in (1, -1) if way is torch.exp else (1,):
                z = way(sign * y)
                if z.numel() != w.numel() or not torch.isfinite(z).all() or z.std() < 1e-9:
                    continue
                if torch.corrcoef(torch.stack([z, w]))[0, 1].abs() > 1 - 1e-7:
                    return name
    return ""


def tensors(value):
    """Every tensor in what came."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from tensors(one)
    elif hasattr(value, "__dict__") and type(value).__module__.startswith("torch"):
        for one in vars(value).values():
            if isinstance(one, torch.Tensor):
                yield one


def inputs(rule, x, shape):
    """What to give for a tensor: the matrix, as the operator may want it, and neutral others."""
    rows, columns = x.shape
    if shape == 4:
        x = x[None, None]
    if shape == 3:
        x = x[None]
    one = torch.ones(columns, dtype=x.dtype)
    found = [x, one, torch.zeros(columns, dtype=x.dtype), torch.ones_like(x)]
    if rule in ("cross_entropy",):
        found.insert(1, torch.arange(rows) % columns)
    if rule == "attention":
        found = [x, None, torch.ones(rows, rows, dtype=torch.bool).tril()]
    return found


def choices(kind, default, has_default, pool, first):
    """Values to try for an argument of a schema's type."""
    if kind == "Tensor":
        return [pool[0]] if first else pool
    if kind in ("Tensor?", "Optional[Tensor]"):
        return [None, *pool[1:2]]
    if kind.startswith(("List[Tensor]", "Tensor[]")):
        return [[pool[0]], [pool[0], pool[0]]]
    if has_default and not kind.startswith(("bool", "Optional[bool]", "str", "int")):
        return [default]
    if "int[]" in kind.lower() or "list[int]" in kind.lower() or kind.startswith("SymInt[]"):
        size = pool[0].shape[-1]
        return [[-1], [size]]
    if kind in ("int", "SymInt", "Optional[int]"):
        return [default, -1, 1] if has_default else [-1, 1, 2, 0]
    if kind in ("float", "Scalar", "number", "Optional[float]", "Optional[number]"):
        return [1e-5, 1.0, 2.0] if not has_default else [default]
    if kind.startswith(("bool", "Optional[bool]")):
        return [True, False]
    if kind == "str":
        return [default, "tanh"] if has_default else ["tanh", "none"]
    if has_default:
        return [default]
    return [None]


def of_operators(names):
    """Each operator's name and a way to call it with each of a list of arguments."""
    schemas = {}
    for schema in torch._C._jit_get_all_schemas():
        schemas[
            f"{schema.name}.{schema.overload_name}" if schema.overload_name else schema.name
        ] = schema
    for name in names:
        schema = schemas.get(name)
        if (
            schema is None
            or name.endswith("out")
            or name.startswith(("c10d", "symm", "_c10d", "fsdp"))
        ):
            continue
        space, _, rest = name.partition("::")
        base, _, overload = rest.partition(".")
        with contextlib.suppress(Exception):
            call = getattr(getattr(getattr(torch.ops, space), base), overload or "default")
            arguments = [
                (a.name, str(a.type), a.default_value, a.has_default_value(), a.kwarg_only)
                for a in schema.arguments
            ]
            yield name, call, arguments


def of_functions(modules):
    """Each function's name, the function, and what its arguments may be, by its signature."""
    seen = set()
    names = []
    for name in modules:
        with contextlib.suppress(BaseException):
            module = importlib.import_module(name)
            names.append(name)
            for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
                names.append(found.name)
    for name in names:
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit):  # noqa: BLE001 - whatever a module of torch raises
            continue
        for member, value in list(vars(module).items()):
            if not callable(value) or id(value) in seen:
                continue
            if not str(getattr(value, "__module__", "")).startswith("torch"):
                continue
            seen.add(id(value))
            try:
                signature = inspect.signature(value)
            except Exception:  # noqa: BLE001 - arguments are guessed
                continue
            arguments = []
            for p in list(signature.parameters.values())[:8]:
                if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                    continue
                has = p.default is not p.empty
                note = str(p.annotation)
                kind = (
                    "Tensor"
                    if not has and ("Tensor" in note or p.annotation is p.empty)
                    else "int"
                    if "int" in note or "Dim" in note
                    else "float"
                    if "float" in note or "Number" in note
                    else "bool"
                    if "bool" in note
                    else "str"
                    if note == "str"
                    else "any"
                )
                if kind == "int" and (
                    "Shape" in note
                    or "list" in note.lower()
                    or "Sequence" in note
                    or "tuple" in note.lower()
                ):
                    kind = "int[]"
                if has and kind in ("Tensor", "any"):
                    kind = "any"
                arguments.append(
                    (p.name, kind, p.default if has else None, has, p.kind is p.KEYWORD_ONLY)
                )
            yield f"{name}.{member}", value, arguments
            if isinstance(value, type) and issubclass(value, torch.nn.Module):

                def build(x, value=value):
                    for args in ((), (x.shape[-1],), (1, x.shape[-1]), (-1,), (x.shape[-1], 1)):
                        try:
                            return value(*args).double()(x)
                        except Exception:  # noqa: BLE001 - arguments are guessed
                            continue
                    return None

                yield f"{name}.{member}()", build, [("x", "Tensor", None, False, False)]


def tried(rule, call, arguments):
    """What the call has been found to be."""
    torch.manual_seed(0)
    matrix = torch.randn(5, 7, dtype=torch.float64)
    exact = targets(rule, matrix)
    for shape, dtype in (
        (2, torch.float64),
        (4, torch.float32),
        (3, torch.float32),
        (2, torch.float32),
    ):
        pool = inputs(rule, matrix.to(dtype), shape)
        positions, first = [], True
        for _, kind, default, has, _ in arguments:
            values = choices(kind, default, has, pool, first and kind == "Tensor")
            if kind in ("Tensor",) and first:
                first = False
            if rule == "attention" and kind == "Tensor" and not has:
                values = [pool[0]]
            positions.append(values)
        for picked in itertools.islice(itertools.product(*positions), CALLS // 4):
            args = [v for v, a in zip(picked, arguments, strict=True) if not a[4]]
            kwargs = {a[0]: v for v, a in zip(picked, arguments, strict=True) if a[4]}
            args = [a.clone() if isinstance(a, torch.Tensor) else a for a in args]
            try:
                found = call(*args, **kwargs)
            except Exception:  # noqa: BLE001 - arguments are guessed
                continue
            for one in itertools.islice(tensors((found, args)), 12):
                try:
                    if name := matches(rule, matrix, one, exact):
                        same = any(one is a for a in args)
                        return f"{name}{' (in place)' if same else ''}"
                except Exception:  # noqa: BLE001 - arguments are guessed
                    continue
    return ""


def search(rule, which):
    """Try everything in a fork, which is begun again behind what ends it."""
    if which == "operators":
        everything = list(of_operators(sorted(torch._C._dispatch_get_all_op_names())))
    else:
        everything = list(of_functions(MODULES))
    at, found = 0, []
    while at < len(everything):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            nothing = os.open(os.devnull, os.O_RDWR)
            for number in (1, 2):
                os.dup2(nothing, number)
            for i in range(at, len(everything)):
                name, call, arguments = everything[i]
                os.write(writing, json.dumps([i, ""]).encode() + b"\n")
                with contextlib.suppress(Exception):
                    if what := tried(rule, call, arguments):
                        os.write(writing, json.dumps([i, f"{name}: {what}"]).encode() + b"\n")
            os.write(writing, json.dumps([len(everything), ""]).encode() + b"\n")
            os._exit(0)
        os.close(writing)
        text, until = b"", time.monotonic() + SECONDS
        while True:
            ready, _, _ = select.select([reading], [], [], max(0, until - time.monotonic()))
            data = os.read(reading, 1 << 16) if ready else b""
            if not data:
                break
            text, until = text + data, time.monotonic() + SECONDS
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
        lines = [json.loads(line) for line in text.splitlines()]
        found += [words for _, words in lines if words]
        at = max(i for i, _ in lines) + 1 if lines else at + 1
    return len(everything), found


def main():
    """Search for neighbours of each rule, with the rule closed."""
    course = load_course(ROOT / "exercises" / "course.toml")
    torch.set_num_threads(1)
    known = {rule.name: rule for c in course.chapters for e in c.exercises for rule in e.rules}
    wanted = sys.argv[1:] or [
        "softmax",
        "layer_norm",
        "gelu",
        "attention",
        "cross_entropy",
        "clipping",
    ]
    worst = 0
    for name in wanted:
        pid = os.fork()  # what is closed stays closed
        if pid:
            worst = max(worst, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            continue
        rule = known[name]
        if "OPEN" not in os.environ:
            rules.close(
                [
                    {
                        "text": rules.message(rule.name, rule.says),
                        "operators": list(rule.operators),
                        "composites": list(rule.composites),
                        "modules": [],
                    }
                ]
            )
        bad = 0
        for which in ("operators", "functions"):
            count, found = search(name, which)
            found = [f for f in found if f.partition(":")[0] not in ALLOWED.get(name, ())]
            bad += len(found)
            print(f"{name}: {count:,} {which} tried, {len(found)} do its work", flush=True)
            for one in found:
                print(f"  {one}", flush=True)
        os._exit(1 if bad else 0)
    sys.exit(worst)


if __name__ == "__main__":
    main()
