"""Several cameras on one machine: a process for each node, or one process for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from fastdepth.bench.timing import Spread, cpu_seconds, spread
from fastdepth.engines.cpus import usable_cpus
from fastdepth_ros.bench.camera import CameraProcess
from fastdepth_ros.bench.listener import Ear, Latency, latency, spread_dict
from fastdepth_ros.bench.memory import memory_of
from fastdepth_ros.bench.subject import (
    Condition,
    Interval,
    Stage,
    measure,
    settle,
    wait_for,
    warm_up,
)
from fastdepth_ros.demo.node_process import NodeProcess

COUNTS = (1, 2, 4, 8)
RATE = 30.0
_FLOOD = 1.3  # times what all cores could do
Way = Literal["processes", "one process"]


class Place(NamedTuple):
    """A node that is listened to."""

    namespace: str
    ear: Ear


class Cameras(NamedTuple):
    """What so many cameras cost.

    Attributes:
        cameras: how many.
        way: how their nodes were run.
        rate: images a second of each camera.
        sent: images of all of them.
        published: depth images of all of them.
        published_hz: a second, of all of them.
        cpu_ms: processor time of all nodes for each depth image.
        end_to_end: latency from stamp to listener.
        processing: the worst p95 of a node's own latency, receipt to publication, milliseconds.
        intervals_late: that in intervals between two depth images of a node.
        memory: of all processes, 10^6 bytes (PSS).

    """

    cameras: int
    way: Way
    rate: float
    sent: int
    published: int
    published_hz: float
    cpu_ms: Spread | None
    end_to_end: Latency | None
    processing: float | None
    intervals_late: float | None
    memory: float

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {
            **self._asdict(),
            "cpu_ms": spread_dict(self.cpu_ms),
            "end_to_end": spread_dict(self.end_to_end),
            "lost": self.sent - self.published,
        }


class _Group:
    """Nodes of some cameras, run in one way."""

    def __init__(self, way: Way, places: Sequence[Place], processes: Sequence[NodeProcess]) -> None:
        self.way = way
        self.places = places
        self.processes = processes
        self.intervals: list[Interval] = []

    def cpu(self) -> float:
        return sum(cpu_seconds(process.pid) for process in self.processes)


def measure_cameras(
    stage: Stage, seconds: float, counts: Sequence[int] = COUNTS, rate: float = RATE
) -> list[Cameras]:
    """Measure so many cameras in both ways, and the most of them with more than can be done.

    Args:
        stage: where nodes are started.
        seconds: that all measuring may take, starting not counted.
        counts: of cameras.
        rate: of each.

    """
    each = min(max(seconds / (2 * len(counts) + 2) / 2, 0.7), 4.0)
    found: list[Cameras] = []
    alone: list[Place] = []
    processes: list[NodeProcess] = []
    condition = Condition("cameras", rate)
    camera = stage.camera()
    try:
        for count in counts:
            while len(processes) < count:
                place = _place(stage)
                alone.append(place)
                processes.append(stage.process(place.namespace, condition))
                _bring_up(stage, [place], processes[-1])
            together = [_place(stage) for _ in range(count)]
            process = stage.many([place.namespace for place in together])
            try:
                _bring_up(stage, together, process)
                groups = (
                    _Group("processes", alone[:count], processes[:count]),
                    _Group("one process", together, [process]),
                )
                found += _take_turns(camera, groups, rate, each)
                if count == counts[-1]:
                    found += _take_turns(camera, groups, _flood(found[-2:], rate), each)
            finally:
                process.stop()
                for place in together:
                    place.ear.close()
    finally:
        for process in processes:
            process.stop()
        for place in alone:
            place.ear.close()
    return found


def _take_turns(
    camera: CameraProcess, groups: Sequence[_Group], rate: float, seconds: float
) -> list[Cameras]:
    for group in groups:
        group.intervals.clear()
        for place in group.places:
            place.ear.ages.clear()
    for _ in range(2):
        for group in groups:
            group.intervals.append(measure(camera, group.places, group.cpu, rate, seconds))
    return [_sum_up(group, rate) for group in groups]


def _flood(found: Sequence[Cameras], rate: float) -> float:
    """Return a rate at which all cores together cannot make depth of every image."""
    costs = [one.cpu_ms.median for one in found if one.cpu_ms is not None]
    if not costs:
        return 2 * rate
    return max(_FLOOD * usable_cpus() * 1e3 / min(costs) / found[0].cameras, rate)


def _place(stage: Stage) -> Place:
    namespace = stage.namespace()
    return Place(namespace, Ear(stage.session.node, namespace))


def _bring_up(stage: Stage, places: Sequence[Place], process: NodeProcess) -> None:
    camera = stage.camera()
    for place in places:
        wait_for(lambda p=place: p.ear.is_active, "a node to be active", process)  # type: ignore[misc]
        camera.open(place.namespace, "raw")
    warm_up(camera, places, process)
    settle([place.ear for place in places])


def _sum_up(group: _Group, rate: float) -> Cameras:
    seen = [place.ear.reports for place in group.places]
    for place, before in zip(group.places, seen, strict=True):
        wait_for(
            lambda p=place, b=before: p.ear.reports > b + 1,  # type: ignore[misc]
            "diagnostics",
            group.processes[0],
        )
    sent = sum(i.sent for i in group.intervals)
    published = sum(i.published for i in group.intervals)
    seconds = sum(i.seconds for i in group.intervals)
    costs = [1e3 * i.cpu / i.published for i in group.intervals if i.published]
    own = [late.p95 for place in group.places if (late := place.ear.processing()) is not None]
    ages = [age for place in group.places for age in place.ear.ages]
    worst = max(own) if own else None
    each_hz = published / seconds / len(group.places)
    held = [found for p in group.processes if (found := memory_of(p.pid)) is not None]
    return Cameras(
        len(group.places),
        group.way,
        rate,
        sent,
        published,
        published / seconds,
        spread(costs) if costs else None,
        latency(ages),
        worst,
        None if worst is None else 1e-3 * worst * each_hz,
        sum(one.proportional for one in held),
    )
