"""`fastdepth predict IMAGE...`: write metric depth and pictures for images."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.cli.common import (
    add_model_arguments,
    model_path,
    parse_intrinsics,
    track,
)
from fastdepth.colour import colourise, metric_range
from fastdepth.errors import OutputError, SourceError
from fastdepth.estimator import DepthEstimator
from fastdepth.files import make_folder, whole_file
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.pictures import depth_scale, picture_grid
from fastdepth.sources import PicturesSource

MOST_MILLIMETRES = 65535


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    sources = [PicturesSource(path) for path in args.images]
    estimator = DepthEstimator.load(
        model_path(args), threads=args.threads, camera_aware=args.camera_aware
    )
    make_folder(args.out)
    frames = [(source, index) for source in sources for index in range(len(source))]
    written: set[str] = set()
    for source, index in track(frames, len(frames), "predicting"):
        frame = source[index]
        stem = Path(frame.name).stem
        if stem in written:
            msg = f"two of the images are called {stem!r}; predict them into different folders"
            raise SourceError(msg)
        written.add(stem)
        camera = _camera(args.intrinsics, frame)
        depth = estimator.predict(frame.image, "rgb", camera).frame_depth()
        write_prediction(args.out, stem, frame.image, depth)
    print(f"{len(frames)} frames: depth and pictures are in {args.out}")
    if args.intrinsics is None and args.camera_aware:
        print(
            "no --intrinsics given: depth is metric only for a camera with the field of view "
            "the model was trained on"
        )
    return 0


def write_prediction(folder: Path, stem: str, image: U8Array, depth: F32Array) -> None:
    """Write STEM_depth.png (16-bit mm, 0 unknown), STEM_depth.npy (m, NaN) and STEM_view.png.

    Args:
        folder: an existing folder.
        stem: of the file names.
        image: HxWx3 uint8 RGB.
        depth: HxW float32 metres, NaN where unknown.

    Raises:
        OutputError: a file cannot be written.

    """
    with np.errstate(invalid="ignore"):
        millimetres = np.where(np.isfinite(depth), np.rint(depth * 1000.0), 0.0)
    _write_png(
        folder / f"{stem}_depth.png", np.clip(millimetres, 0, MOST_MILLIMETRES).astype(np.uint16)
    )
    with whole_file(folder / f"{stem}_depth.npy") as path:
        np.save(path, depth)
    near, far = metric_range([depth])
    view = picture_grid(
        [[image, colourise(depth, near, far)]],
        ["image", "depth"],
        [depth_scale(near, far, (0, 1))],
        panel_width=480,
    )
    _write_png(folder / f"{stem}_view.png", cv2.cvtColor(view, cv2.COLOR_RGB2BGR))


def _write_png(path: Path, picture: np.ndarray) -> None:
    with whole_file(path) as temporary:
        if not cv2.imwrite(str(temporary), picture):
            msg = f"cannot write {path}"
            raise OutputError(msg)


def _camera(values: tuple[float, ...] | None, frame: Frame) -> Intrinsics | None:
    if values is None:
        return frame.intrinsics
    height, width = frame.image.shape[:2]
    return Intrinsics(width, height, *values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth predict",
        description="Write metric depth for images: a 16-bit PNG in millimetres (0 unknown), a "
        ".npy in metres (NaN unknown) and a coloured picture with a metre scale.",
    )
    parser.add_argument("images", nargs="+", type=Path, help="images or folders of images")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument(
        "--intrinsics",
        type=parse_intrinsics,
        metavar="FX,FY,CX,CY",
        help="of the camera, pixels; depth is then scaled to it",
    )
    add_model_arguments(parser)
    return parser
