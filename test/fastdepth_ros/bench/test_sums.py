"""What the benchmark of the node makes of what it has measured."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy")

from fastdepth.bench.aims import AIMS
from fastdepth.bench.timing import Spread
from fastdepth_ros.bench import cli
from fastdepth_ros.bench.copies import Copies
from fastdepth_ros.bench.frames import CameraMessages
from fastdepth_ros.bench.listener import Latency, latency
from fastdepth_ros.bench.memory import Memory
from fastdepth_ros.bench.rates import LOADED, PLAIN
from fastdepth_ros.bench.scaling import RATE, Cameras
from fastdepth_ros.bench.startup import Startup, phases_of
from fastdepth_ros.cdr import CompressedView, ImageView, Stamp, read_compressed, read_image


def cameras(count: int, way: Any = "processes", **other: Any) -> Cameras:
    values: dict[str, Any] = {
        "rate": RATE,
        "sent": 100,
        "published": 100,
        "published_hz": RATE * count,
        "cpu_ms": Spread(4.0, 4.0, 4.0, 2),
        "end_to_end": None,
        "processing": None,
        "intervals_late": 0.2,
        "memory": 100.0,
    }
    return Cameras(count, way, **(values | other))


def test_percentiles_of_latencies() -> None:
    found = latency([float(i) for i in range(1, 102)])
    assert found is not None
    assert found == (51.0, 96.0, 100.0, 101)
    assert latency([]) is None


def test_growth_is_that_of_nodes_which_leave_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "usable_cpus", lambda: 2.0)
    found = cli.growth(
        [
            cameras(1),
            cameras(1, "one process", cpu_ms=Spread(9.0, 9.0, 9.0, 2)),
            cameras(4, cpu_ms=Spread(4.4, 4.4, 4.4, 2)),
            cameras(8, cpu_ms=Spread(8.0, 8.0, 8.0, 2)),  # 1.92 of 2 CPUs
            cameras(8, rate=200.0, intervals_late=1.7),
            cameras(8, "one process", rate=200.0, intervals_late=9.0),
        ]
    )
    assert found["cameras_cost_growth"] == pytest.approx(1.1)
    assert found["cameras_latency_bound"] == pytest.approx(1.7)


def test_what_was_not_measured_is_none() -> None:
    assert cli.growth([cameras(1)]) == {"cameras_cost_growth": None, "cameras_latency_bound": None}


def test_the_better_way_loses_less_and_then_costs_less() -> None:
    dear = Spread(6.0, 6.0, 6.0, 2)
    pair = [cameras(2, cpu_ms=dear), cameras(2, "one process", published=50)]
    assert cli.better_way(pair) == "processes"
    assert cli.better_way([cameras(2, cpu_ms=dear), cameras(2, "one process")]) == "one process"
    assert cli.better_way([cameras(1)]) is None


def test_phases_are_differences_and_end_at_the_first_depth() -> None:
    said = "[INFO] a line\n" + "\n".join(json.dumps(p) for p in (["a", 0.1], ["b", 0.4]))
    found = phases_of(said, 1.0)
    assert list(found.values()) == pytest.approx([100.0, 300.0, 600.0])
    assert list(found)[:2] == ["a", "b"]


def test_the_camera_sends_what_it_says() -> None:
    raw = CameraMessages("raw", 64, 48)
    view = read_image(raw.image(Stamp(7, 8)))
    assert isinstance(view, ImageView)
    assert (view.width, view.height, view.encoding, view.step) == (64, 48, "rgb8", 192)
    assert view.header.stamp == (7, 8)
    assert len(view.data) == raw.size == 64 * 48 * 3
    jpeg = read_compressed(CameraMessages("compressed", 64, 48).image(Stamp(7, 8)))
    assert isinstance(jpeg, CompressedView)
    assert "jpeg" in jpeg.format
    assert bytes(jpeg.data[:2]) == b"\xff\xd8"


def test_every_aim_of_the_node_is_told() -> None:
    memory = Memory(190.0, 120.0, 110.0, 80.0, 30.0, 80.0)
    results: Any = {
        PLAIN: SimpleNamespace(
            over_engine=Spread(1.3, 1.2, 1.4, 3),
            memory=memory,
            processing=Latency(3.3, 4.0, 5.0, 50),
            bare_time=Spread(3.0, 2.9, 3.1, 3),
        ),
        LOADED: SimpleNamespace(end_to_end=Latency(10.0, 14.0, 20.0, 50)),
    }
    startup = Startup([1.0, 3.0, 1.2], [0.5, 0.5, 0.5], {})
    copies = [Copies("raw", 100, True, 10, 0), Copies("compressed", 100, False, 100, 1)]
    many = [cameras(1), cameras(2), cameras(2, rate=300.0, intervals_late=2.5)]
    found = cli.aims(cli.Measured(results, many, startup, copies))
    assert found == {
        "cpu_over_inference": 1.3,
        "latency_p95_over_median": 1.4,
        "latency_over_inference": pytest.approx(1.1),
        "avoidable_copies": 0,
        "first_depth_s": 1.2,
        "resident_mb": 190.0,
        "cameras_cost_growth": 1.0,
        "cameras_latency_bound": 2.5,
    }
    assert set(found) == {aim.key for aim in AIMS if aim.section == "node"}
