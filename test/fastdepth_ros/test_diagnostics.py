"""What the diagnostics say, and why nothing is published."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fastdepth_ros.diagnostics import ERROR, KEYS, OK, WARN, Reporter, Situation, Status
from fastdepth_ros.reasons import DROPS, SILENCES, Silence
from fastdepth_ros.stats import FAULTS, Counters, DropCause, Summary

ACTIVE = Situation("active", image_topic="/camera/image", image_publishers=1)


def seconds(value: float) -> Summary:
    return Summary(value, value, value, value, value)


class Clock:
    """A reporter with a clock and counters of the test's own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.counters = Counters()
        self.reporter = Reporter(self.now)

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
        reasons: dict[DropCause, str] | None = None,
        times: dict[str, Summary] | None = None,
        **situation: Any,
    ) -> Status:
        self.now += 2.0
        known = replace(ACTIVE, **situation)
        return self.reporter.report(
            self.now, self.counters.snapshot(), times or {}, known, reasons or {}
        )


def test_no_image_yet_says_whether_anybody_publishes() -> None:
    clock = Clock()
    nobody = clock.report(image_publishers=0, hint="images are on /cam/raw")
    assert (nobody.level, nobody.silence) == (WARN, Silence.NO_PUBLISHER)
    assert "no image yet on /camera/image" in nobody.message
    assert "nobody publishes" in nobody.message
    assert nobody.message.endswith("images are on /cam/raw")
    somebody = clock.report(image_publishers=2)
    assert somebody.silence is Silence.NO_IMAGE
    assert "2 publisher(s)" in somebody.message
    misfit = clock.report(image_publishers=0, qos="RELIABILITY does not fit")
    assert misfit.silence is Silence.INCOMPATIBLE_QOS
    assert "RELIABILITY does not fit" in misfit.message


@pytest.mark.parametrize(
    ("state", "refusal", "level", "silence"),
    [
        ("unconfigured", "", OK, Silence.UNCONFIGURED),
        ("unconfigured", "cannot configure: no such file", ERROR, Silence.UNCONFIGURED),
        ("inactive", "", OK, Silence.INACTIVE),
        ("inactive", "cannot activate: busy", ERROR, Silence.INACTIVE),
        ("finalized", "", OK, Silence.UNCONFIGURED),
    ],
)
def test_a_node_that_is_not_active_says_so(
    state: str, refusal: str, level: int, silence: Silence
) -> None:
    status = Clock().report(state=state, refusal=refusal)
    assert (status.level, status.silence) == (level, silence)
    assert state in status.message
    assert status.message.endswith(refusal)
    assert (status.values["state"], status.values["why"]) == (state, silence.value)


@pytest.mark.parametrize(
    ("cause", "level", "silence"),
    [
        ("no_listener", OK, Silence.NO_LISTENER),
        ("repeated_stamp", WARN, Silence.REPEATED_STAMP),
        ("rate_limited", OK, Silence.RATE_LIMITED),
        ("overwritten", WARN, Silence.TOO_SLOW),
    ],
)
def test_frames_that_come_and_are_not_worked_on(cause: str, level: int, silence: Silence) -> None:
    clock = Clock()
    clock.frames(10, 0, **{cause: 10})
    status = clock.report()
    assert (status.level, status.silence) == (level, silence)
    clock.frames(10, 1, **{cause: 9})
    status = clock.report()
    assert (status.level, status.silence, status.values["why"]) == (OK, None, "")


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
    assert (status.silence, status.values["why"]) == (None, "no_camera_info")
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
    clock.frames(1, 1)
    values = clock.report(
        times={
            "processing_time": Summary(0.012, 0.011, 0.02, 0.03, 0.015),
            "latency": Summary(0.5, 0.25, 1.25, 1.5, 0.1),
        }
    ).values
    assert values["processing_time_ms"] == "15.000"
    assert values["processing_time_mean_ms"] == "12.000"
    assert values["processing_time_p95_ms"] == "20.000"
    assert values["latency_ms"] == "500.000"
    assert values["latency_median_ms"] == "250.000"
    assert values["latency_p95_ms"] == "1250.000"
    assert values["latency_p99_ms"] == "1500.000"


def test_slow_frames_warn_and_go_on_to_an_error() -> None:
    clock = Clock()
    levels = []
    for took in (0.15, 0.25, 0.25, 0.25, 0.05):
        clock.frames(1, 1)
        status = clock.report(
            times={"processing_time": seconds(took)}, max_processing_time=200.0, max_delay=3000.0
        )
        levels.append(
            (
                status.level,
                status.values["is_processing_time_ms_in_expected_range"],
                status.values["is_consecutive_processing_delay_in_range"],
                status.values["consecutive_processing_delay_ms"],
            )
        )
    assert levels == [
        (OK, "True", "True", "0.000"),
        (WARN, "False", "True", "2000.000"),
        (ERROR, "False", "False", "4000.000"),
        (ERROR, "False", "False", "6000.000"),
        (OK, "True", "True", "0.000"),
    ]


def test_an_idle_node_is_not_slow() -> None:
    clock = Clock()
    clock.frames(1, 1)
    slow = {"processing_time": seconds(9.0)}
    assert clock.report(times=slow).level == ERROR
    status = clock.report(times=slow)
    assert status.silence is Silence.CAMERA_STOPPED
    assert status.values["processing_time_ms"] == "0.000"
    assert status.values["is_consecutive_processing_delay_in_range"] == "True"


def test_every_key_is_documented() -> None:
    clock = Clock()
    clock.frames(1, 1)
    stages = ("decode", "prepare", "infer", "finish", "publish", "processing_time", "latency")
    times = {name: seconds(0.1) for name in (*stages, "image_age")}
    documented = {name for key in KEYS for name in key.split(", ")}
    values = clock.report(times=times).values
    assert {k.partition(".")[0] for k in values} <= {k.partition(".")[0] for k in documented}


def test_every_reason_is_explained() -> None:
    assert set(SILENCES) == set(Silence)
    assert set(DROPS) == set(DropCause)
    assert all(DROPS[cause].remedy for cause in FAULTS)
