"""What the node counts: frames by their fate, and the time that each stage takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Lock, RLock
from types import MappingProxyType

import numpy as np


class DropCause(Enum):
    """Why a frame that was received is not published as depth."""

    OVERWRITTEN = "overwritten"
    """A newer frame came before the model was free."""
    NO_CAMERA_INFO = "no_camera_info"
    """No camera_info was received yet."""
    BAD_CAMERA_INFO = "bad_camera_info"
    """The camera_info is of no possible camera (a K of zeros, say)."""
    CAMERA_MISMATCH = "camera_mismatch"
    """The camera_info is of an image of another size."""
    BAD_IMAGE = "bad_image"
    """The message's size, step and data do not make an image."""
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    """The image has an encoding that cannot be decoded here."""
    INFERENCE_FAILED = "inference_failed"
    """The engine raised an error."""
    PUBLISH_FAILED = "publish_failed"
    """The middleware refused the message."""
    INTERNAL_ERROR = "internal_error"
    """Something else went wrong: a fault of this package."""
    SHUTTING_DOWN = "shutting_down"
    """The node was stopped before the frame was through."""


FAULTS = frozenset(DropCause) - {DropCause.OVERWRITTEN, DropCause.SHUTTING_DOWN}
"""The causes that somebody should do something about."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counters at one moment.

    Attributes:
        received: frames that came in.
        published: frames that left as depth.
        dropped: frames that did not, by cause; every cause is there.

    """

    received: int
    published: int
    dropped: Mapping[DropCause, int]

    @property
    def dropped_total(self) -> int:
        """Frames dropped for any cause."""
        return sum(self.dropped.values())

    @property
    def in_flight(self) -> int:
        """Frames under way: at most one that waits and one in the model."""
        return self.received - self.published - self.dropped_total


class Counters:
    """Counts frames; every change and every reading is one step for all threads."""

    def __init__(self, lock: RLock | None = None) -> None:
        """Start at zero.

        Args:
            lock: guards the counters; give the lock of whatever must change together with them.

        """
        self._lock = lock or RLock()
        self._received = 0
        self._published = 0
        self._dropped = dict.fromkeys(DropCause, 0)

    def receive(self) -> None:
        """Count a frame that came in."""
        with self._lock:
            self._received += 1

    def publish(self) -> None:
        """Count a frame that left as depth."""
        with self._lock:
            self._published += 1

    def drop(self, cause: DropCause) -> None:
        """Count a frame that did not."""
        with self._lock:
            self._dropped[cause] += 1

    def snapshot(self) -> Counts:
        """Return all counters as they are at one moment."""
        with self._lock:
            dropped = MappingProxyType(dict(self._dropped))
            return Counts(self._received, self._published, dropped)


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean and 95th percentile of a series, in its unit."""

    mean: float
    p95: float


class Timings:
    """The last values of several series of durations, by name."""

    def __init__(self, window: int = 128) -> None:
        """Keep the last `window` values of each series."""
        self._lock = Lock()
        self._window = window
        self._series: dict[str, deque[float]] = {}

    def add(self, **values: float) -> None:
        """Add one value to each named series."""
        with self._lock:
            for name, value in values.items():
                self._series.setdefault(name, deque(maxlen=self._window)).append(value)

    def summary(self) -> dict[str, Summary]:
        """Return mean and 95th percentile of each series that has values."""
        with self._lock:
            copies = {name: np.array(values) for name, values in self._series.items()}
        return {
            name: Summary(float(values.mean()), float(np.percentile(values, 95)))
            for name, values in copies.items()
        }
