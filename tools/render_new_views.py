"""Show frames with depth from places beside the camera's, for training.

A network that has few scenes to learn from learns their sizes by heart. Here each frame gives
several more of the same scene, taken from nearer, farther or beside, in which everything has other
distances:

    python tools/render_new_views.py ../shared/data/nyu_depth_v2 /tmp/views --views 12 --jobs 2

Depth goes along, but around edges it is only as good as the frame's own was. The folder is read
like any other of registered frames. Finished frames are kept and a second run goes on where the
first stopped; view K of frame N of a seed is the same in every run.
"""

from __future__ import annotations

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from frame_folder import make_folders, write_frame
from new_views.moving import draw_move
from new_views.warping import NewView, new_view

from fastdepth.camera import Intrinsics
from fastdepth.cli.common import progress
from fastdepth.errors import SourceError
from fastdepth.files import whole_file
from fastdepth.frame import F32Array, Frame, IndexedSource, U8Array
from fastdepth.sources import open_indexed

TRIES = 20
# Views that show more than these shares of what the frame does not know are drawn anew.
MOST_OUTSIDE, MOST_HIDDEN, MOST_UNMEASURED = 0.15, 0.06, 0.3
QUALITY = 95


class Known(NamedTuple):
    """A picture, HxWx3 uint8; its depth, HxW float32 metres, NaN where unknown; its camera."""

    image: U8Array
    depth: F32Array
    camera: Intrinsics


def prepared(frame: Frame, size: tuple[int, int], border: int) -> Known:
    """Return a frame of `size`, whose outermost `border` pixels mirror the rest and have no depth.

    Raises:
        SourceError: the frame has no depth or no camera.

    """
    if frame.depth is None or frame.intrinsics is None:
        msg = f"{frame.name} has no depth or no camera; new views need both"
        raise SourceError(msg)
    image = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    depth = cv2.resize(frame.depth, size, interpolation=cv2.INTER_NEAREST)
    # Depth in steps of 4 cm would stand out as terraces from the side.
    depth = cv2.bilateralFilter(np.nan_to_num(depth), 5, 0.1, 2)
    if border:
        inner = (slice(border, -border),) * 2
        width = (border, border, border, border)
        image = cv2.copyMakeBorder(image[inner], *width, cv2.BORDER_REFLECT_101)
        depth = cv2.copyMakeBorder(depth[inner], *width, cv2.BORDER_CONSTANT, value=0)
    depth[depth == 0] = np.nan
    camera = frame.intrinsics.resize(*size)
    return Known(np.asarray(image, np.uint8), depth.astype(np.float32), camera)


def draw_view(known: Known, rng: np.random.Generator) -> NewView | None:
    """Return a view that the frame knows most of, or None where none was found."""
    distance = float(np.nanmedian(known.depth))
    for _ in range(TRIES):
        view = new_view(*known, draw_move(rng, distance))
        is_known = view.outside <= MOST_OUTSIDE and view.hidden <= MOST_HIDDEN
        if is_known and np.isnan(view.depth).mean() <= MOST_UNMEASURED:
            return view
    return None


@cache
def opened(path: Path, split: str | None) -> IndexedSource:
    """Open the frames once in each process."""
    return open_indexed(path, split=split)


def render(options: argparse.Namespace, number: int) -> int:
    """Write the views of one frame and return how many there are."""
    cv2.setNumThreads(1)
    out: Path = options.out
    done = out / "done" / f"{number:06d}.txt"
    if done.exists():
        return int(done.read_text(encoding="utf-8"))
    source = opened(options.source, options.split)
    known = prepared(source[number], tuple(options.size), options.border)
    written = 0
    for k in range(options.views):
        view = draw_view(known, np.random.default_rng([options.seed, number, k]))
        if view is None:
            continue
        millimetres = np.rint(np.nan_to_num(view.depth) * 1000)
        write_frame(out, f"{number:06d}_{k:02d}", view.image, millimetres, QUALITY)
        written += 1
    with whole_file(done) as temporary:
        temporary.write_text(f"{written}\n", encoding="utf-8")
    return written


def main() -> None:
    """Read the arguments and render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="frames with depth and a camera")
    parser.add_argument("out", type=Path, help="folder for rgb/, depth/ and intrinsics.txt")
    parser.add_argument("--split", default=None, help="of the source")
    parser.add_argument("--views", type=int, default=12, help="of each frame")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"))
    parser.add_argument("--border", type=int, default=8, help="pixels of the result to leave out")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    source = opened(options.source, options.split)
    camera = prepared(source[0], tuple(options.size), options.border).camera
    make_folders(options.out, camera, "done")
    frames, total = len(source), 0
    context = multiprocessing.get_context("spawn")  # OpenCV's threads do not survive a fork
    with (
        ProcessPoolExecutor(options.jobs, context) as pool,
        progress(frames, "new views") as report,
    ):
        for done, written in enumerate(pool.map(partial(render, options), range(frames)), 1):
            total += written
            report(done, frames)
    print(f"{total} views of {frames} frames in {options.out}")


if __name__ == "__main__":
    main()
