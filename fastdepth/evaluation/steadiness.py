"""How steady depth is in time: what changes from frame to frame where the scene does not."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.geometry import InputGeometry
from fastdepth.protocols import nearest

Scalar = TypeVar("Scalar", bound=np.generic)

LONGEST_GAP = 0.5
"""Seconds between two frames beyond which nothing is said."""

STEADY_DEPTH = 0.01
"""Share by which measured depth may change for a pixel to count as steady."""

STEADY_GREY = 4
"""Grey levels (of 255) by which a pixel may change to count as steady, without measured depth."""

LEAST_SHARE = 0.1
"""Share of all pixels that must be steady for a frame to be judged."""


class Steadiness(NamedTuple):
    """What changed since the frame before.

    Attributes:
        change: mean of |change of predicted depth| / depth over the steady pixels.
        share: of all pixels that are steady.

    """

    change: float
    share: float


class _Moment(NamedTuple):
    """What is kept of a frame: its truth, or else its grey levels."""

    stamp: int
    values: F32Array
    truth: F32Array | None
    grey: U8Array | None


class SteadinessMeter:
    """Compares each frame with the one before, at network size.

    A pixel is steady where the measured depth of both frames is the same to STEADY_DEPTH; in
    recordings without measured depth, where its grey level is to STEADY_GREY.
    """

    def __init__(self) -> None:
        """Start with no frame."""
        self._before: _Moment | None = None

    def add(self, frame: Frame, prediction: Prediction) -> Steadiness | None:
        """Take in a frame; return None where there is nothing to compare it with.

        Args:
            frame: with its stamp; without one it is compared with nothing.
            prediction: for this frame.

        """
        if frame.stamp is None:
            return None
        now = _moment(frame, frame.stamp, prediction)
        before, self._before = self._before, now
        if before is None or now.values.shape != before.values.shape:
            return None
        if not 0 < now.stamp - before.stamp <= LONGEST_GAP * 1e9:
            return None
        if now.truth is not None and before.truth is not None:
            # Where either is NaN, the comparison fails.
            gap = cv2.absdiff(now.truth, before.truth)
            steady = gap <= before.truth * np.float32(STEADY_DEPTH)
        elif now.grey is not None and before.grey is not None:
            steady = cv2.absdiff(now.grey, before.grey) <= STEADY_GREY
        else:
            return None
        steady &= before.values > 0
        share = np.count_nonzero(steady) / steady.size
        if share < LEAST_SHARE:
            return None
        change = cv2.absdiff(now.values, before.values)
        # Where the old value is zero the quotient is of no use, and not steady either.
        with np.errstate(divide="ignore", invalid="ignore"):
            change /= before.values
        return Steadiness(float(cv2.mean(change, steady.view(np.uint8))[0]), share)


def _moment(frame: Frame, stamp: int, prediction: Prediction) -> _Moment:
    height, width = prediction.values.shape
    geometry = prediction.geometry
    if frame.depth is not None:
        truth = nearest(_seen(frame.depth, geometry), width, height)
        return _Moment(stamp, prediction.values, truth, None)
    small = cv2.resize(_seen(frame.image, geometry), (width, height), interpolation=cv2.INTER_AREA)
    return _Moment(stamp, prediction.values, None, cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))


def _seen(array: NDArray[Scalar], geometry: InputGeometry) -> NDArray[Scalar]:
    """Cut what the network sees out of an array that shows the frame at any resolution."""
    seen = geometry.seen
    y, x = array.shape[0] / geometry.frame_height, array.shape[1] / geometry.frame_width
    rows = slice(round(seen.y * y), round((seen.y + seen.height) * y))
    return array[rows, round(seen.x * x) : round((seen.x + seen.width) * x)]
