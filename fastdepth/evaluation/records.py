"""One record a frame: written to frames.csv at once, and kept as numbers for the report."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from fastdepth.error_sums import F64Array
from fastdepth.errors import OutputError, SourceError
from fastdepth.metrics import METRIC_KEYS

if TYPE_CHECKING:
    from typing_extensions import Self

SCORED = "scored"
"""Status of a frame with metrics; others have the reason why they have none."""

STAGES = ("read", "prepare", "infer", "finish", "score")

NUMBERS = (
    "time",
    *METRIC_KEYS,
    "bias",
    "scale",
    "pixels",
    "aligned_by",
    "camera_scale",
    "steadiness",
    "steady_share",
    *(f"{stage}_ms" for stage in STAGES),
)
"""The columns that are numbers; empty in frames.csv where a frame has none."""

_TEXTS = ("frame", "name", "stamp", "status")
COLUMNS = (*_TEXTS, *NUMBERS)


class Records:
    """Writes frames.csv, row by row, and keeps the numbers (some 200 bytes a frame)."""

    def __init__(self, path: Path) -> None:
        """Prepare; the file is written inside the block."""
        self._path = path
        self._numbers = {name: array("d") for name in NUMBERS}
        self._first_stamp: int | None = None
        self._count = 0

    def add(self, name: str, stamp: int | None, status: str, values: Mapping[str, float]) -> None:
        """Write a frame.

        Args:
            name: of the frame.
            stamp: nanoseconds, or None.
            status: SCORED or a reason.
            values: some of NUMBERS but `time`, which follows from the stamps: seconds since the
                first.

        Raises:
            OutputError: the file cannot be written.

        """
        row = dict(values)
        time = self.time_of(stamp)
        if time is not None:
            row["time"] = time
        for number, column in self._numbers.items():
            column.append(row.get(number, math.nan))
        seconds = "" if stamp is None else f"{stamp // 1_000_000_000}.{stamp % 1_000_000_000:09d}"
        texts = (self._count, name, seconds, status)
        self._count += 1
        numbers = (f"{row[key]:.9g}" if key in row else "" for key in NUMBERS)
        try:
            self._writer.writerow((*texts, *numbers))
        except OSError as err:
            raise self._error(err) from err

    def time_of(self, stamp: int | None) -> float | None:
        """Return the seconds since the first stamp that was asked for or added."""
        if stamp is None:
            return None
        if self._first_stamp is None:
            self._first_stamp = stamp
        return (stamp - self._first_stamp) / 1e9

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._count

    def column(self, name: str) -> F64Array:
        """Return a column of NUMBERS, NaN where a frame has no such number."""
        return np.array(self._numbers[name], np.float64)

    def __enter__(self) -> Self:
        """Open the file; raises OutputError where that fails."""
        try:
            self._file = self._path.open("w", encoding="utf-8", newline="")
        except OSError as err:
            raise self._error(err) from err
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; raises OutputError where that fails."""
        try:
            self._file.close()
        except OSError as err:
            raise self._error(err) from err

    def _error(self, err: OSError) -> OutputError:
        return OutputError(f"cannot write {self._path}: {err.strerror or err}")


def read_records(path: Path) -> dict[str, dict[str, Any]]:
    """Read frames.csv.

    Returns:
        By the name of the frame: `status`, `stamp` (text) and those of NUMBERS that it has.

    Raises:
        SourceError: the file cannot be read, or is no such file.

    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as err:
        msg = f"{path} cannot be read: {err}"
        raise SourceError(msg) from err
    if not rows or tuple(rows[0]) != COLUMNS:
        msg = f"{path} is no frames.csv of this version; evaluate again"
        raise SourceError(msg)
    try:
        return {row[1]: _record(row) for row in rows[1:]}
    except (ValueError, IndexError) as err:
        msg = f"{path} is damaged: {err}"
        raise SourceError(msg) from err


def _record(row: Sequence[str]) -> dict[str, Any]:
    numbers = {
        name: float(text)
        for name, text in zip(NUMBERS, row[len(_TEXTS) :], strict=True)
        if text != ""
    }
    return {"stamp": row[2], "status": row[3], **numbers}
