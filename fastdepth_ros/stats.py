"""What the node counts: frames by their fate, and the time that each stage takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Lock, RLock
from types import MappingProxyType


class DropCause(Enum):
    """Why a frame that was received is not published as depth (fastdepth_ros.reasons explains)."""

    OVERWRITTEN = "overwritten"
    RATE_LIMITED = "rate_limited"
    REPEATED_STAMP = "repeated_stamp"
    NO_LISTENER = "no_listener"
    TOO_OLD = "too_old"
    NO_CAMERA_INFO = "no_camera_info"
    BAD_CAMERA_INFO = "bad_camera_info"
    CAMERA_MISMATCH = "camera_mismatch"
    BAD_IMAGE = "bad_image"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    INFERENCE_FAILED = "inference_failed"
    PUBLISH_FAILED = "publish_failed"
    INTERNAL_ERROR = "internal_error"
    DEACTIVATED = "deactivated"


FAULTS = frozenset(DropCause) - {
    DropCause.OVERWRITTEN,
    DropCause.RATE_LIMITED,
    DropCause.REPEATED_STAMP,
    DropCause.NO_LISTENER,
    DropCause.DEACTIVATED,
}
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
    """Counts frames; every change and every reading is one step for all threads.

    Attributes:
        lock: guards the counters, and whatever must change together with them.

    """

    def __init__(self) -> None:
        """Start at zero."""
        self.lock = RLock()
        self._received = 0
        self._published = 0
        self._dropped = dict.fromkeys(DropCause, 0)

    def receive(self) -> None:
        """Count a frame that came in."""
        with self.lock:
            self._received += 1

    def publish(self) -> None:
        """Count a frame that left as depth."""
        with self.lock:
            self._published += 1

    def drop(self, cause: DropCause) -> None:
        """Count a frame that did not."""
        with self.lock:
            self._dropped[cause] += 1

    def snapshot(self) -> Counts:
        """Return all counters as they are at one moment."""
        with self.lock:
            dropped = MappingProxyType(dict(self._dropped))
            return Counts(self._received, self._published, dropped)


@dataclass(frozen=True, slots=True)
class Summary:
    """A series in its unit: mean, median, 95th and 99th percentile and the last value."""

    mean: float
    median: float
    p95: float
    p99: float
    last: float


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
        """Return what there is to say of each series that has values."""
        with self._lock:
            copies = {name: list(values) for name, values in self._series.items()}
        return {name: _summarise(values) for name, values in copies.items()}

    def clear(self) -> None:
        """Forget all values."""
        with self._lock:
            self._series.clear()


def _summarise(values: list[float]) -> Summary:
    """Return what there is to say of some values; for so few NumPy takes ten times as long."""
    last, mean = values[-1], sum(values) / len(values)
    values.sort()
    median, p95, p99 = (_quantile(values, share) for share in (0.5, 0.95, 0.99))
    return Summary(mean, median, p95, p99, last)


def _quantile(ordered: list[float], share: float) -> float:
    """Return a quantile, between two values by linear interpolation."""
    place = share * (len(ordered) - 1)
    below = int(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    return low + (high - low) * (place - below)
