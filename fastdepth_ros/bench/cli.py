"""`fastdepth bench node`: run it, print the tables, write JSON and a picture."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from fastdepth.bench.machine import describe_machine, load_average
from fastdepth.bench.options import add_bench_arguments
from fastdepth.bench.report import load_note, make_document, show
from fastdepth.engines.cpus import usable_cpus
from fastdepth.files import write_json
from fastdepth.paths import default_model
from fastdepth_ros.bench import tables
from fastdepth_ros.bench.bare import BareProcess
from fastdepth_ros.bench.copies import Copies, count_copies
from fastdepth_ros.bench.picture import draw
from fastdepth_ros.bench.rates import LOADED, MAX, PLAIN, RATES, Result, measure_rates
from fastdepth_ros.bench.scaling import COUNTS, RATE, Cameras, measure_cameras
from fastdepth_ros.bench.startup import Startup, measure_startup
from fastdepth_ros.bench.subject import Stage
from fastdepth_ros.bench.surroundings import Surroundings
from fastdepth_ros.demo.session import RosSession

_SECONDS = 240.0
_QUICK_SECONDS = 25.0
_QUICK_COUNTS = (1, 4)
_RATES_SHARE, _CAMERAS_SHARE = 0.6, 0.4
_STARTS, _QUICK_STARTS = 5, 2
_MOST_USED = 0.7  # of all CPUs, by the nodes


class Measured(NamedTuple):
    """All that was measured."""

    results: dict[str, Result]
    cameras: list[Cameras]
    startup: Startup
    copies: list[Copies]

    def as_dict(self) -> dict[str, Any]:
        """Return the section of the document."""
        return {
            "conditions": [result.as_dict() for result in self.results.values()],
            "cameras": [one.as_dict() for one in self.cameras],
            "better_way": better_way(self.cameras),
            "startup": self.startup.as_dict(),
            "copies": [one.as_dict() for one in self.copies],
            "aims": aims(self),
        }


def aims(measured: Measured) -> dict[str, float]:
    """Return what was measured of the aims, by their keys in fastdepth.bench.aims."""
    plain, loaded = measured.results[PLAIN], measured.results[LOADED]
    raw = next(one for one in measured.copies if one.kind == "raw")
    found: dict[str, float | None] = {
        "cpu_over_inference": plain.over_engine.median if plain.over_engine else None,
        "latency_p95_over_median": (
            loaded.end_to_end.p95 / loaded.end_to_end.median if loaded.end_to_end else None
        ),
        "latency_over_inference": (
            plain.processing.median / plain.bare_time.median if plain.processing else None
        ),
        "avoidable_copies": raw.copies,
        "first_depth_s": measured.startup.as_dict()["first_depth_s"],
        "resident_mb": plain.memory.resident if plain.memory else None,
        **growth(measured.cameras),
    }
    return {key: value for key, value in found.items() if value is not None}


def better_way(cameras: list[Cameras]) -> str | None:
    """Return the way that lost less, or at equal loss took less CPU, with the most cameras."""
    last = [one for one in cameras if one.rate == RATE and one.cpu_ms is not None][-2:]
    if len(last) < 2:
        return None

    def badness(one: Cameras) -> tuple[float, float]:
        lost = 1 - one.published / one.sent
        return round(lost, 1), one.cpu_ms.median if one.cpu_ms else 0.0

    return min(last, key=badness).way


def growth(cameras: list[Cameras]) -> dict[str, float | None]:
    """Return growth of cost while the cores are not full, and the worst lateness when they are."""
    own = [one for one in cameras if one.way == "processes"]
    costs = [one.cpu_ms.median for one in own if one.rate == RATE and one.cpu_ms and _has_room(one)]
    late = [one.intervals_late for one in own if one.rate > RATE]
    worst = max((value for value in late if value is not None), default=None)
    grown = costs[-1] / costs[0] if len(costs) > 1 else None
    return {"cameras_cost_growth": grown, "cameras_latency_bound": worst}


def _has_room(one: Cameras) -> bool:
    """Return whether the nodes leave CPUs for camera and listener."""
    used = one.published_hz * one.cpu_ms.median / 1e3 if one.cpu_ms else 0.0
    return used <= _MOST_USED * usable_cpus()


def run(args: argparse.Namespace) -> Measured:
    """Measure everything."""
    seconds, starts = args.seconds, _STARTS
    if args.quick:
        seconds, starts = min(seconds, _QUICK_SECONDS), _QUICK_STARTS
    counts = [count for count in (_QUICK_COUNTS if args.quick else COUNTS) if count <= args.cameras]
    copies = [count_copies(args.model, "raw"), count_copies(args.model, "compressed")]
    with tempfile.TemporaryDirectory(prefix="fastdepth_bench_") as scratch:
        around = Surroundings(Path(scratch))
        bare = BareProcess(args.model, args.threads, around.environment("shared memory"))
        try:
            with (
                RosSession("bench", around.own) as session,
                Stage(around, session, args.model, args.threads) as stage,
            ):
                results = measure_rates(stage, bare, _RATES_SHARE * seconds)
                startup = measure_startup(stage, starts)
                cameras = measure_cameras(stage, _CAMERAS_SHARE * seconds, counts)
        finally:
            bare.stop()
    return Measured(results, cameras, startup, copies)


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    args.model = (args.model or default_model()).resolve()
    before = load_average()
    measured = run(args)
    results = list(measured.results.values())
    held = [(r.condition.name, r.memory) for r in results if r.memory is not None]
    shown = [
        tables.rates_table(results),
        tables.drops_table(results),
        tables.cameras_table(measured.cameras),
        tables.startup_table(measured.startup),
        tables.memory_table(held, measured.copies),
    ]
    section = measured.as_dict() | {"tables": [table.as_dict() for table in shown]}
    document = make_document(describe_machine(), before, {"node": section})
    for table in shown:
        show(table)
    sys.stdout.write(load_note(document) + "\n")
    if args.json is not None:
        write_json(args.json, document)
    if args.picture is not None:
        plain = [measured.results[name] for name in (*(c.name for c in RATES), MAX)]
        draw(args.picture, plain, measured.cameras)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bench node",
        description="Measure the depth node under a camera: CPU time a frame beside the bare "
        "network, latency, losses, start, memory, and several cameras.",
    )
    add_bench_arguments(parser, seconds=_SECONDS)
    parser.add_argument("--model", type=Path, help="ONNX file; the package's own if not given")
    parser.add_argument("--threads", type=int, default=1, help="of each engine (default: 1)")
    parser.add_argument(
        "--cameras", type=int, default=max(COUNTS), help="at most (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything, below 90 s")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw the figures there")
    return parser
