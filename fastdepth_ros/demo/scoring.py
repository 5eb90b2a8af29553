"""Scores recorded depth against the bag's own (protocol `full`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from fastdepth.bags import BagReader, BagTopics
from fastdepth.card import ModelCard
from fastdepth.frame import F32Array, Frame
from fastdepth.geometry import fit_frame
from fastdepth.messages import decode_depth, stamp_ns
from fastdepth.metrics import MetricMean, frame_metrics, valid_truth
from fastdepth.sources import BagSource


class Pair(NamedTuple):
    """A frame of the camera and the depth that the node published for it.

    Attributes:
        frame: with ground truth where the bag has it.
        prediction: HxW float32 metres at frame size, NaN where there is none; None where the frame
            was dropped.

    """

    frame: Frame
    prediction: F32Array | None


class Scorer:
    """Adds up accuracy over frames.

    Protocol `full`: every pixel with ground truth and a prediction counts, at the resolution of the
    ground truth; the prediction comes there linearly. How many pixels with ground truth had a
    prediction is told as `coverage`.
    """

    def __init__(self) -> None:
        """Start with no frame."""
        self._mean = MetricMean()
        self._measured = 0
        self._compared = 0

    def add(self, pair: Pair) -> None:
        """Score one frame; one without ground truth or prediction is passed over."""
        truth = pair.frame.depth
        if truth is None or pair.prediction is None:
            return
        prediction = at_size(pair.prediction, truth.shape[1], truth.shape[0])
        measured = valid_truth(truth)
        both = measured & np.isfinite(prediction)
        self._measured += int(np.count_nonzero(measured))
        if not both.any():
            return
        self._compared += int(np.count_nonzero(both))
        self._mean.add(frame_metrics(prediction, truth, both))

    @property
    def frames(self) -> int:
        """How many frames were scored."""
        return self._mean.frames

    def result(self) -> dict[str, Any]:
        """Return the metric keys, `frames`, `coverage`, `protocol` and `align`.

        Raises:
            ProtocolError: no frame was scored.

        """
        return {
            **self._mean.result(),
            "coverage": self._compared / self._measured,
            "protocol": "full",
            "align": "none",
        }


class RecordedPairs:
    """The frames in a demo's recording, each with the depth that was published for it."""

    def __init__(self, recording: Path, topics: BagTopics, depth: str, card: ModelCard) -> None:
        """Look at a recording.

        Args:
            recording: bag with the topics that were played and the node's.
            topics: those that were played, by their names in the recording.
            depth: topic of the published depth.
            card: of the model.

        """
        self._frames = BagSource(recording, **topics._asdict())
        self._has_truth = topics.depth is not None
        self._recording = recording
        self._depth = depth
        self._card = card

    def __iter__(self) -> Iterator[Pair]:
        """Yield the frames in order."""
        with BagReader(self._recording) as reader:
            depths = (
                (stamp_ns(message.header), decode_depth(message))
                for _, message in reader.messages([self._depth])
            )
            yield from pair_up(self._truthful(), depths, self._card)

    def _truthful(self) -> Iterator[Frame]:
        """Yield the frames; the node's depth, which convention finds, is no ground truth."""
        for frame in self._frames:
            yield frame if self._has_truth else replace(frame, depth=None)


def pair_up(
    frames: Iterable[Frame], depths: Iterable[tuple[int, F32Array]], card: ModelCard
) -> Iterator[Pair]:
    """Join frames and depth images by their stamps.

    Args:
        frames: with stamps, in the order of recording.
        depths: (stamp in nanoseconds, HxW float32 metres at network size), in the order of
            recording.
        card: of the model, which says what part of a frame the depth shows.

    """
    waiting: dict[int, F32Array] = {}
    arriving = iter(depths)
    for frame in frames:
        depth = waiting.pop(frame.stamp, None) if frame.stamp is not None else None
        while depth is None and (after := next(arriving, None)) is not None:
            if after[0] == frame.stamp:
                depth = after[1]
                break
            waiting[after[0]] = after[1]
            if frame.stamp is None or after[0] > frame.stamp:
                break
        yield Pair(frame, None if depth is None else at_frame(depth, frame, card))


def at_frame(depth: F32Array, frame: Frame, card: ModelCard) -> F32Array:
    """Bring published depth to the size of its frame (linear), NaN where the model sees nothing."""
    height, width = frame.image.shape[:2]
    return fit_frame(card.input, width, height).to_frame(depth)


def at_size(depth: F32Array, width: int, height: int) -> F32Array:
    """Bring depth to another resolution of the same view (linear)."""
    if depth.shape == (height, width):
        return depth
    resized: F32Array = cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized
