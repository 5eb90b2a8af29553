"""What the benchmarks share: arguments, and the run that ends in a document."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastdepth.errors import FastDepthError


def add_bench_arguments(parser: argparse.ArgumentParser, *, seconds: float) -> None:
    """Add what every benchmark takes: where the JSON goes, and about how long it may measure.

    Args:
        parser: of the benchmark.
        seconds: that its timed runs take if nothing is said.

    """
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument(
        "--seconds",
        type=_positive,
        default=seconds,
        help=f"about how long to measure, loading not counted (default: {seconds:g})",
    )


def run_bench(name: str, argv: Sequence[str]) -> dict[str, Any]:
    """Run `fastdepth bench NAME` in a process of its own and return its document.

    What it prints, it prints.

    Raises:
        FastDepthError: it failed.

    """
    with tempfile.TemporaryDirectory(prefix="fastdepth_bench_") as folder:
        path = Path(folder) / "document.json"
        command = [sys.executable, "-m", "fastdepth", "bench", name, *argv, "--json", str(path)]
        code = subprocess.run(command, check=False).returncode
        if code:
            msg = f"fastdepth bench {name} ended with code {code}"
            raise FastDepthError(msg)
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        msg = f"{text} is not a positive number of seconds"
        raise argparse.ArgumentTypeError(msg)
    return value
