"""Joins images, their depth and the ground truth as they arrive, into frames to be scored.

No ROS here: messages come with their stamps and are decoded by functions of the caller.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Condition, Event
from time import monotonic_ns
from typing import NamedTuple

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.errors import CameraError, FastDepthError
from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.geometry import InputGeometry, Rect, camera_scale, fit_frame
from fastdepth.metrics import valid_truth
from fastdepth.sources.pairing import pair_stamps

NO_DEPTH = "no depth came for it"
UNREADABLE = "message unreadable"

_UNKNOWN = StageSeconds(float("nan"), float("nan"), float("nan"))
_LOOK_EVERY = 0.05  # seconds
_MOST_WAITING = 300  # images; some 10 s of a camera


class Arrival(NamedTuple):
    """A message that has arrived.

    Attributes:
        stamp: of its header, nanoseconds.
        received: nanoseconds of time.monotonic_ns.
        cdr: the message, serialised.

    """

    stamp: int
    received: int
    cdr: bytes


@dataclass(frozen=True, slots=True)
class Decoders:
    """What turns serialised messages into what they hold; each may raise FastDepthError."""

    image: Callable[[bytes], U8Array]
    depth: Callable[[bytes], F32Array]
    truth: Callable[[bytes], F32Array]
    camera: Callable[[bytes], Intrinsics]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things are waited for, seconds.

    Attributes:
        max_dt: most between the stamps of an image and its ground truth.
        partner: for the depth and ground truth of an image.
        idle: for a further image, before the evaluation ends.

    """

    max_dt: float = 0.02
    partner: float = 5.0
    idle: float = 5.0


class LivePairs:
    """A FrameSource of what arrives, and the predictions for its frames.

    Depth belongs to the image of its stamp. Ground truth is paired with images by nearest stamp,
    each used once, as offline. Frames come in the order of the images; an image for which no depth
    came becomes no frame and is counted. Ground truth counts where depth was published alone.

    Attributes:
        name: what is evaluated.
        counts: images that became no frame, by reason.
        arrived: messages by topic: `image`, `depth`, `truth`.
        latencies: of each depth, from receiving its image to receiving it, milliseconds.
        depth_times: when the first and the last depth came, nanoseconds of time.monotonic_ns.
        measured: pixels with ground truth.
        compared: those of them with depth.

    """

    def __init__(
        self, name: str, card: ModelCard, decoders: Decoders, patience: Patience, stop: Event
    ) -> None:
        """Start with nothing.

        Args:
            name: what is evaluated.
            card: of the model that makes the depth.
            decoders: of the messages.
            patience: how long things are waited for.
            stop: once it is set, nothing more is waited for.

        """
        self.name = name
        self.counts: Counter[str] = Counter()
        self.arrived: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.depth_times: tuple[int, int] | None = None
        self.measured = 0
        self.compared = 0
        self._card = card
        self._decoders = decoders
        self._patience = patience
        self._max_dt = round(patience.max_dt * 1e9)
        self._changed = Condition()
        self._images: deque[Arrival] = deque()
        self._depths: dict[int, Arrival] = {}
        self._truths: list[Arrival] = []
        self._newest = dict.fromkeys(("image", "depth", "truth"), 0)
        self._cameras: dict[int, bytes] = {}
        self._last_image: int | None = None
        self._stop = stop
        self._number = 0
        self._predictions: dict[str, Prediction] = {}

    def add(self, kind: str, stamp: int, cdr: bytes) -> None:
        """Take a message of a kind: `image`, `camera`, `depth` or `truth`."""
        arrival = Arrival(stamp, monotonic_ns(), cdr)
        with self._changed:
            if kind == "camera":
                self._cameras = {**dict(list(self._cameras.items())[-_MOST_WAITING:]), stamp: cdr}
                return
            self.arrived[kind] += 1
            self._newest[kind] = max(self._newest[kind], stamp)
            if kind == "image":
                self._last_image = arrival.received
                self._images.append(arrival)
            elif kind == "depth":
                self._depths[stamp] = arrival
                first = arrival.received if self.depth_times is None else self.depth_times[0]
                self.depth_times = first, arrival.received
            else:
                self._truths.append(arrival)
            self._changed.notify_all()

    def __len__(self) -> int:
        """Return the number of images so far."""
        return self.arrived["image"]

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end, waiting for each."""
        while (found := self._wait()) is not None:
            image, depth, truth = found
            self._number += 1
            if depth is None:
                self.counts[NO_DEPTH] += 1
                continue
            self.latencies.append((depth.received - image.received) / 1e6)
            try:
                frame = self._frame(image, depth, truth)
            except FastDepthError:
                self.counts[UNREADABLE] += 1
                continue
            yield frame

    def predict_frame(self, frame: Frame) -> Prediction:
        """Return the depth that came for a frame; once."""
        return self._predictions.pop(frame.name)

    def _wait(self) -> tuple[Arrival, Arrival | None, Arrival | None] | None:
        """Return the next image with its partners when nothing better can come; None at the end."""
        with self._changed:
            while True:
                if self._images and self._is_settled(self._images[0]):
                    return self._take()
                if not self._images and (self._stop.is_set() or self._is_idle()):
                    return None
                self._changed.wait(_LOOK_EVERY)

    def _is_idle(self) -> bool:
        return (
            self._last_image is not None
            and monotonic_ns() - self._last_image > self._patience.idle * 1e9
        )

    def _is_settled(self, image: Arrival) -> bool:
        if self._stop.is_set() or len(self._images) > _MOST_WAITING:
            return True
        if monotonic_ns() - image.received > self._patience.partner * 1e9:
            return True
        newest, stamp = self._newest, image.stamp
        return (
            (stamp in self._depths or newest["depth"] > stamp)
            and newest["truth"] > stamp + self._max_dt
            # An image that is nearer to the same ground truth has come too.
            and newest["image"] > stamp + 2 * self._max_dt
        )

    def _take(self) -> tuple[Arrival, Arrival | None, Arrival | None]:
        stamps = [image.stamp for image in self._images]
        truths = [truth.stamp for truth in self._truths]
        pair = pair_stamps(stamps, truths, self._max_dt).get(0)
        image = self._images.popleft()
        truth = None if pair is None else self._truths.pop(pair)
        depth = self._depths.pop(image.stamp, None)
        oldest = min((each.stamp for each in self._images), default=image.stamp)
        self._truths = [t for t in self._truths if t.stamp >= oldest - self._max_dt]
        self._depths = {s: d for s, d in self._depths.items() if s >= oldest}
        return image, depth, truth

    def _frame(self, image: Arrival, depth: Arrival, truth: Arrival | None) -> Frame:
        picture = self._decoders.image(image.cdr)
        height, width = picture.shape[:2]
        camera = self._camera(image.stamp, width, height)
        prediction = self._prediction(self._decoders.depth(depth.cdr), width, height, camera)
        measured = None if truth is None else self._decoders.truth(truth.cdr)
        if measured is not None:
            measured = self._where_published(measured, prediction)
        seconds, nanoseconds = divmod(image.stamp, 1_000_000_000)
        name = f"{self._number - 1:06d}_{seconds}.{nanoseconds:09d}"
        self._predictions[name] = prediction
        return Frame(picture, measured, camera, image.stamp, name)

    def _camera(self, stamp: int, width: int, height: int) -> Intrinsics | None:
        """Return the camera of a stamp: that of its own camera_info, else of the latest."""
        with self._changed:
            if not self._cameras:
                return None
            cdr = self._cameras.get(stamp) or next(reversed(self._cameras.values()))
        try:
            camera = self._decoders.camera(cdr)
        except CameraError:
            return None
        return camera if (camera.width, camera.height) == (width, height) else None

    def _prediction(
        self, depth: F32Array, width: int, height: int, camera: Intrinsics | None
    ) -> Prediction:
        geometry = fit_frame(self._card.input, width, height)
        if depth.shape == (height, width):  # published at the frame's size
            whole = Rect(0, 0, width, height)
            geometry = InputGeometry(width, height, whole, whole)
        view, scale = None, 1.0
        if camera is not None:
            fitted = fit_frame(self._card.input, width, height).input_intrinsics(camera)
            scale = camera_scale(self._card, fitted)
            rows, columns = depth.shape
            view = geometry.input_intrinsics(camera).resize(columns, rows)
        return Prediction(depth, geometry, view, self._card.depth_range, scale, _UNKNOWN)

    def _where_published(self, truth: F32Array, prediction: Prediction) -> F32Array:
        """Return ground truth, NaN where there is no depth to compare with."""
        measured = valid_truth(truth)
        self.measured += int(np.count_nonzero(measured))
        values = prediction.frame_values()
        if values.shape != truth.shape:
            size = truth.shape[1], truth.shape[0]
            values = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
        measured &= np.isfinite(values)
        self.compared += int(np.count_nonzero(measured))
        return np.where(measured, truth, np.float32(np.nan))
