"""Plots as SVG text: they need no script and no library, and stay sharp at every size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from fastdepth.error_sums import F64Array
from fastdepth.pictures import tick_values

WIDTH, HEIGHT = 480, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 10, 14, 40
# Share of a plot's height for the names of its lines.
_LEGEND = 0.12
_MOST_POINTS = 400
_MOST_TICKS = 6
SERIES = ("#1f6feb", "#d1570f", "#2a8f5a")


class Series(NamedTuple):
    """A line of a plot: its name, and its y values by x; NaN leaves a gap."""

    name: str
    x: F64Array
    y: F64Array


class Bar(NamedTuple):
    """A bar: what is under it, how high it is, and what is written on top."""

    label: str
    value: float
    text: str


def line_chart(
    title: str,
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    *,
    reference: float | None = None,
) -> str:
    """Return a plot of lines over x.

    Args:
        title: read out where pictures are not shown.
        series: up to three lines; long ones are thinned to means of equal spans.
        x_label: quantity and unit.
        y_label: quantity and unit.
        reference: a y value to draw a dashed line at.

    """
    lines = [_thinned(each) for each in series]
    known = np.concatenate([line.y[np.isfinite(line.y)] for line in lines])
    values = [*known.tolist(), *([] if reference is None else [reference])] or [0.0, 1.0]
    frame = _Frame.around(
        min(float(np.min(line.x)) for line in lines),
        max(float(np.max(line.x)) for line in lines),
        min(values),
        max(values),
    )
    if len(lines) > 1:  # the names stand above the lines
        room = _LEGEND * (frame.y_high - frame.y_low)
        frame = frame._replace(y_high=frame.y_high + room)
    parts = frame.axes(x_label, y_label)
    if reference is not None:
        y = frame.y(reference)
        parts.append(
            f'<line class="reference" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" '
            f'y1="{y:.1f}" y2="{y:.1f}"/>'
        )
    for colour, line in zip(SERIES, lines, strict=False):
        parts += [
            f'<polyline class="line" stroke="{colour}" points="{points}"/>'
            for points in _runs(frame, line)
        ]
    if len(lines) > 1:
        x = _LEFT + 8
        for colour, line in zip(SERIES, lines, strict=False):
            parts.append(f'<rect fill="{colour}" x="{x}" y="{_TOP}" width="10" height="10"/>')
            parts.append(f'<text x="{x + 14}" y="{_TOP + 10}">{escape(line.name)}</text>')
            x += 30 + 8 * len(line.name)
    return _svg(title, parts)


def bar_chart(title: str, bars: Sequence[Bar], x_label: str, y_label: str) -> str:
    """Return a plot of bars from zero up."""
    top = max([bar.value for bar in bars if math.isfinite(bar.value)], default=1.0) * 1.12 or 1.0
    frame = _Frame(0.0, float(len(bars)), 0.0, top)
    parts = frame.axes(x_label, y_label, x_ticks=False)
    step = (WIDTH - _LEFT - _RIGHT) / len(bars)
    for index, bar in enumerate(bars):
        left, y = frame.x(index) + 0.14 * step, frame.y(bar.value)
        middle = frame.x(index + 0.5)
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{y:.1f}" width="{0.72 * step:.1f}" '
            f'height="{HEIGHT - _BOTTOM - y:.1f}"><title>{escape(bar.text)}</title></rect>'
        )
        parts.append(
            f'<text class="middle" x="{middle:.1f}" y="{HEIGHT - _BOTTOM + 15}">'
            f"{escape(bar.label)}</text>"
        )
        if step >= 34:
            parts.append(
                f'<text class="middle small" x="{middle:.1f}" y="{y - 4:.1f}">'
                f"{escape(bar.text)}</text>"
            )
    return _svg(title, parts)


class _Frame(NamedTuple):
    """Where values lie on the picture."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @classmethod
    def around(cls, x_low: float, x_high: float, y_low: float, y_high: float) -> _Frame:
        """Make room around the values; a line that is flat gets some too."""
        margin = 0.08 * (y_high - y_low) or 0.1 * abs(y_high) or 1.0
        low = 0.0 if 0 <= y_low < 0.4 * y_high else y_low - margin
        return cls(x_low, x_high if x_high > x_low else x_low + 1.0, low, y_high + margin)

    def x(self, value: float) -> float:
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def axes(self, x_label: str, y_label: str, *, x_ticks: bool = True) -> list[str]:
        bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        parts = []
        for value in tick_values(self.y_low, self.y_high, _MOST_TICKS):
            y = self.y(value)
            parts.append(
                f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{_number(value)}</text>'
            )
        if x_ticks:
            parts += [
                f'<text class="middle" x="{self.x(value):.1f}" y="{bottom + 15}">'
                f"{_number(value)}</text>"
                for value in tick_values(self.x_low, self.x_high, _MOST_TICKS)
            ]
        middle = (_TOP + bottom) / 2
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
            f'<text class="middle label" x="{(_LEFT + right) / 2}" y="{HEIGHT - 6}">'
            f"{escape(x_label)}</text>"
            f'<text class="middle label" transform="translate(13 {middle}) rotate(-90)">'
            f"{escape(y_label)}</text>"
        )
        return parts


def _thinned(series: Series) -> Series:
    if series.x.size <= _MOST_POINTS:
        return series
    spans = np.array_split(np.arange(series.x.size), _MOST_POINTS)
    x = np.array([series.x[span].mean() for span in spans])
    y = np.array([_mean_known(series.y[span]) for span in spans])
    return Series(series.name, x, y)


def _mean_known(values: F64Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


def _runs(frame: _Frame, line: Series) -> list[str]:
    """Return the points of each stretch without a gap."""
    runs: list[list[str]] = [[]]
    for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True):
        if math.isfinite(y):
            runs[-1].append(f"{frame.x(x):.1f},{frame.y(y):.1f}")
        elif runs[-1]:
            runs.append([])
    # A point alone would not be seen.
    return [" ".join(run * 2 if len(run) == 1 else run) for run in runs if run]


def _number(value: float) -> str:
    return f"{0.0 if abs(value) < 1e-12 else value:.6g}"


def _svg(title: str, parts: list[str]) -> str:
    body = "".join(parts)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">{body}</svg>'
    )
