"""A mailbox for one item between two threads, in which the newest wins."""

from __future__ import annotations

from threading import Condition, RLock
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest item until it is taken; an older one that was not taken yet falls out."""

    def __init__(self, lock: RLock | None = None) -> None:
        """Make an empty mailbox.

        Args:
            lock: guards the mailbox; give the lock of whatever must change together with it.

        """
        self._changed = Condition(lock)
        self._item: T | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether nothing can be put in any more."""
        return self._closed

    @property
    def is_full(self) -> bool:
        """Whether an item waits."""
        return self._item is not None

    def put(self, item: T) -> T | None:
        """Put an item in; never blocks.

        Returns:
            What fell out: the item that was there and had not been taken, `item` itself if the
            mailbox is closed, or None.

        """
        with self._changed:
            if self._closed:
                return item
            fallen, self._item = self._item, item
            self._changed.notify()
            return fallen

    def take(self, timeout: float | None = None) -> T | None:
        """Wait for an item and take it out.

        Args:
            timeout: seconds to wait at most; for ever if None.

        Returns:
            The item, or None if the mailbox was closed or the time ran out.

        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> T | None:
        """Let nothing in any more and wake who waits; return the item that was still there."""
        with self._changed:
            self._closed = True
            item, self._item = self._item, None
            self._changed.notify_all()
            return item
