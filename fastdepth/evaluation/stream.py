"""From a frame source to predictions: reading and inference on threads of their own."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from time import perf_counter
from typing import NamedTuple

import cv2

from fastdepth.engines.cpus import usable_cpus
from fastdepth.estimator import Prediction
from fastdepth.evaluation.ahead import ahead
from fastdepth.frame import Frame, FrameSource
from fastdepth.protocols import view
from fastdepth.sources import BagSource

REASONS = {
    "without_depth": "no ground truth near in time",
    "depth_too_late": "ground truth too far away in the bag",
    "depth_unreadable": "ground truth unreadable",
    "image_unreadable": "image unreadable",
    "image_lost": "image missing from a damaged bag",
}
"""What `BagSource.counts` counts, in words."""

_NO_DEPTH = ("depth_too_late", "depth_unreadable", "without_depth")

NO_TRUTH = "no ground truth"

_CPUS_FOR_THREADS = 1.5

# Seconds that a thread waits for Python before it asks for it: the network, in most of a frame's
# time, needs Python for an instant, which the others would otherwise keep for 5 ms.
_SWITCH_INTERVAL = 2e-4

Begin = Callable[[Frame], Callable[[], Prediction]]
"""A model in two steps, on two threads; `DepthEstimator.begin_frame` is one."""


class Predicted(NamedTuple):
    """A frame with what the model says of it.

    Attributes:
        frame: as it was read.
        seen: what the model saw of it, `view(protocol, frame)`.
        reason: why it has no ground truth, or None if it has.
        prediction: for `seen`.
        read_seconds: time it took to read and decode.

    """

    frame: Frame
    seen: Frame
    reason: str | None
    prediction: Prediction
    read_seconds: float


class _Read(NamedTuple):
    frame: Frame
    reason: str | None
    seconds: float


class _Begun(NamedTuple):
    read: _Read
    seen: Frame
    finish: Callable[[], Prediction]


def predictions(
    source: FrameSource, begin: Begin, protocol: str, stop: Callable[[], bool]
) -> Generator[Predicted, None, None]:
    """Yield every frame of a source with its prediction, in order.

    One thread reads, decodes and prepares, one runs the network, and the caller has its own for
    the rest: the network hardly waits for either where there is a second core. Where there is
    none, all is done in turn. What comes out is the same. OpenCV keeps to the thread that calls
    it meanwhile: its own threads would take the core that another stage runs on, and wait for it.

    Args:
        source: read on its thread, from opening to closing.
        begin: the model; used by the reading thread alone, and what it returns by the other.
        protocol: what the model sees.
        stop: asked before each frame; once it is true no more are read.

    Raises:
        FastDepthError: whatever reading or predicting raises.

    """
    begun = _begin(_read(source, stop), begin, protocol)
    with _threads_that_share():
        if usable_cpus() < _CPUS_FOR_THREADS:
            yield from _finish(begun)
        else:
            yield from ahead(_finish(ahead(begun)))


@contextmanager
def _threads_that_share() -> Iterator[None]:
    opencv, interval = cv2.getNumThreads(), sys.getswitchinterval()
    cv2.setNumThreads(1)
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        cv2.setNumThreads(opencv)


def _read(source: FrameSource, stop: Callable[[], bool]) -> Generator[_Read, None, None]:
    frames = iter(source)
    before = Counter[str]()
    while not stop():
        start = perf_counter()
        frame = next(frames, None)
        if frame is None:
            return
        seconds = perf_counter() - start
        now = Counter(source.counts) if isinstance(source, BagSource) else before
        reason = None
        if frame.depth is None:
            grown = now - before
            reason = next((REASONS[key] for key in _NO_DEPTH if grown[key]), NO_TRUTH)
        before = now
        yield _Read(frame, reason, seconds)


def _begin(
    frames: Generator[_Read, None, None], begin: Begin, protocol: str
) -> Generator[_Begun, None, None]:
    # After an error here the stage before ends at once, not when the error is forgotten.
    with closing(frames):
        for read in frames:
            seen = view(protocol, read.frame)
            yield _Begun(read, seen, begin(seen))


def _finish(frames: Generator[_Begun, None, None]) -> Generator[Predicted, None, None]:
    with closing(frames):
        for (frame, reason, seconds), seen, finish in frames:
            yield Predicted(frame, seen, reason, finish(), seconds)
