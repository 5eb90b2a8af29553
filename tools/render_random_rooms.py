"""Render random furnished rooms, for pre-training: pictures with exact metric depth.

Needs moderngl and a driver for OpenGL 3.3 through EGL (Mesa's software driver will do) beside the
package; neither is a dependency of it:

    pip install moderngl -e .
    python tools/render_random_rooms.py /tmp/rooms --rooms 1000 --jobs 2

The folder is read like any other of registered frames. Each room gives four views (fewer where it
has not as many good ones). Finished rooms are kept and a second run goes on where the first
stopped; room N of a seed is the same in every run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from pathlib import Path

from frame_folder import make_folders
from random_rooms.gpu import Renderer
from random_rooms.view import NYU
from random_rooms.writing import VIEWS, render_room


def work(out: Path, seed: int, numbers: range, size: tuple[int, int]) -> None:
    """Render some rooms, one after the other."""
    renderer = Renderer(NYU.resize(*size))
    start, frames = time.perf_counter(), 0
    for at, number in enumerate(numbers, 1):
        frames += render_room(renderer, out, seed, number)
        if at % 20 == 0:
            rate = frames / (time.perf_counter() - start)
            print(f"room {number}: {frames} frames, {rate:.1f} a second", flush=True)


def main() -> None:
    """Read the arguments and render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for rgb/, depth/ and intrinsics.txt")
    parser.add_argument("--rooms", type=int, default=1000, help=f"each gives up to {VIEWS} frames")
    parser.add_argument("--first", type=int, default=0, help="number of the first room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    make_folders(options.out, NYU.resize(*options.size), "rooms")
    last = options.first + options.rooms
    context = multiprocessing.get_context("spawn")  # a GL context does not survive a fork
    jobs = [
        context.Process(
            target=work,
            args=(
                options.out,
                options.seed,
                range(options.first + job, last, options.jobs),
                tuple(options.size),
            ),
        )
        for job in range(options.jobs)
    ]
    for process in jobs:
        process.start()
    for process in jobs:
        process.join()
    if any(process.exitcode for process in jobs):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
