"""Frames are let in at a rate."""

from __future__ import annotations

import pytest

from fastdepth_ros.rate_gate import RateGate


@pytest.mark.parametrize(("rate", "expected"), [(15.0, 150), (10.0, 100), (7.0, 70), (40.0, 300)])
def test_the_rate_is_kept_on_average_whatever_the_jitter(rate: float, expected: int) -> None:
    gate = RateGate()
    jitter = (0.0, 0.004, -0.004, 0.002, -0.003)
    times = [i / 30 + jitter[i % 5] for i in range(300)]
    passed = sum(gate.admit(time, rate) for time in times)
    assert abs(passed - expected) <= 2


def test_no_limit_lets_all_through() -> None:
    gate = RateGate()
    assert all(gate.admit(0.0, 0.0) for _ in range(10))


def test_after_a_pause_there_is_no_burst() -> None:
    gate = RateGate()
    assert gate.admit(0.0, 1.0)
    assert gate.admit(100.0, 1.0)
    assert [gate.admit(100.0 + i / 10, 1.0) for i in range(1, 11)] == [False] * 9 + [True]


def test_a_new_rate_counts_at_once() -> None:
    gate = RateGate()
    assert gate.admit(0.0, 1.0)
    assert gate.admit(0.1, 0.0)
    assert gate.admit(0.2, 1.0)
    assert not gate.admit(0.3, 1.0)
