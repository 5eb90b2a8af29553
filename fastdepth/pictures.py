"""Pictures that explain depth: titled columns of panels over a common metre scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fastdepth.colour import ColourMap, depth_colours, error_colours
from fastdepth.errors import OutputError
from fastdepth.files import whole_file
from fastdepth.frame import U8Array
from fastdepth.lettering import INK, PAPER, draw_text, text_width

_MOST_TICKS = 7
_HAIRLINE = (200, 204, 210)
_PALE = (110, 114, 122)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """A colour bar with labelled ticks, in metres, under some columns of a picture.

    Attributes:
        colours: 256x3 uint8 RGB; row 0 stands for `low`, row 255 for `high`.
        low: metres at the left end.
        high: metres at the right end.
        columns: first and last column it stands under.
        signed: write a sign before every label (errors).

    """

    colours: U8Array
    low: float
    high: float
    columns: tuple[int, int]
    signed: bool = False


def depth_scale(
    near: float, far: float, columns: tuple[int, int], colour_map: ColourMap = "inferno"
) -> Scale:
    """Return the scale of panels made by `colourise(depth, near, far, colour_map)`."""
    return Scale(depth_colours(colour_map), near, far, columns)


def error_scale(limit: float, columns: tuple[int, int]) -> Scale:
    """Return the scale of panels made by `colourise_error(error, limit)`."""
    return Scale(error_colours(), -limit, limit, columns, signed=True)


def picture_grid(
    rows: Sequence[Sequence[U8Array]],
    titles: Sequence[str],
    scales: Sequence[Scale] = (),
    *,
    panel_width: int = 320,
    swatches: Mapping[str, tuple[int, int, int]] | None = None,
    footer: str = "",
) -> U8Array:
    """Lay panels out in rows and titled columns, with their scales below.

    Args:
        rows: panels row by row, each HxWx3 uint8 RGB of any size; every panel is drawn
            `panel_width` wide, with the aspect ratio of the first one.
        titles: one for each column; drawn above it.
        scales: colour bars, drawn below the columns they name.
        panel_width: pixels; all other sizes follow it.
        swatches: colours to explain (RGB) by their texts, drawn at the height of the scales from
            the left; for columns without a scale.
        footer: a line at the bottom (what model, what data), or empty.

    Returns:
        HxWx3 uint8 RGB; height and width are even, as video encoders want them.

    Raises:
        ValueError: no rows, or a row that has not one panel for each title.

    """
    if not rows or any(len(row) != len(titles) for row in rows):
        counts = ", ".join(str(len(row)) for row in rows) or "none"
        msg = f"the rows have {counts} panels; expected {len(titles)} in each, one for each title"
        raise ValueError(msg)
    swatches = swatches or {}
    layout = _Layout.plan(rows, titles, bool(scales or swatches), bool(footer), panel_width)
    canvas = np.full((layout.height, layout.width, 3), PAPER, np.uint8)
    for column, title in enumerate(titles):
        middle = layout.left(column) + panel_width // 2
        draw_text(canvas, title, (middle, layout.margin), layout.text, align="centre")
    for index, row in enumerate(rows):
        top = layout.top(index)
        for column, panel in enumerate(row):
            left = layout.left(column)
            canvas[top : top + layout.panel_height, left : left + panel_width] = _fit(
                panel, panel_width, layout.panel_height
            )
    for scale in scales:
        _draw_scale(canvas, scale, layout)
    _draw_swatches(canvas, swatches, layout)
    if footer:
        draw_text(canvas, footer, (layout.margin, layout.footer_top), layout.small, colour=_PALE)
    return canvas


def write_picture(path: Path, picture: U8Array) -> None:
    """Write an HxWx3 uint8 RGB picture as PNG, whole or not at all.

    Raises:
        OutputError: the file cannot be written.

    """
    with whole_file(path) as temporary:
        if not cv2.imwrite(str(temporary), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
            msg = f"cannot write {path}"
            raise OutputError(msg)


def tick_values(low: float, high: float, most: int = _MOST_TICKS) -> list[float]:
    """Return up to `most` round values in [low, high], 1, 2 or 5 times a power of ten apart."""
    span = high - low
    step = 10.0 ** math.floor(math.log10(span / most))
    for factor in (1.0, 2.0, 5.0, 10.0, 20.0):
        size = step * factor
        first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
        if last - first + 1 <= most:
            break
    return [index * size for index in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything goes, in pixels."""

    panel_width: int
    panel_height: int
    columns: int
    rows: int
    margin: int
    gap: int
    text: int
    small: int
    scales: bool
    footer: bool

    @classmethod
    def plan(
        cls,
        rows: Sequence[Sequence[U8Array]],
        titles: Sequence[str],
        scales: bool,
        footer: bool,
        panel_width: int,
    ) -> _Layout:
        height, width = rows[0][0].shape[:2]
        panel_height = max(2, round(panel_width * height / width / 2) * 2)
        text = max(6, round(panel_width * 0.042))
        return cls(
            panel_width=panel_width,
            panel_height=panel_height,
            columns=len(titles),
            rows=len(rows),
            margin=max(4, round(panel_width * 0.045)),
            gap=max(2, round(panel_width * 0.03)),
            text=text,
            small=max(5, round(text * 0.8)),
            scales=scales,
            footer=footer,
        )

    def left(self, column: int) -> int:
        return self.margin + column * (self.panel_width + self.gap)

    def top(self, row: int) -> int:
        return self.margin * 2 + self.text + row * (self.panel_height + self.gap)

    @property
    def scale_top(self) -> int:
        return self.top(self.rows) - self.gap + self.margin

    @property
    def footer_top(self) -> int:
        under_panels = self.top(self.rows) - self.gap + self.margin
        return under_panels + (self.text + 2 * self.small + self.margin if self.scales else 0)

    @property
    def height(self) -> int:
        end = self.footer_top + (self.small + self.margin if self.footer else 0)
        return end + end % 2

    @property
    def width(self) -> int:
        end = self.left(self.columns) - self.gap + self.margin
        return end + end % 2


def _draw_scale(canvas: U8Array, scale: Scale, layout: _Layout) -> None:
    left = layout.left(scale.columns[0])
    right = layout.left(scale.columns[1]) + layout.panel_width
    top, bottom = layout.scale_top, layout.scale_top + layout.text
    ramp = np.rint(np.linspace(0.0, 255.0, right - left)).astype(np.uint8)
    canvas[top:bottom, left:right] = scale.colours[ramp]
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), _HAIRLINE, 1)
    label_top = bottom + layout.small // 2 + 1
    most = max(2, (right - left) // (layout.small * 5))
    for value in tick_values(scale.low, scale.high, min(_MOST_TICKS, most)):
        share = (value - scale.low) / (scale.high - scale.low)
        x = left + round(share * (right - left - 1))
        canvas[bottom : bottom + max(2, layout.small // 3), x] = INK
        label = f"{value:+g} m" if scale.signed and value else f"{value:g} m"
        half = text_width(label, layout.small) // 2
        x = min(max(x, left + half), right - half)
        draw_text(canvas, label, (x, label_top), layout.small, align="centre")


def _draw_swatches(
    canvas: U8Array, swatches: Mapping[str, tuple[int, int, int]], layout: _Layout
) -> None:
    left, top, side = layout.margin, layout.scale_top, layout.text
    for text, colour in swatches.items():
        canvas[top : top + side, left : left + side] = colour
        left += side + layout.gap
        draw_text(canvas, text, (left, top + (side - layout.small) // 2), layout.small)
        left += text_width(text, layout.small) + 2 * layout.margin


def _fit(panel: U8Array, width: int, height: int) -> U8Array:
    shrinks = panel.shape[1] > width or panel.shape[0] > height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fitted: U8Array = cv2.resize(panel, (width, height), interpolation=interpolation)
    return fitted
