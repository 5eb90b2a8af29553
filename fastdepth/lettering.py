"""Smooth text on pictures with OpenCV's built-in letters alone.

OpenCV 4 draws plotter strokes and OpenCV 5 an outline font, each with its own sizes. Both are drawn
large, measured and shrunk here, so that a text has the same height and clean edges with either.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from fastdepth.frame import U8Array

PAPER = (255, 255, 255)
INK = (36, 41, 47)

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_OVERSAMPLING = 6
_STROKE = 0.13  # of the height of a capital


def draw_text(
    canvas: U8Array,
    text: str,
    position: tuple[int, int],
    height: int,
    *,
    align: Literal["left", "centre", "right"] = "left",
    colour: tuple[int, int, int] = INK,
) -> None:
    """Draw one line of ASCII text on an RGB picture, in place; what does not fit is cut off.

    Args:
        canvas: HxWx3 uint8 RGB.
        text: printable ASCII (OpenCV 4 has no other letters).
        position: (x, y) in pixels: `align` says which end x is; y is the top of the capitals.
        height: of the capitals, pixels.
        align: where x lies along the text.
        colour: RGB.

    """
    mask, above = _mask(text, height)
    rows, columns = mask.shape
    shift = {"left": 0, "centre": columns // 2, "right": columns}[align]
    x, y = position[0] - shift, position[1] - above
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + columns, canvas.shape[1]), min(y + rows, canvas.shape[0])
    if left >= right or top >= bottom:
        return
    cover = mask[top - y : bottom - y, left - x : right - x, None].astype(np.float32) / 255.0
    under = canvas[top:bottom, left:right]
    under[:] = np.rint(under * (1.0 - cover) + np.array(colour, np.float32) * cover)


def text_width(text: str, height: int) -> int:
    """Return the width in pixels of a text drawn with capitals of `height` pixels."""
    return int(_mask(text, height)[0].shape[1])


@lru_cache(maxsize=256)
def _mask(text: str, height: int) -> tuple[U8Array, int]:
    """Return how much of each pixel the text covers (0..255), and its rows above the capitals."""
    if not text.strip():
        return np.zeros((height, max(1, len(text) * height // 2)), np.uint8), 0
    capital = height * _OVERSAMPLING
    ink = _ink(text, capital)
    columns = np.flatnonzero(ink.any(axis=0))
    ink = ink[:, columns[0] : columns[-1] + 1]
    # Whole output pixels: half a capital above and below hold every bracket and descender.
    spare = -ink.shape[1] % _OVERSAMPLING
    ink = cv2.copyMakeBorder(ink, 0, 0, 0, spare, cv2.BORDER_CONSTANT, value=0)
    size = (ink.shape[1] // _OVERSAMPLING, ink.shape[0] // _OVERSAMPLING)
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA), ink.shape[0] // _OVERSAMPLING // 4


def _ink(text: str, capital: int) -> U8Array:
    """Draw text on 2 * capital rows, its capitals from row capital / 2 to 3 * capital / 2."""
    above, below = _capital_at_scale_one()
    scale = capital / (above + below)
    stroke = max(1, round(capital * _STROKE))
    (width, _), _ = cv2.getTextSize(text, _FONT, scale, stroke)
    canvas = np.zeros((2 * capital, width + 4 * stroke + capital), np.uint8)
    baseline = round(capital / 2 + above * scale)
    cv2.putText(canvas, text, (2 * stroke, baseline), _FONT, scale, 255, stroke, cv2.LINE_AA)
    return canvas


@lru_cache(maxsize=1)
def _capital_at_scale_one() -> tuple[float, float]:
    """Measure how far a capital reaches above and below its baseline at font scale 1, pixels."""
    scale, baseline = 8.0, 500
    stroke = round(8 * 21 * _STROKE)  # a capital of OpenCV 4 is 21 pixels high at scale 1
    canvas = np.zeros((600, 600), np.uint8)
    cv2.putText(canvas, "H", (100, baseline), _FONT, scale, 255, stroke)
    rows = np.flatnonzero(canvas.any(axis=1))
    return (baseline - float(rows[0])) / scale, (float(rows[-1]) + 1.0 - baseline) / scale
