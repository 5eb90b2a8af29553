"""The folder of one evaluation: whole or not at all, and never in the place of anything else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastdepth.errors import SourceError
from fastdepth.evaluation.options import Options
from fastdepth.evaluation.report import report_page
from fastdepth.evaluation.run import RECORDING, RECORDS, Evaluator, Show
from fastdepth.files import result_folder, whole_file, write_json

METRICS = "metrics.json"
REPORT = "report.html"

_OURS = {METRICS, RECORDS, REPORT, RECORDING}


def evaluate_source(
    path: Path,
    options: Options,
    out: Path | None,
    show: Show,
    stop: Callable[[], bool],
    *,
    make: Callable[[Path, Options, Path], Evaluator] = Evaluator,
) -> dict[str, Any]:
    """Evaluate one source and write its folder.

    Args:
        path: of the source.
        options: what to do.
        out: the folder to make, in the place of an earlier result; None keeps the figures alone.
        show: told how many frames are done, of how many.
        stop: asked before each frame; once it is true the result is marked as partial.
        make: makes the evaluator; a live evaluation has one of its own.

    Returns:
        The content of metrics.json.

    Raises:
        FastDepthError: whatever cannot be read, predicted or written.

    """
    if out is None:
        with tempfile.TemporaryDirectory() as scratch:
            return make(path, options, Path(scratch)).run(show, stop).figures
    with result_folder(out, path, names=_OURS, mark=METRICS, maker="evaluation") as folder:
        result = make(path, options, folder).run(show, stop)
        with whole_file(folder / REPORT) as file:
            file.write_text(report_page(result), encoding="utf-8")
        write_json(folder / METRICS, result.figures)
    return result.figures


def finished(out: Path, fingerprint: str) -> dict[str, Any] | None:
    """Return the figures in a folder if they are whole and have this fingerprint."""
    try:
        figures = read_figures(out)
    except SourceError:
        return None
    whole = not figures.get("partial", True) and (out / REPORT).exists()
    return figures if whole and figures.get("fingerprint") == fingerprint else None


def read_figures(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's metrics.json.

    Raises:
        SourceError: it is missing, or is none.

    """
    path = folder / METRICS
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        msg = f"{path} cannot be read: {err}; expected the output folder of fastdepth evaluate"
        raise SourceError(msg) from err
    if not isinstance(figures, dict):
        msg = f"{path} is no result of an evaluation"
        raise SourceError(msg)
    return figures
