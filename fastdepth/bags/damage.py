"""Read on after the damaged parts of a bag."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastdepth.bags.contents import Damage, RawMessage
from fastdepth.errors import BagError

_MILLISECOND = 1_000_000


def around_damage(
    read: Callable[[int | None], Iterator[RawMessage]],
    is_readable: Callable[[int], bool],
    start: int | None,
    span: tuple[int, int],
    on_damage: Callable[[Damage], None],
) -> Iterator[RawMessage]:
    """Yield the messages that can be read, in the order they were received.

    Args:
        read: yields the messages from a time on; raises BagError where one cannot be read.
        is_readable: tells whether the first message from a time on can be read.
        start: the first time wanted, nanoseconds; all if None.
        span: the first and the last time that there may be messages.
        on_damage: told of each damaged part, after which reading goes on.

    """
    first, end = span
    last = first
    following = start
    while True:
        try:
            for raw in read(following):
                last = raw.time
                yield raw
            return
        except BagError as err:
            following = _next_readable(is_readable, last + 1, end)
            on_damage(Damage(last, end if following is None else following, str(err)))
            if following is None:
                return


def _next_readable(is_readable: Callable[[int], bool], start: int, last: int) -> int | None:
    """Return from when on messages can be read again (to a millisecond), or None.

    How a storage is divided does not show, so the time is searched for: first in steps that
    double, then by halves.
    """
    bad, step = start, _MILLISECOND
    while (good := bad + step) <= last and not is_readable(good):
        bad, step = good, 2 * step
    if good > last:
        good = last
        if good <= bad or not is_readable(good):
            return None
    while good - bad > _MILLISECOND:
        middle = (bad + good) // 2
        if is_readable(middle):
            good = middle
        else:
            bad = middle
    return good
