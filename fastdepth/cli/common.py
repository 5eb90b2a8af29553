"""What several verbs share: arguments, progress and how results are printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar

from fastdepth.metrics import METRIC_KEYS
from fastdepth.paths import default_model

T = TypeVar("T")
Progress = Callable[[int, int], None]

_SECONDS_BETWEEN_LINES = 10.0
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


def add_topic_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which topics of a bag make its frames."""
    topics = parser.add_argument_group("bags", "topics are found by type and name unless given")
    topics.add_argument("--image", help="topic of the images")
    topics.add_argument("--camera-info", help="topic of their camera_info")
    topics.add_argument("--depth", help="topic of the ground truth, registered to the images")
    topics.add_argument(
        "--max-dt",
        type=float,
        default=0.02,
        help="most seconds between an image and its ground truth (default: 0.02)",
    )


@contextmanager
def progress(total: int, label: str) -> Iterator[Progress]:
    """Show on stderr how far something is, how fast, and how long it will take.

    A terminal gets a bar, if rich is installed; anything else a line every ten seconds.

    Yields:
        What to call with the number of items done and of all.

    """
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar  # noqa: PLC0415
    except ModuleNotFoundError:
        yield _lines(label)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total, rate="")

        def show(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:.1f}/s" if speed else "")

        yield show


def track(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Yield items and show on stderr how far that is, as `progress` does."""
    with progress(total, label) as show:
        for done, item in enumerate(items, 1):
            yield item
            show(done, total)


def _lines(label: str) -> Progress:
    start = said = monotonic()

    def show(done: int, total: int) -> None:
        nonlocal said
        now = monotonic()
        if now - said >= _SECONDS_BETWEEN_LINES:
            said = now
            rate = done / (now - start)
            left = max(0, total - done) / rate
            line = f"{label}: {done} of {total}, {rate:.1f}/s, {left:.0f} s left"
            print(line, file=sys.stderr, flush=True)

    return show


def metric_lines(metrics: Mapping[str, float]) -> list[str]:
    """Return one aligned line a metric, with its unit."""
    lines = []
    for key in METRIC_KEYS:
        unit = _UNITS.get(key, "")
        lines.append(f"  {key:<11}{metrics[key]:8.4f} {unit}".rstrip())
    return lines
