"""Model files side by side: what other engines make of one, and how long several take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np

from fastdepth.engines import ENGINES, open_engine
from fastdepth.errors import EngineError, MissingExtraError
from fastdepth.frame import F32Array


class EngineReport(NamedTuple):
    """How another engine runs the quantised file.

    Attributes:
        engine: its name.
        mean: mean difference from onnxruntime, metres; None where it does not run the file.
        largest: of any pixel, metres; None likewise.
        reason: why it does not run the file.

    """

    engine: str
    mean: float | None = None
    largest: float | None = None
    reason: str = ""


def compare_engines(path: Path, tensors: Sequence[F32Array]) -> list[EngineReport]:
    """Run a file in every engine and compare with onnxruntime."""
    reference = open_engine(path, threads=1)
    expected = [reference.run(tensor).copy() for tensor in tensors]
    reports = []
    for name in ENGINES[1:]:
        try:
            with _quiet_opencv():
                engine = open_engine(path, engine=name, threads=1)
            outputs = [engine.run(tensor).copy() for tensor in tensors]
        except (EngineError, MissingExtraError) as err:
            reports.append(EngineReport(name, reason=str(err)))
            continue
        apart = [np.abs(a - b) for a, b in zip(outputs, expected, strict=True)]
        largest = float(np.max(apart))
        reports.append(EngineReport(engine.description, float(np.mean(apart)), largest))
    return reports


def time_together(
    paths: Sequence[Path], tensors: Sequence[F32Array], rounds: int = 200
) -> list[float]:
    """Return the median seconds of one inference of each file, taken in turns on one thread."""
    engines = [open_engine(path, threads=1) for path in paths]
    seconds: list[list[float]] = [[] for _ in paths]
    for turn in range(rounds + 10):
        tensor = tensors[turn % len(tensors)]
        for engine, times in zip(engines, seconds, strict=True):
            start = perf_counter()
            engine.run(tensor)
            times.append(perf_counter() - start)
    # The first ten rounds warm up.
    return [float(np.median(times[10:])) for times in seconds]


@contextlib.contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from telling on the terminal what its exception says too."""
    logging_of = cv2.utils.logging
    level = logging_of.getLogLevel()
    logging_of.setLogLevel(logging_of.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging_of.setLogLevel(level)
