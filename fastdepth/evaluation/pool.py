"""Keeps a few pictures of a run of any length: the best, the worst, and some in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from fastdepth.error_sums import F64Array
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.protocols import nearest

Kind = Literal["best", "median", "worst"]

WIDTH = 320
"""Pixels that a kept picture is wide."""

_BETWEEN = 48


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A frame at the size it is drawn.

    Attributes:
        name: of the frame.
        time: seconds since the first frame, or None.
        error: what frames are ranked by (abs_rel), or None without ground truth.
        image: HxWx3 uint8 RGB.
        prediction: HxW float32 metres, NaN where there is none.
        truth: HxW float32 metres, NaN where there is none, or None.

    """

    name: str
    time: float | None
    error: float | None
    image: U8Array
    prediction: F32Array
    truth: F32Array | None


class Chosen(NamedTuple):
    """A picture for the report.

    Attributes:
        kind: why it was chosen.
        rank: by error, 1 the best; by time where there is no error.
        snapshot: the frame.

    """

    kind: Kind
    rank: int
    snapshot: Snapshot


class Pool:
    """Holds the `most` best and worst frames and a sample of the others.

    The sample is of frames at even distances in time, which are thinned out as the run grows; the
    frames nearest to the median rank are taken out of it at the end.
    """

    def __init__(self, most: int) -> None:
        """Start empty.

        Args:
            most: frames of each kind.

        """
        self._most = most
        self._best: list[Snapshot] = []
        self._worst: list[Snapshot] = []
        self._between: list[Snapshot] = []
        self._stride = 1
        self._seen = 0

    def wants(self, error: float | None) -> bool:
        """Tell whether a frame would be kept, so that only those are drawn small."""
        if error is not None and (
            len(self._best) < self._most
            or error < _error(self._best[-1])
            or error > _error(self._worst[-1])
        ):
            return True
        return self._seen % self._stride == 0

    def skip(self) -> None:
        """Count a frame that is not wanted."""
        self._seen += 1

    def add(self, snapshot: Snapshot) -> None:
        """Take in a frame that is wanted."""
        if self._seen % self._stride == 0:
            self._between.append(snapshot)
            if len(self._between) > _BETWEEN:
                self._between = self._between[::2]
                self._stride *= 2
        self._seen += 1
        if snapshot.error is not None:
            self._best = sorted([*self._best, snapshot], key=_error)[: self._most]
            worst = sorted([*self._worst, snapshot], key=_error, reverse=True)
            self._worst = worst[: self._most]

    def chosen(self, errors: F64Array) -> list[Chosen]:
        """Return what to show: best, median and worst; without ground truth some in between.

        Args:
            errors: of all scored frames, in any order.

        """
        if errors.size == 0:
            step = max(1, len(self._between) // (2 * self._most))
            return [Chosen("median", n + 1, s) for n, s in enumerate(self._between[::step])]
        ranks = np.sort(errors)
        middle = (errors.size + 1) / 2
        taken: set[str] = set()
        found: dict[Kind, list[Chosen]] = {}
        scored = [snapshot for snapshot in self._between if snapshot.error is not None]
        nearest_to_middle = sorted(scored, key=lambda s: abs(_rank(ranks, s) - middle))
        orders: tuple[tuple[Kind, list[Snapshot]], ...] = (
            ("best", self._best),
            ("worst", self._worst),
            ("median", nearest_to_middle),
        )
        for kind, snapshots in orders:
            new = [snapshot for snapshot in snapshots if snapshot.name not in taken][: self._most]
            taken.update(snapshot.name for snapshot in new)
            chosen = [Chosen(kind, _rank(ranks, snapshot), snapshot) for snapshot in new]
            found[kind] = sorted(chosen, key=lambda c: c.rank)
        return [*found["best"], *found["median"], *found["worst"]]


def take_snapshot(
    frame: Frame, depth: F32Array, time: float | None, error: float | None
) -> Snapshot:
    """Reduce a frame to the size it is drawn.

    Args:
        frame: what the model saw, with ground truth of the same view or none.
        depth: predicted, of the same view, HxW float32 metres at any size.
        time: seconds since the first frame, or None.
        error: what it is ranked by.

    """
    height = max(1, round(WIDTH * frame.image.shape[0] / frame.image.shape[1]))
    size = (WIDTH, height)
    shrinks = frame.image.shape[1] > WIDTH
    image = cv2.resize(
        frame.image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    prediction = nearest(depth, *size)
    truth = None if frame.depth is None else nearest(frame.depth, *size)
    return Snapshot(frame.name, time, error, image, prediction, truth)


def _error(snapshot: Snapshot) -> float:
    return np.nan if snapshot.error is None else snapshot.error


def _rank(ranks: F64Array, snapshot: Snapshot) -> int:
    return int(np.searchsorted(ranks, _error(snapshot))) + 1
