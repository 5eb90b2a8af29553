from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from fastdepth.evaluation.ahead import ahead


def test_items_come_in_order_from_another_thread() -> None:
    threads = set()

    def items() -> Generator[int, None, None]:
        threads.add(threading.current_thread())
        yield from range(1000)

    assert list(ahead(items(), 3)) == list(range(1000))
    assert threading.current_thread() not in threads


def test_an_error_comes_at_its_place() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2
        msg = "three"
        raise ValueError(msg)

    got = []
    with pytest.raises(ValueError, match="three"):
        got += [got.append(item) for item in ahead(items())]
    assert got == [1, 2]


def test_it_works_only_so_far_ahead_and_closes_what_it_runs() -> None:
    made = []
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            for number in range(1000):
                made.append(number)
                yield number
        finally:
            closed.set()

    iterator = ahead(items(), 3)
    assert next(iterator) == 0
    iterator.close()
    assert closed.wait(10)
    assert len(made) <= 6


def test_nested_threads_are_all_closed() -> None:
    closed = threading.Event()

    def inner() -> Generator[int, None, None]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    def outer() -> Generator[int, None, None]:
        for item in ahead(inner()):
            yield item * 2

    iterator = ahead(outer())
    assert [next(iterator) for _ in range(3)] == [0, 2, 4]
    before = threading.active_count()
    iterator.close()
    assert closed.wait(10)
    assert threading.active_count() < before


def test_an_error_in_closing_comes_out_as_well() -> None:
    def items() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            msg = "cannot close"
            raise OSError(msg)

    with pytest.raises(OSError, match="cannot close"):
        list(ahead(items()))


def test_no_more_items_wait_than_may() -> None:
    """However slow the reader is: made are those that wait, one more in hand, and those taken."""
    made = []
    full = threading.Event()

    def items() -> Generator[int, None, None]:
        for number in range(100):
            made.append(number)
            if number == 3:
                full.set()
            yield number

    iterator = ahead(items(), 3)
    assert next(iterator) == 0
    assert full.wait(10)
    for taken in range(1, 100):
        assert len(made) <= taken + 4
        assert next(iterator) == taken
    assert list(iterator) == []
