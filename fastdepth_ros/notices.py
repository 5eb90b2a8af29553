"""Say a thing once, then only now and then."""

from __future__ import annotations

import math
from collections.abc import Hashable
from threading import Lock
from time import monotonic

ONCE = math.inf


class Throttle:
    """Lets a notice through at most once a period for each key, and counts what it held back."""

    def __init__(self, *, keep: int = 256) -> None:
        """Hold nothing back yet; remember at most `keep` keys (they may come from outside)."""
        self._lock = Lock()
        self._keep = keep
        self._last: dict[Hashable, float] = {}
        self._held: dict[Hashable, int] = {}

    def admit(self, key: Hashable, period: float, now: float | None = None) -> int | None:
        """Ask whether to speak.

        Args:
            key: what the notice is about.
            period: seconds between two notices of this key; ONCE for never again.
            now: seconds of a steady clock; the system's if None.

        Returns:
            How many notices of this key were held back since the last, or None to stay silent.

        """
        now = monotonic() if now is None else now
        with self._lock:
            last = self._last.get(key)
            if last is not None and now - last < period:
                self._held[key] = self._held.get(key, 0) + 1
                return None
            self._last[key] = now
            if len(self._last) > self._keep:
                oldest = next(iter(self._last))
                del self._last[oldest]
                self._held.pop(oldest, None)
            return self._held.pop(key, 0)
