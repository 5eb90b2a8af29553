"""Work ahead: run an iterator on a thread of its own, a few items before they are asked for."""

from __future__ import annotations

from collections.abc import Generator
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T, None, None], size: int = 4) -> Generator[T, None, None]:
    """Yield the items of a generator that runs on a thread of its own.

    The generator is started, run and closed on that thread. An error in it is raised here, at its
    place; when this iterator is closed, the generator is closed too.

    Args:
        items: the generator.
        size: how many items may wait.

    """
    # Two queues without a bound, of which one hands out places in the other: a queue with a bound
    # does its waiting in Python, and every instruction of it keeps the other threads from theirs.
    ready: SimpleQueue[tuple[T] | BaseException | None] = SimpleQueue()
    places: SimpleQueue[None] = SimpleQueue()
    gone = Event()
    for _ in range(size):
        places.put(None)

    def hand_over() -> None:
        try:
            for item in items:
                places.get()
                if gone.is_set():
                    return
                ready.put((item,))
        finally:
            items.close()

    def work() -> None:
        end: BaseException | None = None
        try:
            hand_over()
        except BaseException as err:  # noqa: BLE001 - it is raised again where it is waited for
            end = err
        ready.put(end)

    thread = Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while (got := ready.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            places.put(None)
            yield got[0]
    finally:
        gone.set()
        places.put(None)  # whoever waits for a place finds out
        thread.join()
