"""What several verbs share: arguments, progress and how results are printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from fastdepth.metrics import METRIC_KEYS
from fastdepth.paths import default_model

T = TypeVar("T")

_UNITS = {"rmse": "m", "mae": "m", "sq_rel": "m", "silog": "%"}


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose a model and how it runs."""
    parser.add_argument(
        "--model",
        type=Path,
        default=None,
        help="ONNX file with a model card (default: the model that comes with the package)",
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="threads for inference; 0 chooses (default)"
    )
    parser.add_argument(
        "--no-camera-scale",
        dest="camera_aware",
        action="store_false",
        help="do not scale depth from the model card's camera to the frame's",
    )


def parse_intrinsics(text: str) -> tuple[float, float, float, float]:
    """Read `FX,FY,CX,CY` in pixels; for argparse, so it raises ArgumentTypeError."""
    try:
        fx, fy, cx, cy = (float(part) for part in text.split(","))
    except ValueError as err:
        msg = f"{text!r} is not four numbers; expected FX,FY,CX,CY in pixels"
        raise argparse.ArgumentTypeError(msg) from err
    return fx, fy, cx, cy


def model_path(args: argparse.Namespace) -> Path:
    """Return the model asked for, or the package's own."""
    return args.model or default_model()


def track(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Yield items with a progress bar on stderr (rate and time left), if rich is installed."""
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ModuleNotFoundError:
        yield from items
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task(label, total=total, rate="")
        for item in items:
            yield item
            speed = bar.tasks[task].speed
            bar.update(task, advance=1, rate=f"{speed:.1f}/s" if speed else "")


def metric_lines(metrics: Mapping[str, float]) -> list[str]:
    """Return one aligned line a metric, with its unit."""
    lines = []
    for key in METRIC_KEYS:
        unit = _UNITS.get(key, "")
        lines.append(f"  {key:<11}{metrics[key]:8.4f} {unit}".rstrip())
    return lines
