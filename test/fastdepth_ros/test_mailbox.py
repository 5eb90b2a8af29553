"""The mailbox: newest wins, nothing lost or doubled, nobody waits for ever."""

from __future__ import annotations

import threading

from fastdepth_ros.mailbox import Mailbox


def test_the_newest_wins_and_the_older_falls_out() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.put(1) is None
    assert box.put(2) == 1
    assert box.put(3) == 2
    assert box.take() == 3
    assert box.put(4) is None
    assert box.take() == 4


def test_take_ends_when_the_time_is_over() -> None:
    assert Mailbox[int]().take(timeout=0.001) is None


def test_take_wakes_for_an_item_of_another_thread() -> None:
    box: Mailbox[str] = Mailbox()
    got: list[str | None] = []
    reader = threading.Thread(target=lambda: got.append(box.take(timeout=30)))
    reader.start()
    box.put("frame")
    reader.join(30)
    assert got == ["frame"]


def test_close_wakes_the_reader_and_hands_back_what_is_left() -> None:
    box: Mailbox[int] = Mailbox()
    got: list[int | None] = [99]
    reader = threading.Thread(target=lambda: got.append(box.take(timeout=30)))
    reader.start()
    assert box.close() is None
    reader.join(30)
    assert not reader.is_alive()
    assert got == [99, None]

    other: Mailbox[int] = Mailbox()
    other.put(5)
    assert other.close() == 5
    assert other.closed
    assert other.put(6) == 6  # refused
    assert other.take(timeout=30) is None  # at once


def test_every_item_is_taken_or_falls_out_once() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int] = []
    fallen: list[int] = []

    def read() -> None:
        while (item := box.take(timeout=30)) is not None:
            taken.append(item)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(1, 20_001):
        out = box.put(i)
        if out is not None:
            fallen.append(out)
    left = box.close()
    reader.join(30)
    assert sorted(taken + fallen + ([left] if left else [])) == list(range(1, 20_001))
    assert taken == sorted(taken)
