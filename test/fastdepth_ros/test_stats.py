"""Counters and timings."""

from __future__ import annotations

import pytest

from fastdepth_ros.stats import FAULTS, Counters, DropCause, Timings


def test_counts_add_up() -> None:
    counters = Counters()
    for _ in range(10):
        counters.receive()
    for _ in range(3):
        counters.publish()
    counters.drop(DropCause.OVERWRITTEN)
    counters.drop(DropCause.OVERWRITTEN)
    counters.drop(DropCause.BAD_IMAGE)
    counts = counters.snapshot()
    assert (counts.received, counts.published, counts.dropped_total) == (10, 3, 3)
    assert counts.dropped[DropCause.OVERWRITTEN] == 2
    assert counts.dropped[DropCause.NO_CAMERA_INFO] == 0
    assert set(counts.dropped) == set(DropCause)
    assert counts.in_flight == 4


def test_a_snapshot_does_not_change() -> None:
    counters = Counters()
    before = counters.snapshot()
    counters.receive()
    counters.drop(DropCause.BAD_IMAGE)
    assert before.received == 0
    assert before.dropped_total == 0


def test_losing_to_a_newer_frame_or_to_the_end_is_no_fault() -> None:
    for cause in (DropCause.OVERWRITTEN, DropCause.DEACTIVATED, DropCause.NO_LISTENER):
        assert cause not in FAULTS
    for cause in (DropCause.NO_CAMERA_INFO, DropCause.TOO_OLD):
        assert cause in FAULTS


def test_timings_are_of_the_last_values() -> None:
    timings = Timings(window=100)
    assert timings.summary() == {}
    for value in [1000.0] * 50 + [float(v) for v in range(1, 101)]:
        timings.add(infer=value)
    timings.add(publish=7.0)
    summary = timings.summary()
    assert summary["infer"].mean == pytest.approx(50.5)
    assert summary["infer"].median == pytest.approx(50.5)
    assert summary["infer"].p95 == pytest.approx(95.05)
    assert summary["infer"].p99 == pytest.approx(99.01)
    assert summary["infer"].last == 100.0
    assert summary["publish"].mean == summary["publish"].p95 == 7.0
    timings.clear()
    assert timings.summary() == {}
