"""Curves of a run as PNG files, by matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import replacing


def plot(
    path: Path, title: str, rows: Sequence[Mapping[str, Any]], curves: Mapping[str, str]
) -> bool:
    """Draw measures of a run over its steps.

    Args:
        path: The PNG to write, whole or not at all.
        title: Stands above it.
        rows: Lines of the metrics, each with "step".
        curves: A label for the legend by the name of the measure.

    Returns:
        False where matplotlib is not installed: nothing was drawn.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title=title, xlabel="updates", ylabel=path.stem)
    for name, label in curves.items():
        axes.plot([r["step"] for r in rows], [r[name] for r in rows], marker=".", label=label)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    with replacing(path) as draft:
        figure.savefig(draft, format="png", dpi=120)
    return True
