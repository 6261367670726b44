"""The process in which a subject's code runs: `python -I child.py`, request on standard input.

For a build it imports the assembled gpt2.py, checks the model's size and, on a small random
checkpoint, its logits; then writes the weights, loads the folder and generates a token. It
reports in JSON lines on what was its standard output; the subject writes to standard error only.
For `generate` it runs the folder's gpt2.py, which writes text to standard output.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import runpy
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grader.errors import WeightsError  # noqa: E402 - found by the line above
from grader.model.configs import ModelConfig, custom  # noqa: E402
from grader.model.weights import Entry, drawn, read_tensor, write_checkpoint  # noqa: E402

del sys.path[0]  # the subject finds what any program finds

if TYPE_CHECKING:
    from torch import Tensor, nn

PROMPT = "Every effort moves you"
STUB = re.compile(r"\w+\.\w+(\.\w+)*")  # what a stub says: ch04_gpt.GPTModel.forward

# The small model on which a subject's logits are compared: no two sizes are alike, and block 10
# comes after block 2 only if they are sorted as numbers.
SMALL = custom(emb_dim=24, n_layers=11, n_heads=3, vocab_size=61, context_length=13)
TOLERANCE = 1e-5  # of the largest logit; rounding stays below 1e-6, an erf GELU is at 9e-5


class Mismatch(Exception):
    """The subject's model is not GPT-2; the message says how it differs."""


def main() -> None:
    """Do what the request says, then report how it went."""
    request = json.loads(sys.stdin.buffer.readline())
    with contextlib.suppress(ValueError, AttributeError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it ends us
    threading.Thread(target=_end_with_parent, args=(request,), daemon=True).start()
    sys.path += [p for p in request["path"] if p not in sys.path]
    report = os.fdopen(os.dup(1 if request["do"] == "build" else 2), "w", encoding="utf-8")
    script = Path(request["folder"]) / "gpt2.py"

    def tell(**event: Any) -> None:
        report.write(json.dumps(event) + "\n")
        report.flush()

    try:
        if request["do"] == "build":
            os.dup2(2, 1)  # a subject that prints does not disturb us
            tell(done=_Build(request, tell).run())
        else:
            sys.argv = [str(script), *request["arguments"]]
            runpy.run_path(str(script), run_name="__main__")
    except BaseException as error:  # noqa: BLE001 - a subject may raise anything
        tell(error=_described(error, script))
        code = 3
    else:
        code = 0
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)  # whatever threads and exit handlers the subject has started


def _end_with_parent(request: dict[str, Any]) -> None:
    """Wait for the end of standard input: the parent is gone, and nobody wants the rest."""
    while os.read(0, 4096):
        pass
    for path in request.get("remove", ()):
        shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(path)
    os._exit(4)


def _described(error: BaseException, script: Path) -> dict[str, Any]:
    """What the parent needs for one sentence: kind, type, message, and the line in gpt2.py."""
    if isinstance(error, WeightsError | Mismatch):
        return {"kind": type(error).__name__, "message": str(error)}
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.basename(frame.filename) == script.name
    ]
    if isinstance(error, SyntaxError) and error.filename == str(script):
        lines.append(error.lineno)
    try:
        message = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - a subject's exception may not even have a text
        message = ""
    kind = "stub" if _is_stub(error) else "raised" if lines else "ours"
    return {
        "kind": kind,
        "type": type(error).__name__,
        "message": message[:300],
        "line": lines[-1] if lines else None,
    }


def _is_stub(error: BaseException) -> bool:
    return isinstance(error, NotImplementedError) and bool(STUB.fullmatch(str(error)))


class _Build:
    """The steps of a build that need torch."""

    def __init__(self, request: dict[str, Any], tell: Callable[..., None]) -> None:
        self.tell = tell
        self.folder = Path(request["folder"])
        self.config = ModelConfig(**request["config"])
        self.names: dict[str, str] = request["names"]
        self.seed: int = request["seed"]
        self.entries = {
            name: Entry(Path(e["file"]), e["name"], e["dtype"], tuple(e["shape"]), *e["place"])
            for name, e in (request["entries"] or {}).items()
        }

    def run(self) -> dict[str, Any]:
        """Check, write, load, generate.

        Returns:
            What the model said after the prompt, and the most memory that this process had.
        """
        self._step("checking the chapters")
        module = self._import()
        self._check_size(module)
        self._check_logits(module)
        self._write()
        self._step("loading the folder")
        piece = self._try_out(module)
        return {"text": PROMPT + piece, "peak_memory": _peak_memory()}

    def _step(self, what: str) -> None:
        self.tell(progress=[0, 1, what])

    def _import(self) -> Any:
        spec = importlib.util.spec_from_file_location("gpt2", self.folder / "gpt2.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["gpt2"] = module
        spec.loader.exec_module(module)
        return module

    def _get(self, module: Any, name: str) -> Any:
        return getattr(module, self.names[name])

    def _check_size(self, module: Any) -> None:
        """Build the model without memory, on the meta device, and count its parameters."""
        import torch

        try:
            with torch.device("meta"):
                model = self._get(module, "ch04_gpt.GPTModel")(self.config.chapters())
        except Exception as error:
            # What cannot be built on meta is counted once it is loaded.
            if _is_stub(error) or not _needs_values(error):
                raise
            return
        self._count(model, self.config)

    def _count(self, model: nn.Module, config: ModelConfig) -> None:
        import torch

        if not isinstance(model, torch.nn.Module):
            raise Mismatch(
                f"the chapters' model is a {type(model).__name__}, and not a torch.nn.Module; run "
                "kata check ch04 and ch05, and build again"
            )
        # Two parameters on one storage are one weight; on meta only its address tells.
        weights = {(p.untyped_storage()._cdata, p.storage_offset()): p for p in model.parameters()}
        count = sum(p.numel() for p in weights.values())
        if count != config.parameters:
            raise Mismatch(
                f"the chapters' GPT-2 {config.name} has {count:,} parameters, and OpenAI's has "
                f"{config.parameters:,} (with qkv_bias=True and tied=True); run kata check ch04 "
                "and ch05, and build again"
            )

    def _check_logits(self, module: Any) -> None:
        """Load a small random checkpoint as the subject does, and compare with GPT-2."""
        import torch

        generator = torch.Generator().manual_seed(0)
        params = {
            name: 0.3 * torch.randn(shape, generator=generator) + float(name.endswith("_1.weight"))
            for name, shape in SMALL.shapes().items()
        }
        for name in ("wte.weight", "wpe.weight"):
            params[name] *= 0.05  # so small that the epsilon of the first norm counts
        ids = torch.randint(SMALL.vocab_size, (2, 9), generator=generator)
        small = self.folder / "small"
        small.mkdir()
        try:
            text = json.dumps(SMALL.hugging_face())
            (small / "config.json").write_text(text, encoding="utf-8")
            write_checkpoint(small / "model.safetensors", SMALL, params.__getitem__, lambda _: None)
            model = self._get(module, "ch05_pretraining.load_gpt2")(small)
            self._count(model, SMALL)
            with torch.no_grad():
                came = model(ids)
        finally:
            shutil.rmtree(small, ignore_errors=True)
        wanted = _gpt2_logits(params, ids, SMALL)
        if not isinstance(came, torch.Tensor) or came.shape != wanted.shape:
            shape = tuple(came.shape) if isinstance(came, torch.Tensor) else type(came).__name__
            raise Mismatch(
                f"ch04_gpt.GPTModel gives {shape} for {tuple(ids.shape)} token ids, and GPT-2 "
                f"{tuple(wanted.shape)}; run kata check ch04 and build again"
            )
        far = (came.float() - wanted).abs().max().item()
        if not far <= TOLERANCE * wanted.abs().max().item():
            raise Mismatch(
                "what these chapters build is not GPT-2: on a small random checkpoint its logits "
                f"are up to {far:.3g} away from GPT-2's, which go up to "
                f"{wanted.abs().max().item():.3g}; run kata check ch03, ch04 and ch05 and build "
                "again"
            )

    def _write(self) -> None:
        """Write model.safetensors, one tensor in memory at a time."""
        total = 4 * self.config.parameters
        what = "copying weights" if self.entries else "drawing weights"

        def done(count: int) -> None:
            self.tell(progress=[count, total, what])

        def copied(name: str) -> Tensor:
            return read_tensor(self.entries[name])

        tensor_of = copied if self.entries else drawn(self.config, self.seed)
        write_checkpoint(self.folder / "model.safetensors", self.config, tensor_of, done)

    def _try_out(self, module: Any) -> str:
        """Load the folder, look at its logits, and generate one token."""
        import torch

        tokenizer = self._get(module, "main_part.load_tokenizer")(self.folder)
        model = self._get(module, "ch05_pretraining.load_gpt2")(self.folder)
        self._count(model, self.config)
        ids = tokenizer.encode_ordinary(PROMPT)
        with torch.no_grad():
            logits = model(torch.tensor([ids]))
        if not torch.isfinite(logits).all():
            raise Mismatch("the built model's logits are not finite: the weights are damaged")
        stream = self._get(module, "main_part.stream")
        context = self.config.context_length
        tokens: Iterator[int] = stream(model, ids, 1, context, 0.0, None, self.seed)
        return tokenizer.decode(list(tokens))


def _needs_values(error: Exception) -> bool:
    """Whether it comes from asking a tensor without memory for its values."""
    return "meta" in str(error).lower()


def _gpt2_logits(params: dict[str, Tensor], ids: Tensor, config: ModelConfig) -> Tensor:
    """GPT-2 on torch's own operators, to hold a subject's against."""
    import torch
    from torch.nn import functional as F

    (B, T), C, H = ids.shape, config.emb_dim, config.n_heads

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (C,), params[f"{name}.weight"], params[f"{name}.bias"])

    def project(x: Tensor, name: str) -> Tensor:
        return x @ params[f"{name}.weight"] + params[f"{name}.bias"]

    x = params["wte.weight"][ids] + params["wpe.weight"][:T]  # (B, T, C)
    for i in range(config.n_layers):
        qkv = project(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn")  # (B, T, 3C)
        q, k, v = (t.view(B, T, H, C // H).transpose(1, 2) for t in qkv.split(C, dim=-1))
        att = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, H, T, D)
        att = att.transpose(1, 2).reshape(B, T, C)
        x = x + project(att, f"h.{i}.attn.c_proj")
        inner = F.gelu(project(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc"), approximate="tanh")
        x = x + project(inner, f"h.{i}.mlp.c_proj")
    return torch.matmul(norm(x, "ln_f"), params["wte.weight"].T)  # (B, T, V)


def _peak_memory() -> int | None:
    """The most memory that this process had, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
