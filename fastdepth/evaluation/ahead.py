"""Work ahead: run an iterator on a thread of its own, a few items before they are asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

_LOOK_UP = 0.1  # seconds until a thread that cannot hand over looks whether anybody still wants it


def ahead(items: Generator[T, None, None], size: int = 4) -> Iterator[T]:
    """Yield the items of a generator that runs on a thread of its own.

    The generator is started, run and closed on that thread. An error in it is raised here, at its
    place; when this iterator is closed, the generator is closed too.

    Args:
        items: the generator.
        size: how many items may wait.

    """
    queue: Queue[tuple[T] | BaseException | None] = Queue(size)
    gone = Event()

    def hand_over(what: tuple[T] | BaseException | None) -> bool:
        while not gone.is_set():
            try:
                queue.put(what, timeout=_LOOK_UP)
            except Full:
                continue
            return True
        return False

    def work() -> None:
        end: BaseException | None = None
        try:
            for item in items:
                if not hand_over((item,)):
                    break
        except BaseException as err:  # noqa: BLE001 - it is raised again where it is waited for
            end = err
        finally:
            items.close()
        hand_over(end)

    thread = Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while (got := queue.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got[0]
    finally:
        gone.set()
        thread.join()
