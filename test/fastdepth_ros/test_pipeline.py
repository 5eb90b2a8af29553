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
from fastdepth.masks import DepthMask
from fastdepth.messages import stamp_ns
from fastdepth_ros.pipeline import ClosedError, DepthPipeline, DepthResult, Fault, Plan
from fastdepth_ros.processing import DepthMaker
from fastdepth_ros.stats import Counts, DropCause
from test.fastdepth_ros.fakes import (
    HEIGHT,
    WIDTH,
    FakeEstimator,
    eventually,
    fake_image,
    fake_info,
)


def plan_of(estimator: FakeEstimator, **settings: Any) -> Plan:
    return Plan(DepthMaker(estimator, mask=DepthMask(0.1, 1000.0)), **settings)


class Run:
    """A pipeline with everything it hands out."""

    def __init__(
        self, estimator: FakeEstimator, plan: dict[str, Any] | None = None, **options: Any
    ) -> None:
        self.results: list[DepthResult] = []
        self.faults: list[Fault] = []
        self.events: list[tuple[str, int]] = []
        self.estimator = estimator
        self.deliver: Callable[[DepthResult], None] = self.results.append
        self.pipeline = DepthPipeline(
            plan_of(estimator, **(plan or {})),
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
            self.pipeline.cameras.add(stamp_ns(info.header), info)
        self.pipeline.receive(image)

    def wait_until_idle(self) -> None:
        assert eventually(lambda: self.counts.in_flight == 0)


@contextmanager
def running(
    plan: dict[str, Any] | None = None, *, is_held: bool = False, **options: Any
) -> Iterator[Run]:
    run = Run(FakeEstimator(is_held=is_held), plan, **options)
    run.pipeline.start()
    try:
        yield run
    finally:
        run.estimator.let_through(100)
        assert run.pipeline.stop(timeout=30)
        counts = run.counts
        assert counts.in_flight == 0
        assert counts.received == counts.published + sum(counts.dropped.values())


def test_a_frame_becomes_depth_with_its_header_and_its_camera() -> None:
    with running() as run:
        image = fake_image(7, level=4)
        run.send(image, fake_info(7))
        run.wait_until_idle()
        (result,) = run.results
        assert result.header is image.header
        np.testing.assert_array_equal(result.made.depth, np.full((3, 4), 5.0))
        assert result.info is not None
        assert result.info.header.stamp.nanosec == 7
        assert run.estimator.cameras[0] is not None
        assert (run.estimator.cameras[0].fx, run.estimator.cameras[0].cx) == (10.0, 3.5)
        assert result.pixels.array.shape == (HEIGHT, WIDTH, 3)
        assert run.counts.published == 1
        assert run.events == [("received", 7), ("began", 7), ("published", 7)]
        times = run.pipeline.timings.summary()
        assert times["prepare"].mean == 0.001
        assert times["infer"].mean == 0.002
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
        assert [float(r.made.depth[0, 0]) for r in run.results] == [2.0, 6.0]


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
        assert run.counts.dropped[DropCause.DEACTIVATED] == 1
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
    with running({"require_camera_info": False}) as run:
        run.send(fake_image(1))
        run.wait_until_idle()
        run.send(fake_image(2), fake_info(2, k=[0.0] * 9))
        run.wait_until_idle()
        run.send(fake_image(3), fake_info(3))
        run.wait_until_idle()
        assert [r.info is None for r in run.results] == [True, True, False]
        assert run.estimator.cameras[:2] == [None, None]
        assert run.estimator.cameras[2] is not None
        (fault,) = run.faults  # saying nothing about a camera_info that was not asked for
        assert fault.cause is DropCause.BAD_CAMERA_INFO
        assert not fault.is_dropped


def test_the_plan_may_change_while_running() -> None:
    with running() as run:
        run.send(fake_image(1))
        run.wait_until_idle()
        run.pipeline.plan = plan_of(run.estimator, require_camera_info=False)
        run.send(fake_image(2))
        run.wait_until_idle()
        assert [r.header.stamp.nanosec for r in run.results] == [2]


def stamps(run: Run) -> list[int]:
    return [r.header.stamp.nanosec for r in run.results]


def test_depth_of_the_same_stamp_is_not_made_twice() -> None:
    with running() as run:
        for stamp in (1, 1, 2, 1, 2, 2):
            run.send(fake_image(stamp), fake_info(stamp))
            run.wait_until_idle()
        assert stamps(run) == [1, 2, 1, 2]  # the clock may jump back
        assert run.counts.dropped[DropCause.REPEATED_STAMP] == 2
        assert not run.faults


def test_a_frame_that_failed_may_come_again() -> None:
    with running() as run:
        run.send(fake_image(1))
        run.wait_until_idle()
        run.send(fake_image(1), fake_info(1))
        run.wait_until_idle()
        assert stamps(run) == [1]


def test_images_without_stamps_are_not_taken_for_repeated() -> None:
    with running() as run:
        for _ in range(3):
            run.send(fake_image(0), fake_info(0))
            run.wait_until_idle()
        assert stamps(run) == [0, 0, 0]


def test_nothing_is_put_through_the_model_while_nobody_listens() -> None:
    wanted = [False]
    with running({"lazy": True}, is_wanted=lambda: wanted[0]) as run:
        for stamp in (1, 2):
            run.send(fake_image(stamp), fake_info(stamp))
            run.wait_until_idle()
        assert run.estimator.cameras == []
        assert run.counts.dropped[DropCause.NO_LISTENER] == 2
        wanted[0] = True
        run.send(fake_image(3), fake_info(3))
        run.wait_until_idle()
        run.pipeline.plan = plan_of(run.estimator)  # not lazy
        wanted[0] = False
        run.send(fake_image(4), fake_info(4))
        run.wait_until_idle()
        assert stamps(run) == [3, 4]


def test_an_old_image_is_dropped_by_the_clock_that_stamped_it() -> None:
    now = [0]
    with running({"max_image_age": 0.5}, now=lambda: now[0]) as run:
        for stamp, time in (
            (1, 0),  # a simulated clock before its first message
            (1_000_000_000, 1_400_000_000),
            (1_000_000_001, 1_600_000_001),
            (2_000_000_000, 1_000_000_000),  # from the future
        ):
            now[0] = time
            run.send(fake_image(stamp), fake_info(stamp))
            run.wait_until_idle()
        assert [r.header.stamp.sec for r in run.results] == [0, 1, 2]
        assert run.counts.dropped[DropCause.TOO_OLD] == 1
        assert "600.0 ms old" in run.faults[0].reason
        assert "500.0 ms" in run.faults[0].reason


def test_frames_beyond_the_rate_are_counted_and_do_not_wait() -> None:
    with running({"max_rate": 0.001}) as run:
        for stamp in range(1, 6):
            run.send(fake_image(stamp), fake_info(stamp))
            run.wait_until_idle()
        assert stamps(run) == [1]
        assert run.counts.dropped[DropCause.RATE_LIMITED] == 4


def test_the_exact_policy_takes_no_other_camera_info() -> None:
    with running({"exact": True}) as run:
        run.send(fake_image(5_000_000), fake_info(2_000_000))
        run.wait_until_idle()
        run.send(fake_image(6_000_000), fake_info(6_000_000))
        run.wait_until_idle()
        assert stamps(run) == [6_000_000]
        (fault,) = run.faults
        assert fault.cause is DropCause.NO_CAMERA_INFO
        assert "3.0 ms apart" in fault.reason


def test_a_camera_from_a_file_serves_every_frame() -> None:
    info = fake_info(0, k=[20.0, 0.0, 3.0, 0.0, 20.0, 2.0, 0.0, 0.0, 1.0])
    with running({"camera_info": info}) as run:
        run.send(fake_image(1), fake_info(1))
        run.wait_until_idle()
        run.send(fake_image(2, width=1, height=1, step=3, data=b"abc"))
        run.wait_until_idle()
        assert [c.fx for c in run.estimator.cameras if c is not None] == [20.0]
        assert run.results[0].info is info
        assert run.counts.dropped[DropCause.CAMERA_MISMATCH] == 1


def test_a_swap_of_models_takes_place_between_frames() -> None:
    with running(is_held=True) as run:
        run.send(fake_image(1, level=1), fake_info(1))
        assert run.estimator.begun.acquire(timeout=30)
        second = FakeEstimator()
        run.pipeline.plan = plan_of(second)
        run.send(fake_image(2, level=2), fake_info(2))
        assert second.cameras == []  # the first still has its frame
        run.estimator.let_through()
        run.wait_until_idle()
        assert len(run.estimator.cameras) == len(second.cameras) == 1
        assert stamps(run) == [1, 2]


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
    assert counts.dropped[DropCause.DEACTIVATED] == 2
    assert not [t for t in threading.enumerate() if t.name == "depth-worker"]


def test_a_pipeline_that_never_started_can_be_stopped() -> None:
    run = Run(FakeEstimator())
    run.send(fake_image(1), fake_info(1))
    assert run.pipeline.stop()
    assert run.counts.dropped[DropCause.DEACTIVATED] == 1


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
    run.pipeline.cameras.add(0, fake_info(0))
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
        final.dropped[DropCause.OVERWRITTEN] + final.dropped[DropCause.DEACTIVATED]
    )
    for counts in seen:
        assert 0 <= counts.in_flight <= 2
    assert stamps(run) == sorted(set(stamps(run)))
    for result in run.results:
        assert result.made.depth[0, 0] == 1.0 + result.header.stamp.nanosec
    received: list[int] = []
    for event, stamp in run.events:
        if event == "received":
            received.append(stamp)
        elif event == "began":
            assert stamp == received[-1]


def test_the_size_of_the_fakes_is_not_square() -> None:
    assert WIDTH != HEIGHT  # otherwise swapped axes would go unseen
