"""What is wrong with the frames of a run, all of it together, before the first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastdepth.errors import SourceError
from fastdepth.frame import Frame, IndexedSource
from fastdepth.sources import check_source
from fastdepth.sources.checks import FAULTS
from fastdepth.sources.indexed import IndexedFrames
from fastdepth_train.data.store import FrameStore

# What does not matter in training frames whose depth is thrown away.
_FAULTS_OF_DEPTH = ("without_depth", "all_invalid", "impossible")
# Validation passes over frames without ground truth.
_NO_TRUTH = ("without_depth", "all_invalid")

Progress = Callable[[int, int], None]


class Checked(NamedTuple):
    """What a check of frames that can be used found.

    Attributes:
        warnings: what is strange, but may be right (depth in another unit, say).
        val_sizes: (width, height) of the validation frames' images and depths, each once, sorted.

    """

    warnings: list[str]
    val_sizes: list[tuple[int, int]]


class _Job(NamedTuple):
    """A source to read, and the faults that do not matter in it."""

    source: IndexedSource
    allow: tuple[str, ...]
    needs_truth: bool


def check_frames(store: FrameStore, progress: Progress | None = None) -> Checked:
    """Read every frame to train on, which the store keeps, and every one to validate on, once.

    Args:
        store: of the frames.
        progress: called with the number of frames read and of all.

    Raises:
        SourceError: a source has no frames, or some are unreadable, mismatching or without ground
            truth where it is needed; the message counts those of all sources and names the first.

    """
    frames = store.frames
    val = _Measured(frames.val)
    jobs, start = [], 0
    for part, labelled in zip(frames.parts, frames.labelled, strict=True):
        keeping = _Kept(store, part, start)
        jobs.append(_Job(keeping, () if labelled else _FAULTS_OF_DEPTH, labelled))
        start += len(part)
    jobs.append(_Job(val, _NO_TRUTH, needs_truth=True))
    total, done = len(store) + len(val), 0
    warnings: list[str] = []
    refused: list[str] = []
    for job in jobs:

        def told(number: int, _: int, done: int = done) -> None:
            if progress is not None:
                progress(done + number, total)

        report = check_source(job.source, allow=FAULTS, progress=told)
        done += report.frames
        if report.bad_indices(job.allow):
            refused += report.lines()
        elif job.needs_truth and not report.valid_share:
            refused.append(f"{report.source}: {report.frames} frames read, none has ground truth")
        elif job.needs_truth:
            warnings += [f"{report.source}: {text}" for text in report.warnings]
    if refused:
        raise SourceError("\n".join([*refused, "mend these frames or leave them out"]))
    return Checked(warnings, sorted(val.sizes))


class _Kept(IndexedFrames):
    """A part of the store's frames, which are kept as they are read, so each is decoded once."""

    def __init__(self, store: FrameStore, part: IndexedSource, start: int) -> None:
        self.name = part.name
        self._store, self._part, self._start = store, part, start

    def __len__(self) -> int:
        return len(self._part)

    def _read(self, index: int) -> Frame:
        frame = self._part[index]
        if frame.depth is None or np.isfinite(frame.depth).any():
            self._store.keep(self._start + index, frame)
        return frame


class _Measured(IndexedFrames):
    """Frames to validate on, whose sizes are remembered."""

    def __init__(self, source: IndexedSource) -> None:
        self.name = f"{source.name} (to validate on)"
        self.sizes: set[tuple[int, int]] = set()
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def _read(self, index: int) -> Frame:
        frame = self._source[index]
        for array in (frame.image, frame.depth):
            if array is not None:
                self.sizes.add((array.shape[1], array.shape[0]))
        return frame
