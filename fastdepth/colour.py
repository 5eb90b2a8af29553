"""Colours for depth: one fixed metric range, near warm and bright, far dark and cool.

A depth picture here never stretches its own minimum and maximum over the colours: the same colour
is the same distance in every picture that states the same range.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from fastdepth.frame import F32Array, U8Array

ColourMap = Literal["inferno", "magma", "turbo", "viridis"]

NO_DEPTH = (128, 128, 128)
"""RGB of a pixel without depth: a grey that is on none of the maps."""

_MAPS = {
    "inferno": cv2.COLORMAP_INFERNO,
    "magma": cv2.COLORMAP_MAGMA,
    "turbo": cv2.COLORMAP_TURBO,
    "viridis": cv2.COLORMAP_VIRIDIS,
}

# Signed errors, too near to too far: dark blue, blue, near white, red, dark red.
_ERROR_ANCHORS = np.array(
    [(13, 50, 120), (67, 147, 210), (247, 247, 247), (230, 110, 77), (125, 10, 35)], np.float64
)


@lru_cache
def depth_colours(colour_map: ColourMap = "inferno") -> U8Array:
    """Return the colour table of depth, 256x3 uint8 RGB: row 0 is nearest, row 255 farthest.

    The table is shared: do not write to it.
    """
    ramp = np.arange(255, -1, -1, dtype=np.uint8).reshape(256, 1)
    bgr: U8Array = cv2.applyColorMap(ramp, _MAPS[colour_map])
    return _frozen(bgr[:, 0, ::-1])


@lru_cache
def error_colours() -> U8Array:
    """Return the colour table of signed errors, 256x3 uint8 RGB: blue too near, red too far.

    The table is shared: do not write to it.
    """
    anchors = np.linspace(0.0, 255.0, len(_ERROR_ANCHORS))
    planes = [np.interp(np.arange(256), anchors, plane) for plane in _ERROR_ANCHORS.T]
    return _frozen(np.rint(np.stack(planes, axis=1)).astype(np.uint8))


def colourise(
    depth: F32Array, near: float, far: float, colour_map: ColourMap = "inferno"
) -> U8Array:
    """Colour a depth image over a fixed metric range.

    Args:
        depth: HxW float32 metres; what is not finite counts as no depth.
        near: metres drawn in the first (brightest) colour; nearer ones are drawn like it.
        far: metres drawn in the last (darkest) colour; farther ones are drawn like it.
        colour_map: which colours.

    Returns:
        HxWx3 uint8 RGB; pixels without depth in `NO_DEPTH`.

    Raises:
        ValueError: `near` and `far` are not finite with near < far.

    """
    return _paint(depth, near, far, depth_colours(colour_map))


def colourise_error(error: F32Array, limit: float) -> U8Array:
    """Colour a signed depth error, prediction minus truth.

    Args:
        error: HxW float32 metres; what is not finite counts as no error known.
        limit: metres drawn in the strongest colours; larger errors are drawn like it.

    Returns:
        HxWx3 uint8 RGB: blue where the prediction is too near, red where it is too far, near white
        where it is right; unknown in `NO_DEPTH`.

    Raises:
        ValueError: `limit` is not a positive number.

    """
    return _paint(error, -limit, limit, error_colours())


def metric_range(depths: Iterable[F32Array], step: float = 0.5) -> tuple[float, float]:
    """Choose one range for a set of depth images that will be shown together.

    The range covers the middle 96 % of all depths and is widened to whole steps, so that its
    ends are round numbers.

    Args:
        depths: HxW float32 metres each; what is not finite is left out.
        step: metres.

    Returns:
        (near, far) in metres; (0, 10) if no image has any depth.

    """
    known = [depth[np.isfinite(depth)] for depth in depths]
    values = np.concatenate(known) if known else np.empty(0, np.float32)
    if values.size == 0:
        return 0.0, 10.0
    low, high = np.percentile(values, (2.0, 98.0))
    near = math.floor(low / step) * step
    far = max(math.ceil(high / step) * step, near + step)
    return near, far


def _paint(values: F32Array, low: float, high: float, colours: U8Array) -> U8Array:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        msg = f"the colour range is {low} to {high} m; expected two finite numbers, the lower first"
        raise ValueError(msg)
    known = np.isfinite(values)
    index = np.where(known, values, np.float32(low))
    index = np.clip((index - low) * (255.0 / (high - low)), 0.0, 255.0)
    painted: U8Array = colours[np.rint(index).astype(np.uint8)]
    painted[~known] = NO_DEPTH
    return painted


def _frozen(table: U8Array) -> U8Array:
    table = np.ascontiguousarray(table)
    table.setflags(write=False)
    return table
