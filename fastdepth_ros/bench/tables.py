"""The tables of the benchmark of the node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastdepth.bench.report import Table
from fastdepth.bench.timing import Spread
from fastdepth_ros.bench.copies import Copies
from fastdepth_ros.bench.listener import Latency
from fastdepth_ros.bench.memory import Memory
from fastdepth_ros.bench.rates import Result
from fastdepth_ros.bench.scaling import Cameras
from fastdepth_ros.bench.startup import Startup


def rates_table(results: Iterable[Result]) -> Table:
    """Return what each condition costs and how late its depth is."""
    rows = []
    for result in results:
        lost = result.sent - result.published
        rows.append(
            (
                result.condition.name,
                f"{result.offered:.0f} / {result.rate:.1f}",
                f"{100 * lost / result.sent:.0f} %",
                _spread(result.cpu),
                _spread(result.bare_engine),
                _ratio(result.over_engine),
                _latency(result.processing),
                _latency(result.end_to_end),
            )
        )
    return Table(
        "The node",
        (
            "condition",
            "Hz in / out",
            "lost",
            "CPU a frame",
            "bare network",
            "ratio",
            "receipt to published",
            "stamp to listener",
        ),
        rows,
        (
            "CPU: milliseconds, all threads; ratio to the bare network beside it at the same rate",
            "latency: milliseconds, median / p95 / p99",
        ),
    )


def drops_table(results: Iterable[Result]) -> Table:
    """Return where images were lost."""
    rows = []
    for result in results:
        causes = ", ".join(f"{cause} {n}" for cause, n in result.dropped.items())
        rows.append((result.condition.name, str(result.sent), str(result.published), causes or "-"))
    return Table(
        "Images lost",
        ("condition", "sent", "published", "dropped by the node since it started"),
        rows,
        ("sent and neither published nor dropped: lost on the way to the node",),
    )


def cameras_table(cameras: Iterable[Cameras]) -> Table:
    """Return how cost grows with cameras."""
    rows = [
        (
            f"{one.cameras} x {one.rate:g} Hz, {one.way}",
            f"{one.published_hz:.0f}",
            f"{100 * (one.sent - one.published) / one.sent:.0f} %",
            _spread(one.cpu_ms),
            _latency(one.end_to_end),
            "" if one.intervals_late is None else f"{one.intervals_late:.2f}",
            f"{one.memory:.0f}",
        )
        for one in cameras
    ]
    return Table(
        "Cameras",
        (
            "cameras",
            "Hz out",
            "lost",
            "CPU a frame",
            "stamp to listener",
            "late",
            "memory MB",
        ),
        rows,
        (
            "late: worst p95 of receipt to published, in intervals between two depth images",
            "memory: of all processes, shared parts counted once (PSS)",
        ),
    )


def startup_table(startup: Startup) -> Table:
    """Return the phases of a start."""
    rows = [(name, f"{value:.0f}") for name, value in startup.phases.items()]
    starts = ", ".join(f"{seconds:.2f}" for seconds in startup.seconds)
    cpu = ", ".join(f"{seconds:.2f}" for seconds in startup.cpu)
    notes = (
        f"process start to first depth, not watched: {starts} s",
        f"processor time until then: {cpu} s",
    )
    return Table("Start", ("phase", "ms"), rows, notes)


def memory_table(memory: Sequence[tuple[str, Memory]], copies: Sequence[Copies]) -> Table:
    """Return what the node holds, and what happens to the pixels."""
    rows = [(name, *(f"{value:.0f}" for value in found)) for name, found in memory]
    notes = tuple(
        f"{one.kind} image: {one.copies} cop{'y' if one.copies == 1 else 'ies'} of the pixels "
        f"after its message (pixels lie in the message: {'yes' if one.is_view else 'no'}; "
        f"{one.peak_bytes / 1e6:.2f} MB allocated for {one.image_bytes / 1e6:.2f} MB)"
        for one in copies
    )
    return Table(
        "Memory, MB",
        ("condition", "RSS", "PSS", "private", "code", "DDS segments", "heaps and all else"),
        rows,
        notes,
    )


def _spread(value: Spread | None) -> str:
    return "" if value is None else f"{value.median:.2f} ({value.p5:.2f} to {value.p95:.2f})"


def _ratio(value: Spread | None) -> str:
    return "" if value is None else f"x {value.median:.2f}"


def _latency(value: Latency | None) -> str:
    return "" if value is None else f"{value.median:.1f} / {value.p95:.1f} / {value.p99:.1f}"
