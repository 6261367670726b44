"""The commands that make a model: build, generate, train, data."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..course import find_root
from ..errors import UsageError
from .app import Commands, app
from .showing import Seed, course_of, new_console, progress_bar

if TYPE_CHECKING:
    from ..train.milestone import Milestone


_WHOSE = "Whose chapters (default: solutions/, or exercises/ where there are none)."


def _whose(root: Path, named: Path | None) -> Path:
    solutions = root / "solutions"
    return named or (solutions if solutions.is_dir() else root / "exercises")


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    size: Annotated[str, typer.Option(help="124M, 355M, 774M or 1558M.")] = "124M",
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="SUBJECT", help=_WHOSE),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="A Hugging Face folder or a .safetensors file of GPT-2.")
    ] = None,
    seed: Annotated[int, typer.Option(help="For random weights, where none are given.")] = 0,
) -> None:
    """Build the full-size GPT-2 from chapters: weights, config, tokenizer and gpt2.py."""
    from ..model.build import build as make

    root = find_root()
    with progress_bar("building") as shown:
        made = make(size, _whose(root, from_), root / "solutions", out, weights, seed, shown)
    source = f"weights of {made.weights}" if made.weights else f"random weights, seed {made.seed}"
    print(f"{made.folder}: GPT-2 {made.size}, {made.parameters:,} parameters, {source}")
    for name, path in made.chapters.items():
        whose = "the reference's" if name in made.from_reference else path.parent.name
        print(f"  {name}: {whose}")
    print(f'in {made.seconds:.1f} s; try: kata generate --model {made.folder} "Hello, I am"')


@app.command()
def generate(
    prompt: Annotated[str, typer.Argument(help="The text to continue.")],
    model: Annotated[Path, typer.Option(help="A folder that `kata build` made.")],
    max_new_tokens: Annotated[int, typer.Option(help="The most tokens to append.")] = 40,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest token.")] = 0.8,
    top_k: Annotated[int, typer.Option(help="Draw among the K likeliest; 0: among all.")] = 40,
    seed: Annotated[int, typer.Option(help="The same seed gives the same text.")] = 0,
) -> None:
    """Continue a prompt with a model that `kata build` made."""
    from ..model.generate import generate as write

    if top_k < 0:
        raise UsageError(f"--top-k is {top_k}, and must be 0 (among all) or more")
    text = write(
        model,
        prompt,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k or None,
        seed=seed,
    )
    for piece in text:
        sys.stdout.write(piece)
        sys.stdout.flush()


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="pretrain, classify or instruct.")],
    from_: Annotated[
        Path | None,
        typer.Option("--from", metavar="SUBJECT", help=_WHOSE),
    ] = None,
    size: Annotated[str, typer.Option(help="tiny (a minute or two) or 124M.")] = "tiny",
    steps: Annotated[int | None, typer.Option(help="Updates (default: what suits it).")] = None,
    seed: Seed = 0,
    data: Annotated[
        Path | None, typer.Option(help="What to learn from (default: the course's own file).")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="124M: start from this Hugging Face folder of GPT-2.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run (default: runs/TASK-SIZE).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again.")] = False,
    ask: Annotated[
        str | None, typer.Option(help="classify: a message to classify, then end.")
    ] = None,
    judge_model: Annotated[
        str, typer.Option(help="instruct: the model that scores responses, on an Ollama server.")
    ] = "llama3",
    judge_url: Annotated[
        str, typer.Option(help="instruct: that server's chat address.")
    ] = "http://localhost:11434/api/chat",
) -> None:
    """Train with your chapters; stopped, the same command goes on where it was."""
    from ..train.milestone import reach

    root = find_root()
    with progress_bar(task) as shown:
        made = reach(
            task,
            course_of(root),
            root,
            subject=_whose(root, from_),
            size=size,
            steps=steps,
            seed=seed,
            data=data,
            weights=weights,
            out=out,
            fresh=fresh,
            progress=shown,
        )
    for name in made.from_reference:
        print(f"{name}: the reference's")
    {"pretrain": _show_pretrain, "classify": _show_classify, "instruct": _show_instruct}[task](
        made.result
    )
    if task == "instruct":
        _judge(made, judge_model, judge_url)
    if not made.result["plots"]:
        print("no plots: they need matplotlib (pip install 'llm-kata[train]')")
    print(f"in {made.seconds:.0f} s; everything is in {made.run.folder}")
    if made.ask:
        _ask(made.ask, ask)


def _show_pretrain(result: dict[str, Any]) -> None:
    first, last = result["first"], result["last"]
    print(f"training loss {first['train_loss']:.3f} -> {last['train_loss']:.3f}, ", end="")
    print(f"held out {first['val_loss']:.3f} -> {last['val_loss']:.3f}")
    print(f"before: {result['sample_before']!r}\nafter:  {result['sample_after']!r}")


def _show_classify(result: dict[str, Any]) -> None:
    before, after = (100 * result[f"accuracy_{when}"] for when in ("before", "after"))
    print(f"accuracy on {result['held_out']} held-out messages: {before:.1f} % -> {after:.1f} %")
    print(f"who always names the more frequent class: {100 * result['majority']:.1f} %")


def _show_instruct(result: dict[str, Any]) -> None:
    first, last = result["first"], result["last"]
    print(f"training loss {first['train_loss']:.3f} -> {last['train_loss']:.3f}, ", end="")
    print(f"held out {first['val_loss']:.3f} -> {last['val_loss']:.3f}")
    before, after = (100 * result[f"followed_{when}"] for when in ("before", "after"))
    print(f"responses in the right form: {before:.0f} % -> {after:.0f} %")
    for one in result["responses"][:3]:
        print(f"- {one['instruction']} {one['input']}".rstrip())
        print(f"  before: {one['before']!r}\n  after:  {one['model_response']!r}")


def _judge(made: Milestone, model: str, url: str) -> None:
    from ..files import write_text
    from ..train.instruct import judge

    with progress_bar("judging") as shown:
        found = judge(made.chapters, made.result["responses"], model, url, shown)
    if found is None:
        print(f"not scored: no Ollama server answers at {url}")
        return
    write_text(made.run.folder / "scores.json", json.dumps(found, indent=2) + "\n")
    print(f"{found['model']} gives {found['mean']:.1f} of 100 on average; see scores.json")


def _ask(classify: Callable[[str], str], message: str | None) -> None:
    """Classify one message, or those that are typed."""
    if message is not None:
        print(classify(message))
        return
    while sys.stdin.isatty():
        try:
            text = input("a message of yours (nothing ends): ")
        except EOFError:
            return
        if not text:
            return
        print(classify(text))


data = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The book's own files and GPT-2's weights: download them, one at a time.",
)
app.add_typer(data, name="data")


@contextmanager
def _download_bar(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar with bytes and speed on a terminal; nothing in a pipe."""
    console = new_console(stderr=True)
    if not console.is_terminal:
        yield lambda done, total: None
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.DownloadColumn())
    bar = bars.Progress(
        *columns,
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(what, total=None)
    with bar:
        yield lambda done, total: bar.update(task, completed=done, total=total)


@data.command("list")
def data_list() -> None:
    """Show what can be downloaded."""
    from rich.table import Table

    from ..data import FILES

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "bytes", "what"):
        table.add_column(heading, justify="right" if heading == "bytes" else "left")
    for file in FILES:
        table.add_row(file.name, f"{file.bytes:,}" if file.bytes else "?", file.what)
    new_console().print(table)
    print("\nThe course itself needs none of these: its own data is in exercises/data/.")


@data.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="A name that `kata data list` shows.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder to put it in.")] = Path("."),
    url: Annotated[
        str | None, typer.Option(help="For a file that is not in the list: its https address.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="For a file that is not in the list: what it hashes to.")
    ] = None,
) -> None:
    """Download a file over https, and keep it only if its sha256 is the right one."""
    from ..data import File, find, get

    if (url is None) != (sha256 is None):
        raise UsageError("--url and --sha256 belong together: nothing is kept that was not checked")
    file = find(name) if url is None or sha256 is None else File(name, url, sha256.lower())
    with _download_bar(file.name) as shown:
        path, fresh = get(file, to, shown)
    print(f"{path}: {'downloaded' if fresh else 'already there'}, its sha256 is right")
