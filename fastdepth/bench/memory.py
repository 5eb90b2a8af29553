"""What a process with one model needs: run as `python -m fastdepth.bench.memory MODEL ENGINE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

from fastdepth.bench.candidates import made_up_picture
from fastdepth.bench.timing import peak_mb, resident_mb
from fastdepth.errors import FastDepthError
from fastdepth.estimator import DepthEstimator

_FRAMES = 5


def main(argv: list[str]) -> int:
    """Load, predict a few frames and print JSON; the third argument lists providers."""
    path, engine = argv[:2]
    listed = json.loads(argv[2]) if len(argv) > 2 else []
    start = perf_counter()
    try:
        estimator = DepthEstimator.load(
            Path(path),
            engine=engine,  # type: ignore[arg-type]
            providers=[(name, options) for name, options in listed] or None,
            threads=1,
        )
        loaded = perf_counter() - start
        picture = made_up_picture()
        for _ in range(_FRAMES):
            estimator.predict(picture)
    except FastDepthError as err:
        sys.stderr.write(f"{err}\n")
        return 1
    found = {"load_s": loaded, "resident_mb": resident_mb(), "peak_mb": peak_mb()}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
