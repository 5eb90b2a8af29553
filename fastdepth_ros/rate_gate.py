"""Let frames in at a rate."""

from __future__ import annotations


class RateGate:
    """Lets events through at most at a rate, on average exactly.

    Due times go on by whole periods. Counting each period from the last event instead would let a
    30 Hz camera through at 10 Hz where 15 Hz are allowed, as soon as one frame is early by a hair.
    """

    def __init__(self) -> None:
        """Let the first event through."""
        self._due: float | None = None

    def admit(self, now: float, rate: float) -> bool:
        """Ask whether an event may pass.

        Args:
            now: seconds of a steady clock.
            rate: events a second; 0 for no limit.

        """
        if rate <= 0:
            self._due = None
            return True
        period = 1 / rate
        if self._due is None or now >= self._due + period:  # the first, or after a pause
            self._due = now + period
            return True
        if now < self._due:
            return False
        self._due += period
        return True
