"""SUN RGB-D as it is published: a folder for each frame, below folders of sensors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

import numpy as np

from fastdepth.errors import CameraError, SourceError
from fastdepth.frame import F32Array, Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, read_camera
from fastdepth.sources.mat5 import read_mat5
from fastdepth.sources.reading import (
    first_few,
    natural_key,
    pictures_in,
    read_depth_values,
    read_rgb,
    scaled_depth,
)
from fastdepth.sources.splitting import choose_split

IMAGE_FOLDER = "image"
RAW_FOLDER = "depth"
FILLED_FOLDER = "depth_bfx"
SENSORS = ("kv1", "kv2", "realsense", "xtion")

_SPLIT_FILE = Path("SUNRGBDtoolbox", "traintestSUNRGBD", "allsplit.mat")
_VARIABLES = {"train": "alltrain", "test": "alltest"}
# SUNRGBD/xtion/sun3ddata/PLACE/PLACE/FRAME, and a folder around it.
_DEEPEST = 7


class SunFrame(NamedTuple):
    """The files of a frame, and its folder's name below the source's."""

    name: str
    image: Path
    depth: Path
    intrinsics: Path


class SunRgbdSource(IndexedFrames):
    """Frames of SUN RGB-D in the order of their folders' names.

    A frame's folder has intrinsics.txt (the nine numbers of K), one picture in image/ and one in
    depth_bfx/ and depth/: 16 bits that hold millimetres, rotated left by three bits, 0 where
    nothing was measured. The folder's name below the source's is the frame's.
    """

    def __init__(
        self, path: Path | str, split: str | None = None, *, raw_depth: bool = False
    ) -> None:
        """Find the frames below a folder.

        Args:
            path: the folder SUNRGBD, one above, or any below it (of one sensor, say).
            split: `train` or `test` as in SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat beside
                SUNRGBD; None takes every frame.
            raw_depth: take depth/, as the sensor gave it, and not depth_bfx/, where its holes are
                filled (or depth/, for a frame that has no other).

        Raises:
            SourceError: there are no frames, some lack a file, or the split is not known.

        """
        self.path = Path(path)
        self.name = f"{path} {split}" if split else str(path)
        folders = sorted(
            _frame_folders(self.path),
            key=lambda folder: natural_key(folder.relative_to(self.path).as_posix()),
        )
        if not folders:
            text = (
                f"{path} has no frames of SUN RGB-D; expected folders with {IMAGE_FOLDER}/, "
                f"{FILLED_FOLDER}/ or {RAW_FOLDER}/, and {INTRINSICS_FILE}"
            )
            raise SourceError(text)
        if split is not None:
            folders = _in_split(self.path, folders, split)
        kinds = (RAW_FOLDER,) if raw_depth else (FILLED_FOLDER, RAW_FOLDER)
        self.frames = _complete(self.path, folders, kinds)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def _read(self, index: int) -> Frame:
        files = self.frames[index]
        image = read_rgb(files.image)
        height, width = image.shape[:2]
        try:
            camera = read_camera(files.intrinsics).of(width, height)
        except CameraError as err:
            text = f"{files.image}: {err}"
            raise SourceError(text) from err
        return Frame(image, read_sun_depth(files.depth), camera, name=files.name)


def read_sun_depth(path: Path) -> F32Array:
    """Return a depth picture of SUN RGB-D in metres, float32, NaN where there is none.

    As read3dPoints.m of its toolbox does, except for the limit of 8 m that it sets.

    Raises:
        SourceError: the file is missing, damaged or not of 16 bits.

    """
    values = read_depth_values(path)
    if values.dtype != np.uint16:
        text = f"{path} has 8 bits; expected 16, of millimetres rotated by three bits"
        raise SourceError(text)
    return scaled_depth((values >> 3) | (values << 13), 1000)


def has_sun_frames(folder: Path) -> bool:
    """Tell whether there is a frame of SUN RGB-D in a folder or below it."""
    return next(_frame_folders(folder), None) is not None


def _frame_folders(folder: Path, depth: int = _DEEPEST) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            kinds = {entry.name: entry.is_dir() for entry in entries}
    except OSError:
        return
    if kinds.get(IMAGE_FOLDER) and INTRINSICS_FILE in kinds:
        yield folder
    elif depth:
        for name in (name for name, is_folder in kinds.items() if is_folder):
            yield from _frame_folders(folder / name, depth - 1)


def _in_split(root: Path, folders: list[Path], split: str) -> list[Path]:
    above = root.resolve()
    places = [folder / _SPLIT_FILE for folder in (above, *above.parents)]
    files = [file for file in places if file.is_file()]
    none = f"there is no {_SPLIT_FILE} in it or above it"
    variable = _VARIABLES[choose_split(root, split, list(_VARIABLES) if files else [], none)]
    listed = read_mat5(files[0], variable)[variable]
    wanted = {_place(PurePosixPath(name)) for name in map(str, listed)}
    chosen = [folder for folder in folders if _place(folder.resolve()) in wanted]
    if not chosen:
        text = (
            f"none of the {len(folders)} frames of {root} is among the {len(listed)} of {files[0]}"
        )
        raise SourceError(text)
    return chosen


def _place(folder: PurePath) -> tuple[str, ...]:
    """Return the parts of a path from the sensor's folder on; the list's begin elsewhere."""
    parts = folder.parts
    starts = [number for number, part in enumerate(parts) if part in SENSORS]
    return parts[starts[-1] :] if starts else parts


def _complete(root: Path, folders: list[Path], kinds: tuple[str, ...]) -> list[SunFrame]:
    frames, faults = [], []
    for folder in folders:
        images = pictures_in(folder / IMAGE_FOLDER)
        depths = next(filter(None, (pictures_in(folder / kind) for kind in kinds)), [])
        name = folder.relative_to(root).as_posix()
        if len(images) == len(depths) == 1:
            frames.append(SunFrame(name, images[0], depths[0], folder / INTRINSICS_FILE))
        else:
            faults.append(f"{name} ({len(images)} and {len(depths)})")
    if faults:
        text = (
            f"{len(faults)} of {len(folders)} frames of {root} have not one picture in "
            f"{IMAGE_FOLDER}/ and one in {' or '.join(f'{kind}/' for kind in kinds)}: "
            f"{first_few(faults)}"
        )
        raise SourceError(text)
    return frames
