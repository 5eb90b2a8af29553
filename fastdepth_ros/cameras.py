"""Which camera_info belongs to which image."""

from __future__ import annotations

from threading import Condition
from typing import Any


class CameraInfos:
    """The newest camera_info messages, to be found by the stamp of an image.

    Drivers publish an image and its camera_info one after the other, in either order, so the
    message that belongs to an image may come a moment after it. It is waited for a little, but only
    while the stamps of this camera are known to agree (or nothing is known yet): a camera whose
    stamps never agree costs no waiting.

    `add` is called by one thread, `find` by another.
    """

    def __init__(self, *, patience: float = 0.01, keep: int = 32) -> None:
        """Know no camera yet.

        Args:
            patience: seconds to wait for a message that is expected.
            keep: how many messages are remembered.

        """
        self._changed = Condition()
        self._by_stamp: dict[int, Any] = {}
        self._patience = patience
        self._keep = keep
        self._agree = True
        self._missed: int | None = None

    def add(self, stamp: int, info: Any) -> None:
        """Remember a camera_info.

        Args:
            stamp: nanoseconds.
            info: whatever has the fields of `sensor_msgs/CameraInfo`.

        """
        with self._changed:
            self._by_stamp.pop(stamp, None)  # so that a repeated stamp is the latest again
            self._by_stamp[stamp] = info
            if len(self._by_stamp) > self._keep:
                del self._by_stamp[next(iter(self._by_stamp))]
            if stamp == self._missed:
                self._agree = True
            self._changed.notify_all()

    def find(self, stamp: int) -> Any | None:
        """Return the camera_info of that very stamp (nanoseconds), or None."""
        with self._changed:
            if self._agree:
                self._changed.wait_for(lambda: stamp in self._by_stamp, self._patience)
            info = self._by_stamp.get(stamp)
            self._missed = stamp if info is None else None
            self._agree = info is not None or not self._by_stamp
            return info

    def latest(self) -> tuple[int, Any] | None:
        """Return stamp and camera_info of the message that came last, or None."""
        with self._changed:
            if not self._by_stamp:
                return None
            return next(reversed(self._by_stamp.items()))

    def clear(self) -> None:
        """Forget all messages."""
        with self._changed:
            self._by_stamp.clear()
            self._agree = True
