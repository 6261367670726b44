"""`probe`, the one helper of tests: what is done beside the subject, and what is compared.

The same calls work here and judged. What runs beside the subject is in `seam.workbench`; what
compares and computes expected values stays in this process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .course import Exercise
from .seam.workbench import Workbench

CHUNK = 32 << 20  # bytes of a file that cross at once

# Relative and absolute tolerance by dtype. float32: sums of up to a few thousand products in any
# order stay within 1e-5; the smallest mistake in a suite (erf GELU for tanh) is 4.7e-4.
TOLERANCES: dict[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-9, 1e-9),
    torch.float32: (1e-5, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-3),
    torch.float16: (2e-3, 1e-4),
}


class Probe:
    """What a test may do to the subject beyond calling it, and the assertions it makes.

    Args:
        side: The workbench, or a handle to the one in the worker.
        exercise: The exercise under test, whose rules `assert_from_scratch` applies.
        place: Moves a value to the subject's side, where it stays behind a handle.
        value: Fetches the plain value behind a handle.
    """

    def __init__(
        self,
        side: Workbench,
        exercise: Exercise | None = None,
        place: Callable[[Any], Any] = lambda value: value,
        value: Callable[[Any], Any] = lambda handle: handle,
    ) -> None:
        self._side, self._exercise = side, exercise
        self._place, self._value = place, value

    # Beside the subject

    def seed(self, seed: int) -> None:
        """Seed torch's default generator beside the subject."""
        self._side.seed(seed)

    def random_state(self) -> torch.Tensor:
        """The state of torch's default generator beside the subject, uint8."""
        return self._side.random_state()

    def place(self, value: Any) -> Any:
        """Move a value to the subject's side and keep it there: pass the result to calls.

        For tests that look whether an argument was changed, or that need one object twice.
        """
        return self._place(value)

    def value(self, handle: Any) -> Any:
        """The plain value behind what `place`, a call or an attribute gave."""
        return self._value(handle)

    def load_state(self, module: Any, state: Mapping[str, torch.Tensor]) -> None:
        """Copy `state` into the parameters of `module`, which must be exactly those.

        Buffers are left alone. A missing, foreign or misshapen parameter fails with its name.
        """
        self._side.load_state(module, dict(state))

    def parameters(self, module: Any) -> dict[str, torch.Tensor]:
        """Copies of the parameters by name; a shared one appears once."""
        return self._side.parameters(module)

    def parameter_shapes(self, module: Any) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name; works on the meta device."""
        return self._side.parameter_shapes(module)

    def parameter_count(self, module: Any) -> int:
        """Number of values in all parameters, shared ones once; works on the meta device."""
        return sum(math.prod(shape) for shape in self.parameter_shapes(module).values())

    def trainable(self, module: Any) -> dict[str, bool]:
        """`requires_grad` of each parameter by name."""
        return self._side.trainable(module)

    def buffers(self, module: Any) -> dict[str, torch.Tensor]:
        """Copies of all buffers by name, also those that are not in the state dict."""
        return self._side.buffers(module)

    def state_names(self, module: Any) -> list[str]:
        """The keys of `module.state_dict()`."""
        return self._side.state_names(module)

    def modes(self, module: Any) -> dict[str, bool]:
        """`training` of the module (key "") and of each module within it."""
        return self._side.modes(module)

    def is_module(self, thing: Any) -> bool:
        """Whether `thing` is a torch.nn.Module."""
        return self._side.is_module(thing)

    def get(self, thing: Any, path: str) -> Any:
        """`probe.get(model, "trf_blocks.0.att")`: digits index, other names are attributes."""
        return self._side.get(thing, path)

    def shares_memory(self, module: Any, left: str, right: str) -> bool:
        """Whether the tensors at two paths of a module are one storage (tied weights)."""
        return self._side.tied(module, left, right)

    def earlier(self, chapter: str) -> Any:
        """The module of an earlier chapter, as the chapter under test imports it."""
        return self._side.earlier(chapter)

    def on_meta(self, build: Any, *args: Any, **kwargs: Any) -> Any:
        """`build(*args, **kwargs)` on the meta device: shapes without memory."""
        return self._side.on_meta(build, *args, **kwargs)

    def gradients(
        self,
        call: Any,
        *inputs: Any,
        cotangent: torch.Tensor | None = None,
        module: Any = None,
    ) -> dict[str, Any]:
        """Gradients of `(call(*inputs) * cotangent).sum()` (cotangent None = ones).

        Returns:
            {"inputs": [gradient or None of each input], "parameters": {name: gradient or None}};
            parameters are those of `module`, or of `call` where that is a module.
        """
        return self._side.gradients(call, list(inputs), cotangent, module)

    def operators(self, call: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Names of the aten operators (and of torch.nn modules) that the call ran, once each."""
        return self._side.operators(call, *args, **kwargs)

    def nn(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """`torch.nn.<name>(*args, **kwargs)` beside the subject: a plain model to work on."""
        return self._side.torch_module(name, list(args), kwargs)

    def code(self, text: str) -> Any:
        """A module beside the subject made of this text: what has to happen there, in one go."""
        return self._side.code(text)

    def module(self, function: Callable[..., Any]) -> Any:
        """An nn.Module beside the subject whose forward calls this function of the test."""
        return self._side.module(function)

    def object(self, **members: Any) -> Any:
        """An object beside the subject with these members; functions are called back."""
        return self._side.object(members)

    def optimizer(self, name: str, module: Any, **settings: Any) -> Any:
        """`torch.optim.<name>` over the trainable parameters of `module`."""
        return self._side.optimizer(name, module, settings)

    def loader(self, data: Any, **settings: Any) -> Any:
        """A DataLoader beside the subject over `data` (a data set, a list)."""
        return self._side.loader(data, settings)

    def batches(self, batches: Sequence[Any]) -> Any:
        """A DataLoader beside the subject that yields exactly these batches, in order."""
        return self._side.batches(list(batches))

    def folder(self, files: Mapping[str, bytes]) -> str:
        """Write files into a new folder that the subject can read; returns its path."""
        folder = self._side.folder()
        for name, data in files.items():
            for start in range(0, max(len(data), 1), CHUNK):
                self._side.write(folder, name, data[start : start + CHUNK], start > 0)
        return folder

    def read(self, path: str) -> bytes:
        """The bytes of a file beside the subject."""
        return self._side.read(path)

    def http(self, answer: Callable[..., Any]) -> str:
        """The address of an HTTP server that the subject can reach, without any network.

        Args:
            answer: Called for each request as answer(method, path, headers, body), where headers
                is a dict with lower-case names and body is bytes; gives (status, body). A list of
                bytes for a body is sent in chunks.
        """
        return self._side.http(answer)

    # Comparing

    def assert_close(
        self,
        actual: Any,
        expected: torch.Tensor | float,
        what: str = "",
        axes: Sequence[str] = (),
    ) -> None:
        """Type, shape, dtype, then where values are finite, then the values.

        Args:
            actual: What the subject returned.
            expected: A tensor, or a float that a float must answer.
            what: The call as the learner would write it, for the message.
            axes: Names of the dimensions, for the place of the first difference.

        Raises:
            AssertionError: With what came, what was expected, and where they first differ.
        """
        head = f"{what}: " if what else ""
        if not isinstance(expected, torch.Tensor):
            self._assert_number(actual, expected, head)
            return
        assert isinstance(actual, torch.Tensor), (
            f"{head}expected a tensor of shape {tuple(expected.shape)}, got {_describe(actual)}"
        )
        actual, expected = actual.detach(), expected.detach()
        assert actual.shape == expected.shape, (
            f"{head}expected shape {tuple(expected.shape)}, got {tuple(actual.shape)}"
        )
        assert actual.dtype == expected.dtype, (
            f"{head}expected dtype {expected.dtype}, got {actual.dtype}"
        )
        wrong = _differences(actual, expected)
        if wrong.any():
            raise AssertionError(head + _where(actual, expected, wrong, axes))

    def _assert_number(self, actual: Any, expected: float, head: str) -> None:
        kinds = (int,) if isinstance(expected, int) else (float, int)
        good = isinstance(actual, kinds) and not isinstance(actual, bool)
        kind = "an int" if isinstance(expected, int) else "a float"
        assert good, f"{head}expected {kind}, {expected!r}, got {_describe(actual)}"
        if isinstance(expected, int):
            same = actual == expected
        elif math.isnan(expected) or math.isinf(expected):
            same = repr(float(actual)) == repr(expected)
        else:  # numbers are computed in float32 more often than not
            rtol, atol = TOLERANCES[torch.float32]
            same = math.isclose(actual, expected, rel_tol=rtol, abs_tol=atol)
        assert same, f"{head}expected {expected!r}, got {actual!r}"

    def assert_from_scratch(self, call: Any, *args: Any, **kwargs: Any) -> None:
        """Run the call and fail if it used what the exercise's rules do not allow.

        Judged, the worker has already closed those operators and the call itself raises.
        """
        ran = self.operators(call, *args, **kwargs)
        for rule in self._exercise.rules if self._exercise else ():
            closed = {*rule.operators, *rule.composites}
            used = [name for name in ran if name in closed]
            assert not used, f"rule {rule.name!r}: {rule.says} (the call ran {used[0]})"


def _describe(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and dtype {value.dtype}"
    if value is None:
        return "None"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _differences(actual: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    if not (expected.is_floating_point() or expected.is_complex()):
        return actual != expected
    rtol, atol = TOLERANCES.get(expected.dtype, (1e-5, 1e-5))
    finite = torch.isfinite(expected)
    both_nan = torch.isnan(actual) & torch.isnan(expected)
    near = (actual - expected).abs() <= atol + rtol * expected.abs()
    same = torch.where(finite, near & torch.isfinite(actual), (actual == expected) | both_nan)
    return ~same


def _where(
    actual: torch.Tensor, expected: torch.Tensor, wrong: torch.Tensor, axes: Sequence[str]
) -> str:
    place = wrong.nonzero()[0].tolist()
    names = list(axes) if len(axes) == len(place) else [f"dim {i}" for i in range(len(place))]
    spot = ", ".join(f"{n} {i}" for n, i in zip(names, place, strict=True))
    index = tuple(place)
    got, want = actual[index].item(), expected[index].item()
    shown = [f"{v:.6g}" if isinstance(v, float) else repr(v) for v in (got, want)]
    count = f"{int(wrong.sum())} of {wrong.numel()} values differ" if place else "values differ"
    return (
        f"{count}; {'first at ' + spot + ': ' if place else ''}got {shown[0]}, expected {shown[1]}"
    )
