"""A picture of the benchmark: latency and cost against rate, and against cameras."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from fastdepth.errors import MissingExtraError
from fastdepth.files import whole_file
from fastdepth_ros.bench.rates import Result
from fastdepth_ros.bench.scaling import RATE, Cameras


def draw(path: Path, results: Sequence[Result], cameras: Sequence[Cameras]) -> None:
    """Draw the picture.

    Args:
        path: of it; its suffix names the format (png, svg, pdf).
        results: at several rates of a plain camera.
        cameras: by count and way; may be empty.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.

    """
    try:
        figure_class: Any = import_module("matplotlib.figure").Figure
    except ModuleNotFoundError as err:
        what = "the picture of fastdepth bench node"
        raise MissingExtraError(what, "train", err) from err
    figure = figure_class(figsize=(10, 6.5), layout="constrained")
    (cost, late), (many_cost, many_late) = figure.subplots(2, 2)
    _against_rate(cost, late, results)
    _against_cameras(many_cost, many_late, cameras)
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _against_rate(cost: Any, late: Any, results: Sequence[Result]) -> None:
    shown = sorted(results, key=lambda result: result.offered)
    rates = [result.offered for result in shown]
    costed = [(r.offered, r.cpu.median) for r in shown if r.cpu is not None]
    cost.plot(*zip(*costed, strict=True), "o-", label="node")
    cost.plot(rates, [r.bare_engine.median for r in shown], "s--", label="network alone")
    cost.set(xlabel="images a second", ylabel="CPU a frame (ms)", ylim=(0, None))
    cost.legend()
    heard = [(r.offered, r.end_to_end) for r in shown if r.end_to_end is not None]
    for part, style in (("median", "o-"), ("p95", "^--"), ("p99", "v:")):
        late.plot([x for x, _ in heard], [getattr(y, part) for _, y in heard], style, label=part)
    late.set(xlabel="images a second", ylabel="stamp to listener (ms)", yscale="log")
    late.legend()


def _against_cameras(cost: Any, late: Any, cameras: Sequence[Cameras]) -> None:
    for way, style in (("processes", "o-"), ("one process", "s--")):
        found = [one for one in cameras if one.way == way and one.rate == RATE]
        costed = [(one.cameras, one.cpu_ms.median) for one in found if one.cpu_ms is not None]
        if costed:
            cost.plot(*zip(*costed, strict=True), style, label=way)
        heard = [(one.cameras, one.end_to_end) for one in found if one.end_to_end is not None]
        if heard:
            late.plot([x for x, _ in heard], [y.p95 for _, y in heard], style, label=f"{way}, p95")
    cost.set(xlabel="cameras", ylabel="CPU a frame (ms)", ylim=(0, None))
    late.set(xlabel="cameras", ylabel="stamp to listener (ms)", yscale="log")
    for axes in (cost, late):
        if axes.lines:
            axes.legend()
