"""From the start of the process to the first depth, and what takes the time on the way."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from statistics import median
from typing import Any, NamedTuple

from fastdepth.bench.timing import cpu_seconds
from fastdepth_ros.bench.listener import Ear
from fastdepth_ros.bench.subject import Condition, Stage, wait_for

_WATCHED = "fastdepth_ros.bench.watched"
_LAST = "discovery, first image, first depth"
_RATE = 60.0


class Startup(NamedTuple):
    """Time from the start of the process to the first depth at a listener.

    Attributes:
        seconds: of each start.
        cpu: processor time of the process until then, seconds, of each start.
        phases: milliseconds of each phase, medians of starts that were watched.

    """

    seconds: list[float]
    cpu: list[float]
    phases: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {
            "first_depth_s": median(self.seconds),
            "starts_s": self.seconds,
            "cpu_s": self.cpu,
            "phases_ms": self.phases,
        }


def measure_startup(stage: Stage, starts: int) -> Startup:
    """Start nodes one after the other, under a camera and beside a listener that run already.

    All files have been read before, by this process or by nodes before.

    Args:
        stage: where they are started.
        starts: how many of each kind: as a robot starts it, and watched.

    """
    plain = [_start(stage, is_watched=False) for _ in range(starts)]
    watched = [_start(stage, is_watched=True)[2] for _ in range(starts)]
    phases = {name: median(found[name] for found in watched) for name in watched[0]}
    return Startup([seconds for seconds, *_ in plain], [cpu for _, cpu, _ in plain], phases)


def _start(stage: Stage, *, is_watched: bool) -> tuple[float, float, Mapping[str, float]]:
    """Return seconds, processor seconds, and phases where they are watched."""
    namespace = stage.namespace()
    camera, ear = stage.camera(), Ear(stage.session.node, namespace)
    camera.open(namespace, "raw", wait=False)
    camera.begin(namespace, _RATE)
    try:
        begun = time.time()
        program = [sys.executable, "-m", _WATCHED, repr(begun)] if is_watched else []
        with stage.process(namespace, Condition("start", _RATE), program) as process:
            wait_for(lambda: ear.first is not None, "the first depth", process)
            cpu = cpu_seconds(process.pid)
            seconds = (ear.first or 0.0) - begun
            text = process.said()
    finally:
        camera.end(namespace)
        camera.close(namespace)
        ear.close()
    return seconds, cpu, phases_of(text, seconds) if is_watched else {}


def phases_of(text: str, seconds: float) -> dict[str, float]:
    """Return the milliseconds of each phase from what a watched node has said."""
    found: dict[str, float] = {}
    before = 0.0
    for line in text.splitlines():
        if line.startswith('["'):
            name, moment = json.loads(line)
            found[name] = 1e3 * (moment - before)
            before = moment
    found[_LAST] = 1e3 * (seconds - before)
    return found
