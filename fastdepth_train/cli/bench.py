"""`fastdepth bench train`: images a second by stage, and over several processes."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fastdepth.bench.machine import describe_machine, load_average
from fastdepth.bench.options import add_bench_arguments
from fastdepth.bench.report import load_note, make_document, show
from fastdepth.engines import usable_cpus
from fastdepth.errors import FastDepthError
from fastdepth.files import write_json
from fastdepth_train.bench.frames import write_frames
from fastdepth_train.bench.report import scaling_table, section_of, stage_table
from fastdepth_train.bench.settings import Settings

_SECONDS = 36.0
_FRAMES = 24
_PATIENCE = 900.0  # a small board takes long to load torch


def main(argv: list[str]) -> int:
    """Run the benchmark; return the exit code."""
    args = _parser().parse_args(argv)
    before = load_average()
    with tempfile.TemporaryDirectory(prefix="fastdepth_bench_") as name:
        folder = Path(name)
        settings = Settings(
            root=str(args.root or write_frames(folder / "frames", max(_FRAMES, 2 * args.batch))),
            source=args.source or (None if args.root else "rgbd"),
            split=args.split,
            preset=args.preset,
            batch_size=args.batch,
            precision=args.precision,
            workers=args.workers,
        )
        stages = _run(replace(settings, seconds=0.6 * args.seconds), folder)
        runs = [
            _run(replace(settings, processes=processes, threads=threads), folder)
            for processes, threads in _layouts()
        ]
    section = section_of(stages, runs)
    shown = [stage_table(section), scaling_table(section)]
    section["tables"] = [table.as_dict() for table in shown]
    document = make_document(describe_machine(), before, {"train": section})
    for table in shown:
        show(table)
    print(load_note(document))
    if args.json is not None:
        write_json(args.json, document)
    return 0


def _layouts() -> list[tuple[int, int]]:
    """Return numbers of processes and of threads of each: one CPU, and two of them both ways."""
    return [(1, 1), (1, 2), (2, 1)] if usable_cpus() >= 2 else [(1, 1)]


def _run(settings: Settings, folder: Path) -> dict[str, Any]:
    out = folder / "steps.json"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fastdepth_train.bench.steps"]
    command += [json.dumps(asdict(settings)), str(out)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as err:
        msg = f"training was to be timed, but did not end in {_PATIENCE:g} s"
        raise FastDepthError(msg) from err
    if done.returncode or not out.is_file():
        said = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
        msg = f"training could not be timed: {said[-1]}"
        raise FastDepthError(msg)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bench train",
        description="Time training: the loader alone, the step alone on one batch in memory, and "
        "all of it as `fastdepth train` runs, in turn; then with two processes.",
    )
    parser.add_argument("--root", type=Path, help="frames to train on (default: made-up ones)")
    parser.add_argument("--source", help="what kind of source they are, where that is not clear")
    parser.add_argument("--split", help="which part of them to train on, where there are several")
    parser.add_argument(
        "--preset",
        default="mobilenetv2-nnconv5dw",
        help="network, as `fastdepth presets` lists them (default: %(default)s)",
    )
    parser.add_argument("--batch", type=int, default=8, help="batch size (default: %(default)s)")
    parser.add_argument(
        "--precision",
        choices=("32-true", "bf16-mixed"),
        default="32-true",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=int, default=0, help="loader processes (default: %(default)s)"
    )
    add_bench_arguments(parser, seconds=_SECONDS)
    return parser
