"""What differs between two evaluations of the same frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fastdepth.error_sums import F64Array
from fastdepth.errors import SettingError, SourceError
from fastdepth.evaluation.folder import read_figures
from fastdepth.evaluation.page import page, paragraphs, table
from fastdepth.evaluation.records import SCORED, read_records
from fastdepth.evaluation.run import RECORDS
from fastdepth.evaluation.svg import Series, line_chart
from fastdepth.metrics import HIGHER_IS_BETTER, METRIC_KEYS

CONFIDENCE = 0.95
RESAMPLES = 10_000
BLOCK_SECONDS = 1.0
"""Neighbouring frames of a video err alike, so whole stretches of it are resampled."""

_SETTINGS = ("protocol", "align", "camera_aware", "source")
_ORIGIN = ("model", "model_version", "model_file", "calibration", *_SETTINGS)


@dataclass(frozen=True, slots=True)
class Difference:
    """How a metric differs on the frames that both runs scored.

    Attributes:
        a: mean of run A.
        b: mean of run B.
        difference: mean of B - A, frame by frame.
        low: lower end of its confidence interval.
        high: upper end.
        better: share of the frames on which B is better.

    """

    a: float
    b: float
    difference: float
    low: float
    high: float
    better: float

    def verdict(self, key: str) -> str:
        """Return `better`, `worse` or `no clear difference`, of B against A."""
        if self.low <= 0 <= self.high:
            return "no clear difference"
        rises = self.difference > 0
        return "better" if rises == (key in HIGHER_IS_BETTER) else "worse"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRuns:
    """Two runs, compared.

    Attributes:
        a: metrics.json of run A.
        b: metrics.json of run B.
        frames: how many both scored.
        only_a: frames that A alone scored.
        only_b: frames that B alone scored.
        block: neighbouring frames that were resampled together.
        metrics: by metric key.
        time: seconds since the first frame, or the number of the frame.
        columns: (metric of A, metric of B) of the frames, by metric key.
        settings: what else differs, as (value in A, value in B) by name.

    """

    a: dict[str, Any]
    b: dict[str, Any]
    frames: int
    only_a: int
    only_b: int
    block: int
    metrics: dict[str, Difference]
    time: F64Array
    columns: dict[str, tuple[F64Array, F64Array]]
    settings: dict[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return what a JSON file keeps."""
        return {
            "a": {key: self.a.get(key) for key in _ORIGIN},
            "b": {key: self.b.get(key) for key in _ORIGIN},
            "frames": self.frames,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "confidence": CONFIDENCE,
            "block": self.block,
            "metrics": {
                key: {
                    "a": d.a,
                    "b": d.b,
                    "difference": d.difference,
                    "low": d.low,
                    "high": d.high,
                    "better": d.better,
                    "verdict": d.verdict(key),
                }
                for key, d in self.metrics.items()
            },
        }


def compare_runs(folder_a: Path, folder_b: Path, seed: int = 0) -> ComparedRuns:
    """Compare two output folders of `fastdepth evaluate`, paired by the names of the frames.

    The interval is a percentile interval of a moving-block bootstrap (Kunsch 1989): blocks of
    BLOCK_SECONDS where frames have stamps, else single frames.

    Args:
        folder_a: of run A.
        folder_b: of run B.
        seed: of the resampling.

    Raises:
        SourceError: a folder is none, or the runs have no frame in common.
        SettingError: they were scored by different protocols.

    """
    a, b = read_figures(folder_a), read_figures(folder_b)
    if a.get("protocol") != b.get("protocol"):
        msg = (
            f"{folder_a} was scored by protocol {a.get('protocol')}, {folder_b} by "
            f"{b.get('protocol')}; figures of different protocols cannot be compared"
        )
        raise SettingError(msg)
    rows_a, rows_b = _scored(folder_a), _scored(folder_b)
    names = [name for name in rows_a if name in rows_b]
    if not names:
        msg = (
            f"{folder_a} and {folder_b} have no scored frame in common; are they of the same "
            "recording?"
        )
        raise SourceError(msg)
    time, block = _times([rows_a[name].get("time") for name in names])
    means = _Resampled(len(names), block, seed)
    columns = {
        key: (
            np.array([rows_a[name][key] for name in names]),
            np.array([rows_b[name][key] for name in names]),
        )
        for key in METRIC_KEYS
    }
    return ComparedRuns(
        a=a,
        b=b,
        frames=len(names),
        only_a=len(rows_a) - len(names),
        only_b=len(rows_b) - len(names),
        block=block,
        metrics={key: _difference(key, *pair, means) for key, pair in columns.items()},
        time=time,
        columns=columns,
        settings={key: (a.get(key), b.get(key)) for key in _SETTINGS if a.get(key) != b.get(key)},
    )


def text_lines(runs: ComparedRuns) -> list[str]:
    """Return the comparison as lines of text."""
    lines = [f"A  {_title(runs.a)}", f"B  {_title(runs.b)}"]
    lines += [f"they also differ in {name}: A {a}, B {b}" for name, (a, b) in runs.settings.items()]
    lines.append(_frames_text(runs))
    lines.append(f"{'':<11}{'A':>9}{'B':>9}{'B - A':>10}   {CONFIDENCE:.0%} interval")
    for key, d in runs.metrics.items():
        lines.append(
            f"{key:<11}{d.a:9.4f}{d.b:9.4f}{d.difference:+10.4f}   {d.low:+.4f} .. {d.high:+.4f}  "
            f"{d.verdict(key)}"
        )
    return lines


def comparison_page(runs: ComparedRuns) -> str:
    """Return the comparison as an HTML page."""
    rows = [
        (
            key,
            d.verdict(key),
            f"{d.a:.4f}",
            f"{d.b:.4f}",
            f"{d.difference:+.4f}",
            f"{d.low:+.4f} .. {d.high:+.4f}",
            f"{d.better:.0%}",
        )
        for key, d in runs.metrics.items()
    ]
    head = ("metric", "B is", "A", "B", "B - A", f"{CONFIDENCE:.0%} interval", "frames better in B")
    charts = []
    for key in ("abs_rel", "delta1"):
        a, b = runs.columns[key]
        chart = line_chart(
            f"{key} of both runs",
            [Series("A", runs.time, a), Series("B", runs.time, b)],
            "seconds since the first frame" if runs.block > 1 else "time, or number of the frame",
            key,
        )
        charts.append(f"<figure><figcaption>{key} of each frame</figcaption>{chart}</figure>")
    differing = [
        f"They also differ in {name}: A {a}, B {b}." for name, (a, b) in runs.settings.items()
    ]
    method = (
        f"Paired differences, frame by frame; the interval is a bootstrap over stretches of "
        f"{runs.block} frames. Where it does not hold zero, the runs differ by more than chance."
    )
    return page(
        "Two evaluations compared",
        [
            "<h1>Two evaluations compared</h1>",
            paragraphs([f"A: {_title(runs.a)}", f"B: {_title(runs.b)}"]),
            *(f'<div class="alert">{escape(text)}</div>' for text in differing),
            paragraphs([_frames_text(runs)]),
            table(head, rows, texts=2),
            paragraphs([method], "pale"),
            f'<div class="plots">{"".join(charts)}</div>',
        ],
    )


class _Resampled:
    """Means over resampled frames; the same resamples for every metric."""

    def __init__(self, count: int, block: int, seed: int) -> None:
        """Draw the blocks."""
        rng = np.random.default_rng(seed)
        self._block = block
        self._count = count
        self._starts = rng.integers(
            count - block + 1, size=(RESAMPLES, max(1, round(count / block)))
        )

    def interval(self, values: F64Array) -> tuple[float, float]:
        """Return the confidence interval of the mean."""
        sums = np.concatenate(([0.0], np.cumsum(values)))
        of_block = (sums[self._block :] - sums[: -self._block]) / self._block
        means = of_block[self._starts].mean(axis=1)
        tail = 50 * (1 - CONFIDENCE)
        low, high = np.percentile(means, (tail, 100 - tail))
        return float(low), float(high)


def _difference(key: str, a: F64Array, b: F64Array, means: _Resampled) -> Difference:
    change = b - a
    low, high = means.interval(change)
    is_better = change > 0 if key in HIGHER_IS_BETTER else change < 0
    return Difference(
        float(a.mean()), float(b.mean()), float(change.mean()), low, high, float(is_better.mean())
    )


def _scored(folder: Path) -> dict[str, dict[str, Any]]:
    records = read_records(folder / RECORDS)
    return {name: row for name, row in records.items() if row["status"] == SCORED}


def _times(times: list[float | None]) -> tuple[F64Array, int]:
    """Return the time axis, and how many frames a block has."""
    known = np.array([np.nan if time is None else time for time in times])
    if not np.isfinite(known).all() or known.size < 2:
        return np.arange(known.size, dtype=np.float64), 1
    period = float(np.median(np.abs(np.diff(known))))
    block = round(BLOCK_SECONDS / period) if period > 0 else 1
    # A few blocks at least must fit, or all resamples are the same.
    return known, min(max(1, block), max(1, known.size // 4))


def _title(figures: Mapping[str, Any]) -> str:
    calibration = figures.get("calibration")
    more = f", calibrated ({calibration['file']})" if calibration else ""
    partial = ", partial" if figures.get("partial") else ""
    return f"{figures['model']} {figures['model_version']} on {figures['source']}{more}{partial}"


def _frames_text(runs: ComparedRuns) -> str:
    text = f"{runs.frames} frames that both scored, protocol {runs.a['protocol']}"
    if runs.only_a or runs.only_b:
        text += f" (only A scored {runs.only_a}, only B {runs.only_b})"
    return text
