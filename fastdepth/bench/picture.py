"""Pictures of the benchmarks of models and of the way of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fastdepth.errors import MissingExtraError
from fastdepth.files import whole_file

_DPI = 110
_ROW = 0.32  # inches of a bar


def draw_models(path: Path, section: Mapping[str, Any]) -> None:
    """Draw the time of every model in every engine on one thread, and its floor.

    Args:
        path: of the picture; its suffix names the format (png, svg, pdf).
        section: the `model` section of a document.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.

    """
    rows = [row for row in section["results"] if row["threads"] == 1]
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    models = list(dict.fromkeys(row["model"] for row in rows))
    figure = _figure(9, 1.2 + _ROW * len(rows) + 0.2 * len(models))
    axes = figure.subplots()
    place, ticks = 0.0, []
    for model in models:
        own = [row for row in rows if row["model"] == model]
        ticks.append((place + (len(own) - 1) / 2, model))
        for row in own:
            number = engines.index(row["engine"])
            label = row["engine"] if row is _first(rows, row["engine"]) else None
            axes.barh(place, row["ms"], 0.85, color=f"C{number}", label=label)
            spread = row["cpu"]
            axes.plot([spread["p5"], spread["p95"]], [place, place], color="0.2", linewidth=1)
            if row.get("floor_ms"):
                axes.plot([row["floor_ms"]] * 2, [place - 0.42, place + 0.42], color="k")
            place += 1
        place += 0.7
    axes.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    axes.invert_yaxis()
    axes.set_xlabel("ms of processor time on one thread (line: 5 % to 95 %; mark: floor)")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, path)


def draw_pipeline(path: Path, section: Mapping[str, Any]) -> None:
    """Draw the stages from message to message, for each camera.

    Args:
        path: of the picture; its suffix names the format (png, svg, pdf).
        section: the `pipeline` section of a document.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.

    """
    cases = section["cases"]
    figure = _figure(9, 1.4 + 1.3 * _ROW * len(cases))
    axes = figure.subplots()
    left = dict.fromkeys(cases, 0.0)
    for number, stage in enumerate(section["stages"]):
        widths = [case["cpu"][stage]["median"] for case in cases.values()]
        axes.barh(list(cases), widths, 0.7, list(left.values()), label=stage, color=f"C{number}")
        for name, width in zip(cases, widths, strict=True):
            left[name] += width
    axes.invert_yaxis()
    axes.set_xlabel("ms of processor time, medians")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(ncols=len(section["stages"]), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    _save(figure, path)


def _first(rows: list[Any], engine: str) -> Any:
    return next(row for row in rows if row["engine"] == engine)


def _figure(width: float, height: float) -> Any:
    try:
        kind = import_module("matplotlib.figure").Figure
    except ModuleNotFoundError as err:
        what = "the picture of fastdepth bench"
        raise MissingExtraError(what, "train", err) from err
    return kind(figsize=(width, height), layout="constrained")


def _save(figure: Any, path: Path) -> None:
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=_DPI)
