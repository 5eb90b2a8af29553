"""The path from messages to depth: newest frame wins, faults are named, every frame is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastdepth.errors import ImageError
from fastdepth_ros.pipeline import ClosedError, DepthPipeline, DepthResult, Fault
from fastdepth_ros.stats import Counts, DropCause
from test.fastdepth_ros.fakes import (
    HEIGHT,
    WIDTH,
    FakeEstimator,
    eventually,
    fake_image,
    fake_info,
)


class Run:
    """A pipeline with everything it hands out."""

    def __init__(self, estimator: FakeEstimator, **options: Any) -> None:
        self.results: list[DepthResult] = []
        self.faults: list[Fault] = []
        self.events: list[tuple[str, int]] = []
        self.estimator = estimator
        self.deliver: Callable[[DepthResult], None] = self.results.append
        self.pipeline = DepthPipeline(
            estimator,
            self._hand_on,
            on_fault=self.faults.append,
            on_event=lambda event, stamp: self.events.append((event, stamp)),
            **options,
        )

    def _hand_on(self, result: DepthResult) -> None:
        self.deliver(result)

    @property
    def counts(self) -> Counts:
        return self.pipeline.counters.snapshot()

    def send(self, image: Any, info: Any | None = None) -> None:
        if info is not None:
            self.pipeline.receive_camera_info(info)
        self.pipeline.receive(image)

    def wait_until_idle(self) -> None:
        assert eventually(lambda: self.counts.in_flight == 0)


@contextmanager
def running(*, is_held: bool = False, **options: Any) -> Iterator[Run]:
    run = Run(FakeEstimator(is_held=is_held), **options)
    run.pipeline.start()
    try:
        yield run
    finally:
        run.estimator.let_through(100)
        assert run.pipeline.stop(timeout=30)
        counts = run.counts
        assert counts.in_flight == 0
        assert counts.received == counts.published + sum(counts.dropped.values())


def test_a_frame_becomes_the_fields_of_its_messages() -> None:
    with running() as run:
        image = fake_image(7, level=4)
        run.send(image, fake_info(7))
        run.wait_until_idle()
        (result,) = run.results
        assert result.header is image.header
        assert result.image["encoding"] == "32FC1"
        assert (result.image["height"], result.image["width"]) == (3, 4)
        depth = np.frombuffer(result.image["data"], "<f4").reshape(3, 4)
        np.testing.assert_array_equal(depth, np.full((3, 4), 5.0))
        assert result.camera_info is not None
        assert result.camera_info["k"][:3] == [5.0, 0.0, 1.5]
        assert run.counts.published == 1
        assert run.events == [("received", 7), ("began", 7), ("published", 7)]
        times = run.pipeline.timings.summary()
        assert times["prepare"].mean == 0.001
        assert times["infer"].mean == 0.002
        assert times["finish"].mean >= 0.003
        assert times["latency"].mean >= times["processing_time"].mean > 0


def test_the_newest_frame_wins_and_the_others_are_counted() -> None:
    with running(is_held=True) as run:
        run.send(fake_image(1, level=1), fake_info(1))
        assert run.estimator.begun.acquire(timeout=30)
        for stamp in (2, 3, 4, 5):
            run.send(fake_image(stamp, level=stamp), fake_info(stamp))
        assert run.counts.in_flight == 2
        assert run.counts.dropped[DropCause.OVERWRITTEN] == 3
        run.estimator.let_through(2)
        run.wait_until_idle()
        assert [r.header.stamp.nanosec for r in run.results] == [1, 5]
        assert [float(r.depth[0, 0]) for r in run.results] == [2.0, 6.0]


def test_receiving_does_not_wait_for_the_model() -> None:
    with running(is_held=True) as run:
        run.send(fake_image(1), fake_info(1))
        assert run.estimator.begun.acquire(timeout=30)
        for stamp in range(2, 1000):  # would hang here, since nothing is let through
            run.send(fake_image(stamp), fake_info(stamp))
        assert run.counts.received == 999
        assert run.counts.published == 0


@pytest.mark.parametrize(
    ("image", "info", "cause", "words"),
    [
        ({"encoding": "bayer_rggb8"}, {}, DropCause.UNSUPPORTED_ENCODING, "bayer_rggb8"),
        ({"data": b"\0" * 10}, {}, DropCause.BAD_IMAGE, "10 bytes"),
        ({"step": 3}, {}, DropCause.BAD_IMAGE, "step"),
        ({"height": 0, "data": b""}, {}, DropCause.BAD_IMAGE, "x0"),
        ({}, None, DropCause.NO_CAMERA_INFO, "no camera_info"),
        ({}, {"k": [0.0] * 9}, DropCause.BAD_CAMERA_INFO, "not calibrated"),
        ({}, {"k": [float("nan")] * 9}, DropCause.BAD_CAMERA_INFO, "not finite"),
        ({}, {"width": 2 * WIDTH}, DropCause.CAMERA_MISMATCH, "16x6"),
    ],
)
def test_a_bad_frame_is_dropped_with_its_cause_and_the_next_one_works(
    image: dict[str, Any], info: dict[str, Any] | None, cause: DropCause, words: str
) -> None:
    with running() as run:
        bad = fake_image(1, **image)
        run.send(bad, None if info is None else fake_info(1, **info))
        run.wait_until_idle()
        assert run.counts.dropped[cause] == 1
        assert not run.results
        (fault,) = run.faults
        assert fault.cause is cause
        assert fault.is_dropped
        assert fault.message is bad
        assert words in fault.reason
        run.send(fake_image(2), fake_info(2))
        run.wait_until_idle()
        assert run.counts.published == 1


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (RuntimeError("engine gave up\nand more"), DropCause.INFERENCE_FAILED),
        (ImageError("no image"), DropCause.BAD_IMAGE),
    ],
)
def test_a_failing_model_costs_that_frame_only(error: Exception, cause: DropCause) -> None:
    with running() as run:
        run.estimator.error = error
        run.send(fake_image(1), fake_info(1))
        run.wait_until_idle()
        run.estimator.error = None
        run.send(fake_image(2), fake_info(2))
        run.wait_until_idle()
        assert run.counts.dropped[cause] == 1
        assert str(error).splitlines()[0] in run.faults[0].reason
        assert "and more" not in run.faults[0].reason
        assert run.counts.published == 1


def test_a_failing_publisher_costs_that_frame_only() -> None:
    def refuse(_: DepthResult) -> None:
        msg = "no middleware"
        raise OSError(msg)

    def close(_: DepthResult) -> None:
        raise ClosedError

    with running() as run:
        run.deliver = refuse
        run.send(fake_image(1), fake_info(1))
        run.wait_until_idle()
        run.deliver = close
        run.send(fake_image(2), fake_info(2))
        run.wait_until_idle()
        run.deliver = run.results.append
        run.send(fake_image(3), fake_info(3))
        run.wait_until_idle()
        assert run.counts.dropped[DropCause.PUBLISH_FAILED] == 1
        assert run.counts.dropped[DropCause.SHUTTING_DOWN] == 1
        assert [f.cause for f in run.faults] == [DropCause.PUBLISH_FAILED]
        assert len(run.results) == 1


def test_an_error_nobody_thought_of_does_not_end_the_worker() -> None:
    def broken(_: Any) -> Any:
        msg = "surprise"
        raise ZeroDivisionError(msg)

    with running(decode=broken) as run:
        for stamp in (1, 2):
            run.send(fake_image(stamp), fake_info(stamp))
            run.wait_until_idle()
        assert run.counts.dropped[DropCause.INTERNAL_ERROR] == 2
        assert "ZeroDivisionError: surprise" in run.faults[0].reason


def test_without_a_required_camera_the_cards_own_camera_is_assumed() -> None:
    with running(require_camera_info=False) as run:
        run.send(fake_image(1))
        run.wait_until_idle()
        run.send(fake_image(2), fake_info(2, k=[0.0] * 9))
        run.wait_until_idle()
        run.send(fake_image(3), fake_info(3))
        run.wait_until_idle()
        assert [r.camera_info is None for r in run.results] == [True, True, False]
        assert run.estimator.cameras[:2] == [None, None]
        assert run.estimator.cameras[2] is not None
        (fault,) = run.faults  # saying nothing about a camera_info that was not asked for
        assert fault.cause is DropCause.BAD_CAMERA_INFO
        assert not fault.is_dropped


def test_the_requirement_may_change_while_running() -> None:
    with running() as run:
        run.send(fake_image(1))
        run.wait_until_idle()
        run.pipeline.require_camera_info = False
        run.send(fake_image(2))
        run.wait_until_idle()
        assert [r.header.stamp.nanosec for r in run.results] == [2]


def test_stop_ends_the_worker_and_counts_what_is_left() -> None:
    run = Run(FakeEstimator(is_held=True))
    run.pipeline.start()
    run.send(fake_image(1), fake_info(1))
    assert run.estimator.begun.acquire(timeout=30)
    run.send(fake_image(2), fake_info(2))
    assert not run.pipeline.stop(timeout=0.01)  # the model holds its frame
    run.send(fake_image(3), fake_info(3))
    run.estimator.let_through()
    assert run.pipeline.stop(timeout=30)
    counts = run.counts
    assert (counts.received, counts.published, counts.in_flight) == (3, 1, 0)
    assert counts.dropped[DropCause.SHUTTING_DOWN] == 2
    assert not [t for t in threading.enumerate() if t.name == "depth-worker"]


def test_a_pipeline_that_never_started_can_be_stopped() -> None:
    run = Run(FakeEstimator())
    run.send(fake_image(1), fake_info(1))
    assert run.pipeline.stop()
    assert run.counts.dropped[DropCause.SHUTTING_DOWN] == 1


FRAMES: dict[str, dict[str, Any]] = {
    "good": {},
    "encoding": {"encoding": "yuv422"},
    "short": {"data": b""},
    "huge": {"height": 2**31, "width": 2**31},
    "other size": {"height": 1, "width": 1, "step": 3, "data": b"abc"},
}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(st.sampled_from(sorted(FRAMES)), st.sampled_from(["through", "fail", "mend"])),
        max_size=40,
    )
)
def test_at_every_moment_the_counts_add_up(actions: list[str]) -> None:
    """Whatever comes, in whatever order: nothing is lost, doubled, or published out of turn."""
    run = Run(FakeEstimator(is_held=True))
    run.pipeline.receive_camera_info(fake_info(0))
    run.pipeline.start()
    seen: list[Counts] = []
    watching = threading.Event()

    def watch() -> None:
        while not watching.is_set():
            seen.append(run.counts)
            watching.wait(0.0005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    sent = 0
    for action in actions:
        if action == "through":
            run.estimator.let_through()
        elif action == "fail":
            run.estimator.error = ValueError("told to")
        elif action == "mend":
            run.estimator.error = None
        else:
            sent += 1
            run.send(fake_image(sent, level=sent, **FRAMES[action]))
        seen.append(run.counts)
    run.estimator.let_through(100)
    assert run.pipeline.stop(timeout=30)
    watching.set()
    watcher.join()
    final = run.counts
    assert final.received == sent
    assert final.received == final.published + final.dropped_total
    assert final.published == len(run.results)
    assert final.dropped_total == len([f for f in run.faults if f.is_dropped]) + (
        final.dropped[DropCause.OVERWRITTEN] + final.dropped[DropCause.SHUTTING_DOWN]
    )
    for counts in seen:
        assert 0 <= counts.in_flight <= 2
    stamps = [r.header.stamp.nanosec for r in run.results]
    assert stamps == sorted(set(stamps))
    for result in run.results:
        assert result.depth[0, 0] == 1.0 + result.header.stamp.nanosec
    received: list[int] = []
    for event, stamp in run.events:
        if event == "received":
            received.append(stamp)
        elif event == "began":
            assert stamp == received[-1]


def test_the_size_of_the_fakes_is_not_square() -> None:
    assert WIDTH != HEIGHT  # otherwise swapped axes would go unseen
