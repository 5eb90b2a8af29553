"""Interleaved runs: every subject meets the same machine, on the clock and on the processor."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Spread(NamedTuple):
    """A measured quantity.

    Attributes:
        median: of all samples.
        p5: 5 % of the samples are below it.
        p95: 95 % of the samples are below it.
        samples: how many.

    """

    median: float
    p5: float
    p95: float
    samples: int


class Times(NamedTuple):
    """Milliseconds of one run, or of many.

    Attributes:
        wall: on the clock.
        cpu: on the processor, of all threads of the process.

    """

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What a subject took.

    Attributes:
        wall: milliseconds of a run on the clock; what other programs take is in it.
        cpu: milliseconds of a run on the processor, all threads together.
        ratio: of processor time to that of the yardstick in the same round; None without one.

    """

    wall: Spread
    cpu: Spread
    ratio: Spread | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        found = asdict(self)
        for name in ("wall", "cpu", "ratio"):
            value: Spread | None = getattr(self, name)
            found[name] = None if value is None else value._asdict()
        return found


class Subject(NamedTuple):
    """Something to be timed.

    Attributes:
        run: once.
        prepare: called before its runs in each round (a number of threads that a library keeps
            for the whole process); it is not timed.

    """

    run: Callable[[], object]
    prepare: Callable[[], object] | None = None


def spread(values: Sequence[float]) -> Spread:
    """Return median and spread of samples.

    Raises:
        ValueError: there are none.

    """
    if not len(values):
        msg = "there are no samples; expected at least one"
        raise ValueError(msg)
    p5, median, p95 = np.percentile(np.asarray(values, float), (5, 50, 95)).tolist()
    return Spread(median, p5, p95, len(values))


def moment() -> Times:
    """Return this moment on clock and processor, to be handed to `since`."""
    return Times(time.perf_counter_ns() / 1e6, time.process_time_ns() / 1e6)


def since(start: Times) -> Times:
    """Return the milliseconds since a moment."""
    cpu, wall = time.process_time_ns() / 1e6, time.perf_counter_ns() / 1e6
    return Times(wall - start.wall, cpu - start.cpu)


def run_once(run: Callable[[], object]) -> Times:
    """Time one run."""
    start = moment()
    run()
    return since(start)


def interleave(
    subjects: Mapping[str, Subject],
    seconds: float,
    *,
    yardsticks: Mapping[str, str] | None = None,
    repeats: int = 3,
    least_rounds: int = 5,
) -> dict[str, Timing]:
    """Run all subjects in turn, again and again, so that all see the same machine.

    In a round each subject runs `repeats` times and the fastest run counts: the first finds the
    caches filled by its neighbour, and what another program interrupts is slower.

    Args:
        subjects: by name.
        seconds: after which no further round begins.
        yardsticks: for a subject the name of the one to which it is compared, round by round.
        repeats: of one subject in a row.
        least_rounds: that are run in any case.

    """
    samples: dict[str, list[Times]] = {name: [] for name in subjects}
    for _ in rounds(seconds, least_rounds):
        for name, subject in subjects.items():
            if subject.prepare is not None:
                subject.prepare()
            samples[name].append(_fastest([run_once(subject.run) for _ in range(repeats)]))
    return {
        name: Timing(
            spread([times.wall for times in found]),
            spread([times.cpu for times in found]),
            _ratios(found, samples, (yardsticks or {}).get(name)),
        )
        for name, found in samples.items()
    }


def rounds(seconds: float, least: int) -> Iterator[int]:
    """Yield 0, 1, 2 ... until so many seconds have passed, but at least `least` of them."""
    end = time.monotonic() + seconds
    done = 0
    while done < least or time.monotonic() < end:
        yield done
        done += 1


def resident_mb(pid: int | str = "self") -> float | None:
    """Return the memory a process has now, 10^6 bytes; None where the system does not tell."""
    return _status(pid, "VmRSS")


def peak_mb(pid: int | str = "self") -> float | None:
    """Return the most memory a process ever had, 10^6 bytes; None where nobody tells."""
    found = _status(pid, "VmHWM")
    if found is None and pid == "self":
        # Kilobytes on Linux, where the line above answers; bytes on macOS.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return found


def cpu_seconds(pid: int) -> float:
    """Return the processor time of another process, seconds (clock_getcpuclockid(3) on Linux).

    Raises:
        OSError: there is no such process.

    """
    return time.clock_gettime((~pid << 3) | 2)


def _fastest(times: Sequence[Times]) -> Times:
    return Times(min(t.wall for t in times), min(t.cpu for t in times))


def _ratios(
    found: Sequence[Times], samples: Mapping[str, Sequence[Times]], yardstick: str | None
) -> Spread | None:
    if yardstick is None or yardstick not in samples:
        return None
    return spread([mine.cpu / its.cpu for mine, its in zip(found, samples[yardstick], strict=True)])


def _status(pid: int | str, key: str) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) * 1024 / 1e6
    return None
