"""The demo's pictures: a strip of a few frames, and an animation of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from fastdepth.colour import NO_DEPTH, colourise, colourise_error, metric_range
from fastdepth.frame import F32Array, U8Array
from fastdepth.pictures import Scale, depth_scale, error_scale, picture_grid
from fastdepth.protocols import nearest
from fastdepth_ros.demo.scoring import Pair, at_size

STRIP_ROWS = 3
_MOST_MOMENTS = 120
_LAST_SHOWN = 1.0
_SHORTEST, _LONGEST = 0.02, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """What is kept of a frame: everything at the size it is drawn."""

    stamp: int
    image: U8Array
    truth: F32Array | None
    prediction: F32Array


class Gallery:
    """Collects frames with predictions, never more than fit into memory, and draws them.

    Of a long recording every second frame is kept, then every fourth, and so on.
    """

    def __init__(self, panel_width: int = 320, most: int = _MOST_MOMENTS) -> None:
        """Start empty.

        Args:
            panel_width: of every panel, pixels.
            most: how many frames are kept.

        """
        self._width = panel_width
        self._most = most
        self._stride = 1
        self._seen = 0
        self._moments: list[_Moment] = []

    def __len__(self) -> int:
        """Return how many frames are kept."""
        return len(self._moments)

    def add(self, pair: Pair) -> None:
        """Take in a frame; one without prediction is passed over."""
        if pair.prediction is None:
            return
        if self._seen % self._stride == 0:
            if len(self._moments) == self._most:
                self._moments = self._moments[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._moments.append(self._reduce(pair, pair.prediction))
        self._seen += 1

    def strip(self, rows: int = STRIP_ROWS, footer: str = "") -> U8Array:
        """Return evenly spread frames, one a row, with metre scales; HxWx3 uint8 RGB.

        Columns are camera frame, ground truth, prediction and error, or camera frame and
        prediction where nothing has ground truth.

        Raises:
            ValueError: no frame was added.

        """
        look = self._look()
        chosen = np.linspace(0, len(self._moments) - 1, min(rows, len(self._moments)))
        panels = [look.panels(self._moments[round(i)], with_error=True) for i in chosen]
        return look.draw(panels, self._width, footer, with_error=True)

    def animation(self, panel_width: int = 288) -> Iterator[tuple[U8Array, float]]:
        """Yield the frames kept (HxWx3 uint8 RGB) and the seconds each is shown, in real time.

        Raises:
            ValueError: no frame was added.

        """
        look = self._look()
        stamps = [moment.stamp for moment in self._moments]
        gaps = [(after - before) / 1e9 for before, after in pairwise(stamps)]
        shown = [min(max(gap, _SHORTEST), _LONGEST) for gap in gaps] + [_LAST_SHOWN]
        for moment, seconds in zip(self._moments, shown, strict=True):
            panels = look.panels(moment, with_error=False)
            yield look.draw([panels], panel_width, "", with_error=False), seconds

    def _reduce(self, pair: Pair, prediction: F32Array) -> _Moment:
        image, truth = pair.frame.image, pair.frame.depth
        width = self._width
        height = max(1, round(width * image.shape[0] / image.shape[1]))
        shrinks = image.shape[1] > width
        small = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        return _Moment(
            pair.frame.stamp or 0,
            small,
            None if truth is None else nearest(truth, width, height),
            at_size(prediction, width, height),
        )

    def _look(self) -> _Look:
        if not self._moments:
            msg = "there is nothing to draw: no frame has a prediction"
            raise ValueError(msg)
        truths = [moment.truth for moment in self._moments if moment.truth is not None]
        near, far = metric_range(truths or [moment.prediction for moment in self._moments])
        errors = [
            np.abs(moment.prediction - moment.truth)
            for moment in self._moments
            if moment.truth is not None
        ]
        return _Look(near, far, bool(truths), _error_limit(errors))


@dataclass(frozen=True, slots=True)
class _Look:
    """One range of colours for all pictures of a gallery."""

    near: float
    far: float
    has_truth: bool
    error_limit: float

    def panels(self, moment: _Moment, *, with_error: bool) -> list[U8Array]:
        prediction = colourise(moment.prediction, self.near, self.far)
        if not self.has_truth:
            return [moment.image, prediction]
        truth = np.full_like(moment.prediction, np.nan) if moment.truth is None else moment.truth
        panels = [moment.image, colourise(truth, self.near, self.far), prediction]
        if with_error:
            panels.append(colourise_error(moment.prediction - truth, self.error_limit))
        return panels

    def draw(
        self, rows: list[list[U8Array]], panel_width: int, footer: str, *, with_error: bool
    ) -> U8Array:
        titles = ["camera frame", "ground truth", "prediction"]
        if not self.has_truth:
            titles.remove("ground truth")
        scales: list[Scale] = [depth_scale(self.near, self.far, (1, len(titles) - 1))]
        if self.has_truth and with_error:
            titles.append("error")
            scales.append(error_scale(self.error_limit, (3, 3)))
        return picture_grid(
            rows,
            titles,
            scales,
            panel_width=panel_width,
            swatches={"no depth": NO_DEPTH},
            footer=footer,
        )


def _error_limit(errors: list[F32Array]) -> float:
    """Return the error (metres) that the strongest colour stands for: round, over 95 % of all."""
    known = [error[np.isfinite(error)] for error in errors]
    values = np.concatenate(known) if known else np.empty(0, np.float32)
    if values.size == 0:
        return 0.5
    return max(1, math.ceil(float(np.percentile(values, 95.0)) / 0.5)) * 0.5
