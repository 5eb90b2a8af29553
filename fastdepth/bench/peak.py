"""What one process can compute and move at most: run as `python -m fastdepth.bench.peak`.

A process of its own, since the threads of NumPy's BLAS are fixed when it is loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

SIDE = 1024
"""Rows and columns of the matrices, 4 MB each: more than the caches of one core hold."""

_COPIED = 64 * 2**20
_ENOUGH = 3


def matrix_flops(seconds: float, *, wall: bool) -> float:
    """Return floating-point operations a second of NumPy's float32 matrix product."""
    rng = np.random.default_rng(0)
    left, right = (rng.random((SIDE, SIDE), np.float32) for _ in range(2))
    out = np.empty_like(left)
    return 2 * SIDE**3 / _best(lambda: np.matmul(left, right, out), seconds, wall=wall)


def copied_bytes(seconds: float, *, wall: bool) -> float:
    """Return bytes a second, read and written, of a copy that no cache holds (STREAM's copy)."""
    source = np.ones(_COPIED, np.uint8)
    target = np.zeros_like(source)
    return 2 * _COPIED / _best(lambda: np.copyto(target, source), seconds, wall=wall)


def engine_operations(seconds: float, threads: int, *, wall: bool) -> dict[str, float]:
    """Return operations a second of onnxruntime's matrix products, in float32 and in 8 bits.

    Empty where `onnx` is not there to write them down.
    """
    try:
        from fastdepth.bench.products import product_runs  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError:
        return {}
    runs = product_runs(SIDE, threads)
    share = seconds / len(runs)
    return {name: 2 * SIDE**3 / _best(run, share, wall=wall) for name, run in runs.items()}


def _best(work: Callable[[], object], seconds: float, *, wall: bool) -> float:
    """Return the shortest time of one run: whatever disturbs a run makes it longer."""
    clock = perf_counter if wall else process_time
    times: list[float] = []
    work()
    end = perf_counter() + seconds
    while perf_counter() < end or len(times) < _ENOUGH:
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def main(argv: list[str]) -> int:
    """Measure with THREADS for about SECONDS and print JSON."""
    threads, seconds = int(argv[0]), float(argv[1])
    # One thread is timed by its own clock, which other programs do not make longer.
    wall = threads > 1
    found = {
        "numpy_float32": matrix_flops(seconds / 3, wall=wall),
        "copy": copied_bytes(seconds / 3, wall=wall),
        **engine_operations(seconds / 3, threads, wall=wall),
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
