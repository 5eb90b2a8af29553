"""Measure how long each preset takes in onnxruntime on one thread, beside FastDepth's shape.

Every network is exported with random weights, which take as long as trained ones. A round runs each
preset between runs of `fastdepth`, so that both see the same machine; printed are medians over
rounds of the time on the processor, of the time on the clock, and of the ratio within a round. Time
on the processor leaves out what other programs took, but not that they share caches and clock rate.

    python tools/bench_presets.py [--rounds N] [--preset NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from fastdepth.card import InputSpec, ModelCard
from fastdepth.engines import OnnxRuntimeEngine
from fastdepth.files import write_json
from fastdepth.frame import F32Array
from fastdepth_train.cli.presets import describe
from fastdepth_train.export import export_network
from fastdepth_train.networks import PRESETS
from fastdepth_train.networks.build import build_network

REFERENCE = "fastdepth"
RUNS = 3  # of one network in a row; the fastest counts, since the first finds cold caches


class Subject(NamedTuple):
    """A network to measure, and its input."""

    engine: OnnxRuntimeEngine
    tensor: F32Array


class Times(NamedTuple):
    """Of one run, milliseconds."""

    processor: float
    clock: float


def prepare(name: str, folder: Path) -> tuple[Subject, dict[str, Any]]:
    """Export a preset; return it ready to run, and its description."""
    config = PRESETS[name]
    facts = describe(config)
    torch.manual_seed(0)
    network = build_network(config).eval()
    return subject_of(network, name, InputSpec(facts["width"], facts["height"]), folder), facts


def subject_of(network: nn.Module, name: str, spec: InputSpec, folder: Path) -> Subject:
    """Export a network for input of that size; return it ready to run."""
    card = ModelCard(name, "1", spec, (spec.width, spec.width), (0.1, 10.0))
    path = folder / f"{name}.onnx"
    export_network(network, card, path)
    tensor = np.random.default_rng(0).random((1, 3, spec.height, spec.width), np.float32)
    return Subject(OnnxRuntimeEngine(path, threads=1), tensor)


def run(subject: Subject) -> Times:
    """Return the times of the fastest of a few runs."""
    times = []
    for _ in range(RUNS):
        clock, processor = perf_counter_ns(), thread_time_ns()
        subject.engine.run(subject.tensor)
        times.append(Times((thread_time_ns() - processor) / 1e6, (perf_counter_ns() - clock) / 1e6))
    return min(times)


def measure(subjects: dict[str, Subject], rounds: int) -> dict[str, dict[str, float]]:
    """Run every subject between runs of the reference; return medians by name."""
    found: dict[str, list[tuple[Times, float]]] = {name: [] for name in subjects}
    for _ in range(rounds):
        before = run(subjects[REFERENCE])
        for name, subject in subjects.items():
            times = run(subject)
            after = run(subjects[REFERENCE])
            # The machine drifts: the reference is what it was around this run.
            beside = (before.processor + after.processor) / 2
            found[name].append((times, times.processor / beside))
            before = after
    return {
        name: {
            "processor_ms": median(times.processor for times, _ in results),
            "clock_ms": median(times.clock for times, _ in results),
            "of_fastdepth": median(ratio for _, ratio in results),
        }
        for name, results in found.items()
    }


def table(results: dict[str, dict[str, Any]]) -> Iterable[str]:
    """Return the lines of a Markdown table, the fastest first."""
    yield "| preset | parameters | MMACs | ms | of `fastdepth` |"
    yield "|---|---:|---:|---:|---:|"
    for name, row in sorted(results.items(), key=lambda item: item[1]["of_fastdepth"]):
        yield (
            f"| `{name}` | {row['parameters'] / 1e6:.2f} M | {row['macs'] / 1e6:.0f} "
            f"| {row['processor_ms']:.1f} | {row['of_fastdepth']:.2f} |"
        )


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description="Time every preset on one thread.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--preset", choices=sorted(PRESETS), nargs="+", default=list(PRESETS))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    names = [REFERENCE, *(name for name in args.preset if name != REFERENCE)]
    with tempfile.TemporaryDirectory() as folder:
        prepared = {name: prepare(name, Path(folder)) for name in names}
        before = os.getloadavg()[0]
        times = measure({name: subject for name, (subject, _) in prepared.items()}, args.rounds)
    load = f"{before:.1f} before, {os.getloadavg()[0]:.1f} after"
    results = {name: {**prepared[name][1], **times[name]} for name in names}
    print("\n".join(table(results)))
    engine = prepared[REFERENCE][0].engine.description
    print(f"\n{engine}; medians of {args.rounds} rounds; {os.cpu_count()} CPUs, load {load}")
    if args.json is not None:
        write_json(args.json, {"engine": engine, "load": load, "presets": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
