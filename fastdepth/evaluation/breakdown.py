"""Where the errors are, over the pixels of all frames: by depth range, by region of the image."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastdepth.error_sums import SUMS, F64Array, bias_of, grouped_error_sums, metrics_of
from fastdepth.frame import F32Array
from fastdepth.protocols import Pair

EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 40.0, math.inf)
"""Metres; each range has its lower edge in it and its upper one not."""

GRID = 3
"""The image is cut into GRID x GRID tiles."""

PIXELS = 1 << 11
"""At least a quarter as many valid pixels of a frame are looked at, and not many more; or all."""

BORDER = 0.1
"""Share of the width and of the height, along each edge, that is the border."""

_TOGETHER = 16  # frames
_RANGES = len(EDGES) - 1
_TILES = GRID * GRID
_GROUPS = 2 * _TILES * _RANGES  # inside and border


class SomePixels(NamedTuple):
    """Valid pixels of a frame, N each.

    Attributes:
        prediction: metres.
        truth: metres, above zero.
        region: the first group of each pixel's region.

    """

    prediction: F32Array
    truth: F32Array
    region: NDArray[np.uint8]


def some_pixels(pair: Pair) -> SomePixels:
    """Return the valid pixels of a frame; of many, those of every second, third ... row and column.

    So many frames have pixels enough.
    """
    height, width = pair.truth.shape
    count = np.count_nonzero(pair.valid)
    step = max(1, math.ceil(math.sqrt(count / PIXELS)))
    some = (slice(step // 2, None, step),) * 2
    valid = pair.valid[some]
    return SomePixels(
        pair.prediction[some][valid],
        pair.truth[some][valid],
        _regions(height, width)[some][valid],
    )


class Breakdown:
    """Adds up the errors of frames by where they are."""

    def __init__(self) -> None:
        """Start with no frame."""
        self._sums = np.zeros((_GROUPS, len(SUMS)))
        self._waiting: list[SomePixels] = []

    def add(self, pair: Pair) -> SomePixels:
        """Take in a frame whose predictions on valid pixels are finite; return what was seen."""
        pixels = some_pixels(pair)
        self._waiting.append(pixels)
        # Of several frames at once it takes half the time.
        if len(self._waiting) == _TOGETHER:
            self._add_up()
        return pixels

    def _add_up(self) -> None:
        if not self._waiting:
            return
        prediction, truth, group = map(np.concatenate, zip(*self._waiting, strict=True))
        self._waiting.clear()
        for edge in EDGES[1:-1]:
            group += truth >= np.float32(edge)
        self._sums += grouped_error_sums(prediction, truth, group, _GROUPS)

    def ranges(self) -> list[dict[str, Any]]:
        """Return the metrics of each depth range that has pixels, nearest first.

        Each has `from` and `to` (metres; None for no end), `pixels` looked at, their `share` of
        all, `bias` (metres) and the metric keys.
        """
        self._add_up()
        table = self._sums.reshape(-1, _RANGES, len(SUMS)).sum(axis=0)
        return [
            {"from": low, "to": high if math.isfinite(high) else None, **figures}
            for low, high, sums in zip(EDGES, EDGES[1:], table, strict=False)
            if (figures := self._figures(sums))
        ]

    def regions(self) -> dict[str, Any]:
        """Return the metrics of the regions, as those of `ranges`; None where there are no pixels.

        Keys: `grid`, GRID rows of GRID tiles from the top left; `centre`, its middle tile;
        `border`, the frame of BORDER along the edges; `inside`, the rest.
        """
        self._add_up()
        table = self._sums.reshape(2, _TILES, _RANGES, len(SUMS)).sum(axis=2)
        tiles = [self._figures(sums) or None for sums in table.sum(axis=0)]
        return {
            "grid": [tiles[row * GRID : (row + 1) * GRID] for row in range(GRID)],
            "centre": tiles[_TILES // 2],
            "inside": self._figures(table[0].sum(axis=0)) or None,
            "border": self._figures(table[1].sum(axis=0)) or None,
        }

    def _figures(self, sums: F64Array) -> dict[str, float]:
        if sums[0] == 0:
            return {}
        share = float(sums[0] / self._sums[:, 0].sum())
        return {"pixels": int(sums[0]), "share": share, "bias": bias_of(sums), **metrics_of(sums)}


@lru_cache(maxsize=4)
def _regions(height: int, width: int) -> NDArray[np.uint8]:
    """Return the first group of each pixel's region, HxW."""
    rows = np.arange(height) * GRID // height
    columns = np.arange(width) * GRID // width
    tiles = rows[:, None] * GRID + columns[None, :]
    border = np.ones((height, width), bool)
    y, x = round(BORDER * height), round(BORDER * width)
    border[y : height - y, x : width - x] = False
    groups: NDArray[np.uint8] = ((tiles + border * _TILES) * _RANGES).astype(np.uint8)
    return groups
