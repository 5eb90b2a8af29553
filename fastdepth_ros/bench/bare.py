"""What the node has to be compared with: `python -m fastdepth_ros.bench.bare MODEL THREADS`.

A process that, for each line of standard input (`RATE COUNT`; a rate of 0 is as fast as it goes),
runs so many times in turn the network alone on a stored input (`engine`), and everything from the
pixels to the depth but no ROS (`predict`), both as the node runs them. It answers with the mean
processor time and the median time of each, milliseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from time import perf_counter, sleep
from typing import NamedTuple

import cv2

from fastdepth.bench.timing import Times, run_once
from fastdepth.camera import Intrinsics
from fastdepth.messages import Pixels
from fastdepth.preprocess import Preprocessor
from fastdepth_ros.bench.frames import HEIGHT, WIDTH, K, picture
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.rig import assemble
from fastdepth_ros.settings import Settings


class Bare(NamedTuple):
    """Milliseconds of one run.

    Attributes:
        engine: of the network alone.
        predict: from pixels to depth, without ROS.

    """

    engine: Times
    predict: Times


class BareProcess:
    """The process as its user sees it."""

    def __init__(self, model: Path, threads: int, environment: dict[str, str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(model), str(threads)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, rate: float, count: int) -> Bare:
        """Run so many times at a rate."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(f"{rate} {count}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            msg = "the bare network of the benchmark ended by itself; what it said is above"
            raise RuntimeError(msg)
        engine, predict = json.loads(line)
        return Bare(Times(*engine), Times(*predict))

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def main(argv: list[str]) -> int:
    """Serve until standard input ends."""
    keep_memory()
    cv2.setNumThreads(1)
    rig = assemble(Settings(model=argv[0], threads=int(argv[1])))
    engine, maker = rig.model.estimator.engine, rig.plan.maker
    pixels, camera = Pixels(picture(), "rgb"), Intrinsics(WIDTH, HEIGHT, *K)
    tensor = Preprocessor(rig.model.card.input)(pixels.array)[0].copy()
    works: tuple[Callable[[], object], ...] = (
        lambda: engine.run(tensor),
        lambda: maker.make(pixels, camera),
    )
    for line in sys.stdin:
        rate, count = float(line.split()[0]), int(line.split()[1])
        found = [_paced(work, rate, max(count // len(works), 1)) for work in works]
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()
    return 0


def _paced(work: Callable[[], object], rate: float, count: int) -> Times:
    samples = []
    due = perf_counter()
    for _ in range(count):
        if rate:
            due += 1 / rate
            sleep(max(0.0, due - perf_counter()))
        samples.append(run_once(work))
    return Times(median(s.wall for s in samples), fmean(s.cpu for s in samples))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
