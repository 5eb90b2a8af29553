"""Frames ready for training: decoded once and kept in memory while they fit."""

from __future__ import annotations

import threading
from typing import NamedTuple

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth_train.data.geometric import U16Array
from fastdepth_train.data.sources import Frames
from fastdepth_train.errors import TrainingDataError

# uint16 steps of one millimetre: finer than any sensor, and OpenCV resamples it.
STEPS_PER_METRE = 1000.0
GIB = 2**30


class Stored(NamedTuple):
    """A frame: image HxWx3 uint8 RGB, depth hxw uint16 mm, 0 where none; the camera of both."""

    image: U8Array
    depth: U16Array
    camera: Intrinsics | None


class FrameStore:
    """Gives frames by index of the mix; keeps what it has read while a memory budget lasts."""

    def __init__(self, frames: Frames, budget_gib: float, shrink_to: int | None = None) -> None:
        """Wrap sources.

        Args:
            frames: the sources.
            budget_gib: of frames that stay in memory; the rest is decoded each time.
            shrink_to: where given, frames are made smaller by a whole factor (the mean of pixels)
                as long as they stay at least this wide.

        """
        self.frames = frames
        self.shrink_to = shrink_to
        self._budget = int(budget_gib * GIB)
        self._kept: dict[int, Stored] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames.mix)

    def __getitem__(self, index: int) -> Stored:
        """Return frame `index`; raise SourceError or TrainingDataError naming the frame."""
        kept = self._kept.get(index)
        return self.keep(index, self.frames.mix[index]) if kept is None else kept

    def is_labelled(self, index: int) -> bool:
        """Tell whether the frame's depth counts."""
        return self.frames.labelled[self.frames.mix.locate(index)[0]]

    def keep(self, index: int, frame: Frame) -> Stored:
        """Return a frame as training uses it, and keep it if there is room."""
        frame = frame if self.is_labelled(index) else _without_depth(frame)
        stored = _shrunk(stored_frame(frame), self.shrink_to)
        size = stored.image.nbytes + stored.depth.nbytes
        with self._lock:  # the check reads in several threads
            if size <= self._budget and index not in self._kept:
                self._budget -= size
                self._kept[index] = stored
        return stored


def stored_frame(frame: Frame) -> Stored:
    """Return the frame in the form training keeps it; without depth it has zeros.

    Raises:
        TrainingDataError: it has a depth image with not one valid pixel.

    """
    if frame.depth is None:
        depth = np.zeros(frame.image.shape[:2], np.uint16)
    else:
        depth = to_millimetres(frame.depth)
        if not depth.any():
            msg = f"{frame.name}: not one valid depth pixel"
            raise TrainingDataError(msg)
    return Stored(np.ascontiguousarray(frame.image), depth, frame.intrinsics)


def to_millimetres(depth: F32Array) -> U16Array:
    """Return metres as uint16 millimetres; 0 where not finite, not positive or beyond 65.5 m."""
    steps = np.nan_to_num(depth * STEPS_PER_METRE, nan=0.0, posinf=0.0, neginf=0.0)
    steps[(steps < 0) | (steps > np.iinfo(np.uint16).max)] = 0
    millimetres: U16Array = np.rint(steps).astype(np.uint16)
    return millimetres


def _without_depth(frame: Frame) -> Frame:
    return Frame(frame.image, None, frame.intrinsics, frame.stamp, frame.name)


def _shrunk(stored: Stored, shrink_to: int | None) -> Stored:
    height, width = stored.image.shape[:2]
    factor = max(1, width // shrink_to) if shrink_to else 1
    if factor == 1:
        return stored
    size = (round(width / factor), round(height / factor))
    image = np.asarray(cv2.resize(stored.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    depth = stored.depth
    if depth.shape[1] > size[0]:  # nearest, so that no depth is invented
        depth = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_NEAREST), np.uint16)
    camera = stored.camera.resize(*size) if stored.camera else None
    return Stored(image, depth, camera)
