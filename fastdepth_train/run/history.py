"""The numbers of a run over all its starts."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from fastdepth.error_sums import F64Array
from fastdepth.files import whole_file
from fastdepth_train.run.folder import RunFolder

_STEP, _EPOCH = "step", "epoch"

Row = dict[str, float]


class History:
    """What was logged, by optimizer step."""

    def __init__(self, rows: list[Row], steps_per_epoch: int) -> None:
        """Hold rows in the order of their steps."""
        self.rows = rows
        self._steps_per_epoch = max(1, steps_per_epoch)

    def names(self) -> list[str]:
        """Return the names of everything that was logged."""
        return sorted({key for row in self.rows for key in row} - {_STEP, _EPOCH})

    def series(self, key: str) -> tuple[F64Array, F64Array]:
        """Return the epochs (1.0 is the end of the first) and the values of a quantity."""
        found = [(row[_STEP], row[key]) for row in self.rows if key in row]
        steps = np.array([step for step, _ in found], np.float64)
        return (steps + 1) / self._steps_per_epoch, np.array([v for _, v in found], np.float64)


def read_history(folder: RunFolder, steps_per_epoch: int) -> History:
    """Read the metrics.csv of every start.

    A run that goes on from a checkpoint repeats the steps after it; the last ones count.
    """
    rows: list[Row] = []
    for version in folder.versions():
        new = _read(version / "metrics.csv")
        if new:
            first = min(row[_STEP] for row in new)
            rows = [row for row in rows if row[_STEP] < first] + new
    return History(sorted(rows, key=lambda row: row[_STEP]), steps_per_epoch)


def write_history(path: Path, history: History) -> None:
    """Write one table of the whole run.

    Raises:
        OutputError: it cannot be written.

    """
    names = [_EPOCH, _STEP, *history.names()]
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in history.rows:
            writer.writerow({key: f"{value:.10g}" for key, value in row.items()})


def _read(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            row = {key: _number(text) for key, text in line.items() if key and text}
            # A killed run may leave a line cut short.
            if not math.isnan(row.get(_STEP, math.nan)):
                rows.append(row)
    return rows


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
