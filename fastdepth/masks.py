"""Depth that had better not be used: out of range, at the border, between two surfaces."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import SettingError
from fastdepth.frame import F32Array

_STRIP = 32


@dataclass(frozen=True, slots=True)
class DepthMask:
    """What of a depth image becomes NaN; every part is off by default.

    Attributes:
        near: metres; nearer depth is masked.
        far: metres; farther depth is masked.
        border: share of the image's width and height, 0..0.5 (exclusive), masked along each edge.
            A network has seen less of the scene there.
        max_step: where depth changes from one pixel to the next by more than this share of the
            nearer one, both pixels are masked; 0 is off. A network draws an edge as a slope, and
            the points on it float between the two surfaces. A floor seen at a flat angle is a slope
            too (its step is 1 / rows below the horizon), so much below 0.1 eats the distance.

    """

    near: float = 0.0
    far: float = math.inf
    border: float = 0.0
    max_step: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise SettingError naming the one."""
        if not 0 <= self.near < self.far:
            msg = (
                f"the range is {self.near:g} to {self.far:g} m; expected 0 <= near < far (infinite "
                "for no limit)"
            )
            raise SettingError(msg)
        if not 0 <= self.border < 0.5:
            msg = f"border is {self.border:g}; expected a share of the image of 0 to below 0.5"
            raise SettingError(msg)
        if not 0 <= self.max_step < math.inf:
            msg = f"max_step is {self.max_step:g}; expected 0 (off) or a positive share, 0.1 say"
            raise SettingError(msg)

    @property
    def is_off(self) -> bool:
        """Whether nothing is masked."""
        return self == DepthMask()

    def apply(self, depth: F32Array) -> F32Array:
        """Return depth with NaN where it is masked.

        Args:
            depth: HxW float32 metres, NaN invalid.

        Returns:
            A new array, or `depth` itself where nothing is masked.

        """
        if self.is_off or (self._is_range_only and self._holds(depth)):
            return depth
        # NaN fails both comparisons, so it is masked again without a warning.
        kept = (depth >= self.near) & (depth <= self.far)
        if self.max_step > 0:
            # Of `depth`, since an edge is one also where its far side is out of range.
            kept &= ~_steep(depth, np.float32(self.max_step))
        # Many times as fast as indexing with a mask.
        masked: F32Array = np.full(depth.shape, np.nan, np.float32)
        cv2.copyTo(depth, kept.view(np.uint8), masked)
        height, width = depth.shape
        rows, columns = round(self.border * height), round(self.border * width)
        masked[:rows] = masked[height - rows :] = np.nan
        masked[:, :columns] = masked[:, width - columns :] = np.nan
        return masked

    @property
    def _is_range_only(self) -> bool:
        return self.border == 0 and self.max_step == 0

    def _holds(self, depth: F32Array) -> bool:
        """Return whether all depth is in range; extremes are NaN where any depth is."""
        return bool(depth.size and depth.min() >= self.near and depth.max() <= self.far)


def _steep(depth: F32Array, max_step: np.float32) -> NDArray[np.bool_]:
    """Return the pixels whose depth differs too much from one of their four neighbours'."""
    steep = np.zeros(depth.shape, bool)
    # In strips with one row in common: fresh memory for whole images costs more than the work.
    for top in range(0, depth.shape[0], _STRIP):
        rows = slice(top, top + _STRIP + 1)
        part, marks = depth[rows], steep[rows]
        is_step = _differs(part[1:], part[:-1], max_step)
        marks[1:] |= is_step
        marks[:-1] |= is_step
        is_step = _differs(part[:, 1:], part[:, :-1], max_step)
        marks[:, 1:] |= is_step
        marks[:, :-1] |= is_step
    return steep


def _differs(one: F32Array, other: F32Array, max_step: np.float32) -> NDArray[np.bool_]:
    # Beside NaN nothing differs: the comparison is false.
    with np.errstate(invalid="ignore"):
        differs: NDArray[np.bool_] = np.abs(one - other) > max_step * np.minimum(one, other)
    return differs
