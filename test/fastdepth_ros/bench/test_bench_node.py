"""The benchmark of the node on real processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from fastdepth_ros.bench.bare import BareProcess
from fastdepth_ros.bench.rates import Result
from fastdepth_ros.bench.scaling import measure_cameras
from fastdepth_ros.bench.startup import measure_startup
from fastdepth_ros.bench.subject import Condition, Stage, measure
from fastdepth_ros.bench.surroundings import Surroundings
from fastdepth_ros.demo.session import RosSession
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds


@pytest.fixture
def around(tmp_path: Path, domain: int) -> Surroundings:
    around = Surroundings(tmp_path)
    around.own["ROS_DOMAIN_ID"] = str(domain)
    return around


@pytest.fixture
def stage(around: Surroundings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in around.own:  # so that what the session sets goes when the test ends
        monkeypatch.setenv(name, "")
    model = build_mock_model(tmp_path / "mock.onnx")
    with RosSession("bench", around.own) as session, Stage(around, session, model, 1) as stage:
        yield stage


def test_a_node_is_measured_beside_the_bare_network(
    stage: Stage, around: Surroundings, tmp_path: Path
) -> None:
    bare = BareProcess(tmp_path / "mock.onnx", 1, around.environment("shared memory"))
    try:
        subject = stage.subject(Condition("jpeg", 20.0, kind="compressed", size="frame"))
        stage.wait([subject])
        subject.ear.ages.clear()
        done = measure(subject.camera, [subject], subject.cpu, 20.0, 1.0)
        subject.intervals.append(done)
        beside = bare.run(20.0, 10)
    finally:
        bare.stop()
    assert 0 < done.published <= done.sent <= 20
    assert done.seconds >= done.sent / 20 - 0.05
    result = Result(subject, [beside])
    result.ask(subject)
    assert result.published == done.published
    # What came before the measurement is counted too, and nothing else is.
    assert result.received >= done.published + sum(result.dropped.values())
    assert result.memory is not None
    assert result.memory.resident > 50
    assert result.end_to_end is not None
    assert 0 < result.end_to_end.median <= result.end_to_end.p99 < 60_000
    found = json.loads(json.dumps(result.as_dict()))
    assert found["lost"] == done.sent - done.published
    cost, yardstick = found["cpu_ms"]["median"], found["bare_engine_cpu_ms"]["median"]
    assert cost == pytest.approx(1e3 * done.cpu / done.published)
    assert found["cpu_over_inference"]["median"] == pytest.approx(cost / yardstick)


def test_cameras_in_both_ways_and_a_start(stage: Stage) -> None:
    found = measure_cameras(stage, 2.0, counts=(2,), rate=4.0)
    assert [(one.cameras, one.way) for one in found] == [(2, "processes"), (2, "one process")] * 2
    assert found[0].rate == 4.0
    assert found[2].rate == found[3].rate >= 4.0
    assert all(0 < one.published <= one.sent for one in found)
    # Libraries are there once in one process.
    assert found[1].memory < found[0].memory
    start = measure_startup(stage, 1)
    assert 0 < start.cpu[0] < start.seconds[0] + 60
    assert sum(start.phases.values()) > 0
    assert {"import rclpy", "load and warm up the model", "subscribe"} <= set(start.phases)
