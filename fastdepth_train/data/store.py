"""Frames ready for training: decoded once and kept in memory while they fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import F32Array, Frame, IndexedSource, U8Array
from fastdepth_train.data.geometric import U16Array
from fastdepth_train.errors import TrainingDataError

# uint16 steps of one millimetre: finer than any sensor, and OpenCV resamples it.
STEPS_PER_METRE = 1000.0
GIB = 2**30


class Labelled(NamedTuple):
    """A frame with ground truth: image HxWx3 uint8 RGB, depth hxw uint16 mm, 0 where none."""

    image: U8Array
    depth: U16Array
    camera: Intrinsics | None


class FrameStore:
    """Gives labelled frames by index; keeps what it has read while a memory budget lasts."""

    def __init__(self, source: IndexedSource, budget_gib: float) -> None:
        """Wrap a source; `budget_gib` of frames stay in memory, the rest is decoded each time."""
        self.source = source
        self._budget = int(budget_gib * GIB)
        self._kept: dict[int, Labelled] = {}

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.source)

    def __getitem__(self, index: int) -> Labelled:
        """Return frame `index`; raise SourceError or TrainingDataError naming the frame."""
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        frame = labelled(self.source[index])
        size = frame.image.nbytes + frame.depth.nbytes
        if size <= self._budget:
            self._budget -= size
            self._kept[index] = frame
        return frame

    def check(self) -> None:
        """Read every frame once and report all that cannot be trained on together.

        Raises:
            TrainingDataError: there are no frames, or some are unreadable or without ground truth;
                the message counts them and names the first.

        """
        if len(self) == 0:
            msg = f"{self.source.name} has no frames; training needs frames with depth"
            raise TrainingDataError(msg)
        bad = []
        for index in range(len(self)):
            try:
                self[index]
            except (SourceError, TrainingDataError) as err:
                bad.append(str(err))
        if bad:
            listed = "\n".join(f"  {reason}" for reason in bad[:5])
            msg = (
                f"{len(bad)} of {len(self)} frames of {self.source.name} cannot be trained on; "
                f"mend or remove them from the list. The first:\n{listed}"
            )
            raise TrainingDataError(msg)


def labelled(frame: Frame) -> Labelled:
    """Return the frame in the form training keeps it.

    Raises:
        TrainingDataError: it has no ground truth, or not one valid pixel of it.

    """
    if frame.depth is None:
        msg = f"{frame.name}: no ground-truth depth"
        raise TrainingDataError(msg)
    depth = to_millimetres(frame.depth)
    if not depth.any():
        msg = f"{frame.name}: not one valid depth pixel"
        raise TrainingDataError(msg)
    return Labelled(np.ascontiguousarray(frame.image), depth, frame.intrinsics)


def to_millimetres(depth: F32Array) -> U16Array:
    """Return metres as uint16 millimetres; 0 where not finite, not positive or beyond 65.5 m."""
    steps = np.nan_to_num(depth * STEPS_PER_METRE, nan=0.0, posinf=0.0, neginf=0.0)
    steps[(steps < 0) | (steps > np.iinfo(np.uint16).max)] = 0
    millimetres: U16Array = np.rint(steps).astype(np.uint16)
    return millimetres
