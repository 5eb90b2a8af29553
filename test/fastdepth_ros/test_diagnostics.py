"""What the diagnostics say, and why nothing is published."""

from __future__ import annotations

from fastdepth_ros.diagnostics import ERROR, OK, WARN, Inputs, Reporter, Status
from fastdepth_ros.stats import Counters, DropCause, Summary

CAMERA = Inputs("/camera/image", 1)


class Clock:
    """A reporter with a clock and counters of the test's own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counters = Counters()
        self.reporter = Reporter(self.now, {"model": "mock", "engine": "none"})

    def frames(self, received: int, published: int, **dropped: int) -> None:
        for _ in range(received):
            self.counters.receive()
        for _ in range(published):
            self.counters.publish()
        for cause, count in dropped.items():
            for _ in range(count):
                self.counters.drop(DropCause(cause))

    def report(
        self,
        inputs: Inputs = CAMERA,
        reasons: dict[DropCause, str] | None = None,
        seconds: float = 2.0,
        **timings: Summary,
    ) -> Status:
        self.now += seconds
        return self.reporter.report(
            self.now, self.counters.snapshot(), timings, inputs, reasons or {}
        )


def test_no_image_yet_says_whether_anybody_publishes() -> None:
    clock = Clock()
    nobody = clock.report(Inputs("/camera/image", 0))
    assert nobody.level == WARN
    assert "no image yet on /camera/image" in nobody.message
    assert "nobody publishes" in nobody.message
    somebody = clock.report(Inputs("/camera/image", 2))
    assert "2 publisher(s)" in somebody.message


def test_a_camera_that_stopped_is_told_with_the_time() -> None:
    clock = Clock()
    clock.frames(5, 5)
    assert clock.report().level == OK
    for _ in range(3):
        status = clock.report()
    assert status.level == WARN
    assert "no image on /camera/image for 6 s" in status.message
    clock.frames(5, 5)
    assert clock.report().level == OK


def test_rates_and_counts_of_a_healthy_node() -> None:
    clock = Clock()
    clock.frames(60, 20, overwritten=38)
    status = clock.report()
    assert status.level == OK
    assert status.message == "publishing at 10.0 Hz, images at 30.0 Hz"
    values = status.values
    assert values["received"] == "60"
    assert values["published"] == "20"
    assert values["in_flight"] == "2"
    assert values["dropped_total"] == "38"
    assert values["dropped.overwritten"] == "38"
    assert values["dropped.bad_image"] == "0"
    assert values["input_rate_hz"] == "30.00"
    assert values["output_rate_hz"] == "10.00"
    assert values["model"] == "mock"
    assert {f"dropped.{cause.value}" for cause in DropCause} <= set(values)
    clock.frames(2, 2)
    values = clock.report().values
    assert values["received"] == "62"
    assert values["output_rate_hz"] == "1.00"


def test_frames_dropped_for_a_fault_are_an_error_with_the_reason() -> None:
    clock = Clock()
    clock.frames(10, 0, no_camera_info=8, bad_image=2)
    status = clock.report(reasons={DropCause.NO_CAMERA_INFO: "none on /camera_info"})
    assert status.level == ERROR
    assert status.message == "nothing is published: no_camera_info: none on /camera_info"
    clock.frames(10, 9, bad_image=1)
    status = clock.report(reasons={DropCause.BAD_IMAGE: "cut short"})
    assert status.level == WARN
    assert "1 dropped: bad_image: cut short" in status.message
    clock.frames(10, 10)
    assert clock.report().level == OK


def test_a_model_slower_than_the_report_is_told() -> None:
    clock = Clock()
    clock.frames(10, 0, overwritten=8)
    status = clock.report()
    assert status.level == WARN
    assert "slower" in status.message


def test_a_frame_that_ends_after_the_camera_stopped_is_no_silence() -> None:
    clock = Clock()
    clock.frames(1, 0)
    clock.report()
    clock.frames(0, 1)
    assert clock.report().level == OK


def test_times_are_in_milliseconds() -> None:
    clock = Clock()
    values = clock.report(processing_time=Summary(0.012, 0.02), image_age=Summary(0.5, 1.25)).values
    assert values["processing_time_ms"] == "12.000"
    assert values["processing_time_p95_ms"] == "20.000"
    assert values["image_age_ms"] == "500.000"
    assert values["image_age_p95_ms"] == "1250.000"
