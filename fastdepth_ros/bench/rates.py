"""Rates, inputs, transports and sizes: nodes that take turns with the bare network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastdepth.bench.timing import Spread, rounds, spread
from fastdepth_ros.bench.bare import Bare, BareProcess
from fastdepth_ros.bench.listener import Latency, latency, spread_dict
from fastdepth_ros.bench.memory import Memory, memory_of
from fastdepth_ros.bench.subject import Condition, Stage, Subject, measure, wait_for

PLAIN = "30 Hz"
MAX = "max"
SHARE_OF_MAX = 0.7
LOADED = "70 % of max"
_FLOOD = 1.3  # so many times what the bare network could do is sent to find the node's most

RATES = tuple(Condition(f"{rate} Hz", rate) for rate in (10, 30, 60))
VARIANTS = (
    Condition("30 Hz, jpeg", 30, kind="compressed"),
    Condition("30 Hz, UDP", 30, transport="udp"),
    Condition("30 Hz, frame size", 30, size="frame"),
)


class Result:
    """What was measured under one condition."""

    def __init__(self, subject: Subject, bare: Sequence[Bare]) -> None:
        """Sum up.

        Args:
            subject: whose intervals are done.
            bare: the bare network beside each interval.

        """
        self.condition = subject.condition
        self.sent = sum(i.sent for i in subject.intervals)
        self.published = sum(i.published for i in subject.intervals)
        self.offered = self.sent / sum(i.seconds for i in subject.intervals)
        self.rate = self.published / sum(i.seconds for i in subject.intervals)
        useful = [(i, b) for i, b in zip(subject.intervals, bare, strict=True) if i.published]
        costs = [1e3 * i.cpu / i.published for i, _ in useful]
        self.cpu = spread(costs) if costs else None
        self.over_engine = _ratios(costs, [b.engine.cpu for _, b in useful])
        self.over_predict = _ratios(costs, [b.predict.cpu for _, b in useful])
        self.bare_engine = spread([b.engine.cpu for b in bare])
        self.bare_predict = spread([b.predict.cpu for b in bare])
        self.bare_time = spread([b.engine.wall for b in bare])
        self.end_to_end = latency(subject.ear.ages)
        self.processing: Latency | None = None
        self.received = 0
        self.dropped: dict[str, int] = {}
        self.memory: Memory | None = None

    def ask(self, subject: Subject) -> None:
        """Add what the node itself has counted, in a report that came after the last image."""
        ear = subject.ear
        seen = ear.reports
        wait_for(lambda: ear.reports > seen + 1, "diagnostics", subject.process)
        self.received, _, self.dropped = ear.counted()
        self.processing = ear.processing()
        self.memory = memory_of(subject.process.pid)

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        condition = self.condition
        return {
            "name": condition.name,
            "input": condition.kind,
            "transport": condition.transport,
            "size": condition.size,
            "offered_hz": self.offered,
            "published_hz": self.rate,
            "sent": self.sent,
            "received_since_start": self.received,
            "published": self.published,
            "lost": self.sent - self.published,
            "dropped_since_start": self.dropped,
            "cpu_ms": spread_dict(self.cpu),
            "bare_engine_cpu_ms": spread_dict(self.bare_engine),
            "bare_predict_cpu_ms": spread_dict(self.bare_predict),
            "bare_engine_wall_ms": spread_dict(self.bare_time),
            "cpu_over_inference": spread_dict(self.over_engine),
            "cpu_over_predict": spread_dict(self.over_predict),
            "latency_ms": spread_dict(self.processing),
            "end_to_end_ms": spread_dict(self.end_to_end),
            "memory_mb": None if self.memory is None else self.memory.as_dict(),
        }


def measure_rates(stage: Stage, bare: BareProcess, seconds: float) -> dict[str, Result]:
    """Measure every condition, in turn and again and again.

    Args:
        stage: where nodes are started.
        bare: the bare network.
        seconds: that all of it may take, starting not counted.

    Returns:
        Results by the name of their condition.

    """
    # By processor time, which other programs do not make longer.
    most = _FLOOD * 1e3 * stage.threads / max(bare.run(0, 20).engine.cpu, 0.1)
    flood = Condition(MAX, most)
    conditions = (*RATES, flood, *VARIANTS)
    subjects = [stage.subject(condition) for condition in conditions]
    stage.wait(subjects)
    for subject in subjects:
        subject.ear.ages.clear()
    each = interval_seconds(seconds, 2 * len(subjects) + 2)
    beside: dict[str, list[Bare]] = {subject.condition.name: [] for subject in subjects}
    for _ in rounds(seconds * 2 * len(subjects) / (2 * len(subjects) + 2), 2):
        for subject in subjects:
            _take_turns(subject, bare, subject.condition.rate, each, beside)
    found = {s.condition.name: Result(s, beside[s.condition.name]) for s in subjects}
    for subject in subjects:
        found[subject.condition.name].ask(subject)
    for subject in subjects:
        stage.end(subject)
    loaded = Condition(LOADED, max(SHARE_OF_MAX * found[MAX].rate, 1.0))
    found[LOADED] = _measure_loaded(stage, bare, loaded, 2 * each)
    return found


def interval_seconds(seconds: float, parts: int) -> float:
    """Return how long one interval is so that there is time for three rounds of so many."""
    return min(max(seconds / parts / 3, 0.7), 5.0)


def _measure_loaded(
    stage: Stage, bare: BareProcess, condition: Condition, seconds: float
) -> Result:
    subject = stage.subject(condition)
    stage.wait([subject])
    subject.ear.ages.clear()
    beside: Mapping[str, list[Bare]] = {condition.name: []}
    for _ in range(2):
        _take_turns(subject, bare, condition.rate, seconds, beside)
    result = Result(subject, beside[condition.name])
    result.ask(subject)
    stage.end(subject)
    return result


def _take_turns(
    subject: Subject,
    bare: BareProcess,
    rate: float,
    seconds: float,
    beside: Mapping[str, list[Bare]],
) -> None:
    done = measure(subject.camera, [subject], subject.cpu, rate, seconds)
    subject.intervals.append(done)
    # What is lost on the way is not computed: the bare network runs as often as the node did.
    pace = min(rate, max(done.published / done.seconds, 1.0))
    beside[subject.condition.name].append(bare.run(pace, max(round(pace * seconds), 4)))


def _ratios(costs: Sequence[float], yardstick: Sequence[float]) -> Spread | None:
    if not costs:
        return None
    return spread([cost / bare for cost, bare in zip(costs, yardstick, strict=True)])
