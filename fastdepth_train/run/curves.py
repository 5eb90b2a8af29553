"""The curves of a run, in the report and as a picture."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastdepth.evaluation.svg import SERIES, Series, line_chart
from fastdepth.files import whole_file
from fastdepth_train.run.history import History

_EPOCH = "epoch"
_TERMS = 3
_RATE = "train/lr"


class Curve(NamedTuple):
    """A plot: its caption, lines, and the quantity and unit of its values."""

    caption: str
    series: list[Series]
    label: str


def curves(history: History) -> list[Curve]:
    """Return the plots that have something to show."""
    plans = (
        ("Training loss", {"loss": "train/loss"}, "loss"),
        (
            "RMSE on validation frames, and on some that were trained on",
            {"validation": "val/rmse", "trained on": "seen/rmse"},
            "RMSE, m",
        ),
        (
            "Share of pixels within 25 % (\u03b41)",
            {"validation": "val/delta1", "trained on": "seen/delta1"},
            "\u03b41",
        ),
        (
            "AbsRel",
            {"validation": "val/abs_rel", "trained on": "seen/abs_rel"},
            "AbsRel",
        ),
        ("Terms of the loss, unweighted", _terms(history), "value"),
        ("Learning rate", {"rate": _RATE}, "rate x 1000"),
    )
    found = []
    for caption, keys, label in plans:
        lines = [_series(history, name, key) for name, key in keys.items()]
        known = [line for line in lines if np.isfinite(line.y).any()]
        if known:
            found.append(Curve(caption, known, label))
    return found


def chart(curve: Curve) -> str:
    """Return a plot as SVG text."""
    return line_chart(curve.caption, curve.series, _EPOCH, curve.label)


def write_curves(path: Path, plots: list[Curve]) -> None:
    """Write the plots as one PNG picture.

    Raises:
        OutputError: it cannot be written.

    """
    # Without pyplot: nothing global, and no window system is asked for.
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    rows = (len(plots) + 1) // 2
    figure = Figure(figsize=(11, 3.2 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for each, plot in zip(axes, plots, strict=False):
        for colour, line in zip(SERIES, plot.series, strict=False):
            marker = "o" if line.x.size == 1 else ""
            each.plot(line.x, line.y, color=colour, label=line.name, linewidth=1.4, marker=marker)
        each.set_title(plot.caption, fontsize=10)
        each.set_xlabel(_EPOCH)
        each.set_ylabel(plot.label)
        each.grid(alpha=0.3)
        if len(plot.series) > 1:
            each.legend(fontsize=8)
    for each in axes[len(plots) :]:
        each.set_visible(False)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    with whole_file(path) as file:
        file.write_bytes(picture.getvalue())


def _series(history: History, name: str, key: str) -> Series:
    epochs, values = history.series(key)
    # Rates have too many digits for an axis.
    return Series(name, epochs, values * (1000 if key == _RATE else 1))


def _terms(history: History) -> dict[str, str]:
    """Return the terms of the loss where it has several; three fit in a plot."""
    others = {"train/loss", _RATE}
    keys = [key for key in history.names() if key.startswith("train/") and key not in others]
    names = {key.partition("/")[2]: key for key in keys[:_TERMS]}
    return names if len(names) > 1 else {}
