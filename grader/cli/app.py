"""`kata` itself: what every command shares when it starts, refuses or is stopped."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import KataError


class Commands(TyperGroup):
    """Runs a command; every refusal is one sentence, and the exit code says what happened."""

    def invoke(self, ctx: Any) -> Any:
        """Run it, and turn what stopped it into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except KataError as error:
            err(f"kata: {error}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            err("kata: stopped")
            raise typer.Exit(130) from None
        except BrokenPipeError:  # `kata … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(141) from None


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Build a large language model from scratch, one failing test at a time.",
)


def main() -> None:
    """Run `kata`."""
    for stream in (sys.stdout, sys.stderr):  # what a model writes may be in no terminal's alphabet
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="kata")


def err(text: str) -> None:
    """Print a line for a person, not for a pipe."""
    print(no_command(text), file=sys.stderr)


def no_command(text: str) -> str:
    """A line that may begin with a name of a stranger's, which a runner must not obey."""
    if "GITHUB_ACTIONS" in os.environ:
        text = text.replace("##[", "## [")
        text = f"| {text}" if text.lstrip().startswith("::") else text
    return text


def _version(wanted: bool) -> None:
    if wanted:
        print(f"kata {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
