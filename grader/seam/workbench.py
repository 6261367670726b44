"""What a test needs done beside the subject, in the subject's own process.

`Workbench` is the far half of `grader.probe.Probe`: here it is called directly, judged it lives in
the worker behind a handle, so its arguments are real modules and tensors in both modes. Nothing
in it is secret and nothing it says is trusted more than the subject's own words.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..subject import PACKAGE
from .loopback import Loopback

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler announces itself on stderr

import torch
from torch import nn


class _Spy(nn.Module):
    """A module whose forward is a function of the test's."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(1))  # gives a device and something to optimize

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


class _Object:
    """An object with the members that the test gives it."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.__dict__.update(members)


def _gradient(x: Any) -> torch.Tensor | None:
    grad = x.grad if isinstance(x, torch.Tensor) else None
    return None if grad is None else grad.clone()


class Workbench:
    """Builds, loads and measures beside the subject; see `grader.probe.Probe` for the meanings.

    Args:
        scratch: A folder for files, which whoever made it removes.
    """

    def __init__(self, scratch: str) -> None:
        self._scratch = scratch
        self._loopback = Loopback()

    def close(self) -> None:
        """Undo what would outlive the test in this process."""
        self._loopback.close()

    def http(self, answer: Callable[..., Any]) -> str:
        return self._loopback.open(answer)

    def seed(self, seed: int) -> None:
        torch.default_generator.manual_seed(seed)

    def random_state(self) -> torch.Tensor:
        return torch.get_rng_state()

    def load_state(self, module: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
        targets = dict(module.named_parameters(remove_duplicate=False))
        if missing := sorted(set(state) - set(targets)):
            raise AttributeError(
                f"{type(module).__name__} has no parameter {missing[0]!r}; "
                f"it has {', '.join(sorted(targets)) or 'none'}"
            )
        given = {id(targets[name]) for name in state}
        if left := sorted(name for name, p in targets.items() if id(p) not in given):
            raise AttributeError(
                f"{type(module).__name__} has a parameter {left[0]!r} that it should not have; "
                f"expected only {', '.join(sorted(state))}"
            )
        for name, value in state.items():
            if targets[name].shape != value.shape:
                raise AttributeError(
                    f"{type(module).__name__}.{name} has shape {tuple(targets[name].shape)}, "
                    f"expected {tuple(value.shape)}"
                )
        with torch.no_grad():
            for name, value in state.items():
                targets[name].copy_(value)

    def parameters(self, module: nn.Module) -> dict[str, torch.Tensor]:
        return {name: p.detach().clone() for name, p in module.named_parameters()}

    def parameter_shapes(self, module: nn.Module) -> dict[str, tuple[int, ...]]:
        return {name: tuple(p.shape) for name, p in module.named_parameters()}

    def trainable(self, module: nn.Module) -> dict[str, bool]:
        return {name: p.requires_grad for name, p in module.named_parameters()}

    def buffers(self, module: nn.Module) -> dict[str, torch.Tensor]:
        return {name: b.detach().clone() for name, b in module.named_buffers()}

    def state_names(self, module: nn.Module) -> list[str]:
        return list(module.state_dict())

    def modes(self, module: nn.Module) -> dict[str, bool]:
        return {name: m.training for name, m in module.named_modules()}

    def is_module(self, thing: Any) -> bool:
        return isinstance(thing, nn.Module)

    def tied(self, module: nn.Module, left: str, right: str) -> bool:
        first, second = self.get(module, left), self.get(module, right)
        return first.untyped_storage()._cdata == second.untyped_storage()._cdata

    def get(self, thing: Any, path: str) -> Any:
        for name in path.split("."):
            thing = thing[int(name)] if name.isdigit() else getattr(thing, name)
        return thing

    def earlier(self, chapter: str) -> Any:
        return importlib.import_module(f"{PACKAGE}.{chapter}")

    def on_meta(self, build: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with torch.device("meta"):
            return build(*args, **kwargs)

    def gradients(
        self,
        call: Callable[..., Any],
        inputs: Sequence[torch.Tensor],
        cotangent: torch.Tensor | None,
        module: nn.Module | None,
    ) -> dict[str, Any]:
        leaves = [
            x.detach().clone().requires_grad_(True)
            if isinstance(x, torch.Tensor) and x.is_floating_point()
            else x
            for x in inputs
        ]
        module = module if module is not None else call if isinstance(call, nn.Module) else None
        if module is not None:
            module.zero_grad(set_to_none=True)
        out = call(*leaves)
        (out.sum() if cotangent is None else (out * cotangent).sum()).backward()
        named = [] if module is None else list(module.named_parameters())
        return {
            "inputs": [_gradient(x) for x in leaves],
            "parameters": {name: _gradient(p) for name, p in named},
        }

    def operators(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> list[str]:
        modules: list[str] = []

        def note(module: nn.Module, _args: Any) -> None:
            for kind in type(module).__mro__:
                if kind.__module__.startswith("torch."):
                    modules.append(f"torch.nn.{kind.__name__}")

        hook = nn.modules.module.register_module_forward_pre_hook(note)
        try:
            with torch.autograd.profiler.profile(use_cpu=True) as profile:
                call(*args, **kwargs)
        finally:
            hook.remove()
        ran = [e.name.removeprefix("aten::") for e in profile.function_events or ()]
        return list(dict.fromkeys([*ran, *modules]))

    def torch_module(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> nn.Module:
        return getattr(nn, name)(*args, **kwargs)

    def code(self, text: str) -> ModuleType:
        module = ModuleType("beside")
        exec(compile(text, "beside.py", "exec"), module.__dict__)  # noqa: S102 - the test's text
        return module

    def module(self, function: Callable[..., Any]) -> nn.Module:
        return _Spy(function)

    def object(self, members: Mapping[str, Any]) -> Any:
        return _Object(members)

    def optimizer(self, name: str, module: nn.Module, settings: Mapping[str, Any]) -> Any:
        wanted = [p for p in module.parameters() if p.requires_grad]
        return getattr(torch.optim, name)(wanted, **settings)

    def loader(self, data: Any, settings: Mapping[str, Any]) -> Any:
        return torch.utils.data.DataLoader(data, **settings)

    def batches(self, batches: Sequence[Any]) -> Any:
        return torch.utils.data.DataLoader(list(batches), batch_size=None)  # type: ignore[arg-type]

    def folder(self) -> str:
        return tempfile.mkdtemp(dir=self._scratch)

    def write(self, folder: str, name: str, data: bytes, append: bool) -> str:
        path = Path(folder) / name
        with path.open("ab" if append else "wb") as file:
            file.write(data)
        return str(path)

    def read(self, path: str) -> bytes:
        return Path(path).read_bytes()
