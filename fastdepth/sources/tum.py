"""Folders of the TUM RGB-D benchmark: rgb.txt and depth.txt list stamped pictures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, SourceError
from fastdepth.frame import F32Array, Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, WrittenCamera, read_camera
from fastdepth.sources.pairing import nanoseconds, pair_stamps
from fastdepth.sources.reading import (
    read_depth16,
    read_lines,
    read_rgb,
    require_files,
)

UNITS_PER_METRE = 5000
CAMERA_FILES = (INTRINSICS_FILE, "calibration.txt")


class TumCamera(NamedTuple):
    """The colour camera of a sequence.

    Attributes:
        written: its intrinsics.
        distortion: k1, k2, p1, p2, k3 (plumb bob).

    """

    written: WrittenCamera
    distortion: tuple[float, ...]

    def of(self, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of pictures of a size (the whole frame resampled)."""
        return self.written.of(width, height)


def _vga(intrinsics: tuple[float, float, float, float], distortion: tuple[float, ...]) -> TumCamera:
    return TumCamera(WrittenCamera(intrinsics, (640, 480)), distortion)


# From the benchmark's page on its cameras ("Intrinsic Camera Calibration of the Kinect", colour).
_FREIBURG = {
    "1": _vga((517.3, 516.5, 318.6, 255.3), (0.2624, -0.9531, -0.0054, 0.0026, 1.1633)),
    "2": _vga((520.9, 521.0, 325.1, 249.7), (0.2312, -0.7849, -0.0033, -0.0001, 0.9172)),
    "3": _vga((535.4, 539.2, 320.1, 247.6), (0.0, 0.0, 0.0, 0.0, 0.0)),
}


class Stamped(NamedTuple):
    """A picture in a list: its stamp in nanoseconds, its name in the list, and its file."""

    stamp: int
    name: str
    file: Path


class TumSource(IndexedFrames):
    """Frames of a TUM RGB-D folder, one for each colour picture; an IndexedSource.

    A frame has the depth nearest in time, each depth used once, or None where none is near enough.
    Depth is 16-bit PNG, 5000 = 1 m, 0 = no measurement. The camera is read from intrinsics.txt or
    calibration.txt in the folder (`read_camera` tells what may stand there), else known by
    `freiburg1`, `freiburg2` or `freiburg3` in the folder's name, else None. A frame's name is its
    picture's as rgb.txt names it.
    """

    def __init__(self, path: Path | str, *, max_dt: float = 0.02) -> None:
        """Read the lists, pair them, and check that the files exist.

        Args:
            path: folder with rgb.txt and, for ground truth, depth.txt.
            max_dt: the most that colour and depth may be apart, seconds.

        Raises:
            SourceError: a list is missing, empty or malformed, or files it names do not exist.

        """
        self.path = Path(path)
        self.name = str(self.path)
        self.images = _read_list(self.path / "rgb.txt")
        depth_list = self.path / "depth.txt"
        self.depths = _read_list(depth_list) if depth_list.exists() else []
        self.camera = _camera(self.path)
        self._pairs = pair_stamps(
            [image.stamp for image in self.images],
            [depth.stamp for depth in self.depths],
            round(max_dt * 1e9),
        )

    @property
    def pairs(self) -> int:
        """How many frames have depth."""
        return len(self._pairs)

    def __len__(self) -> int:
        """Return the number of colour pictures."""
        return len(self.images)

    def _read(self, index: int) -> Frame:
        picture = self.images[index]
        image = read_rgb(picture.file)
        height, width = image.shape[:2]
        try:
            camera = self.camera.of(width, height) if self.camera else None
        except CameraError as err:
            text = f"{picture.file}: {err}"
            raise SourceError(text) from err
        pair = self._pairs.get(index)
        depth = None if pair is None else read_tum_depth(self.depths[pair].file)
        return Frame(image, depth, camera, picture.stamp, picture.name)


def read_tum_depth(path: Path) -> F32Array:
    """Return a 16-bit depth picture in metres, float32, NaN where there is no measurement.

    Raises:
        SourceError: the file is missing, damaged or not of 16 bits.

    """
    return read_depth16(path, UNITS_PER_METRE)


def _read_list(path: Path) -> list[Stamped]:
    pictures = []
    for number, line in enumerate(read_lines(path), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2:
            text = f"{path} line {number} has {len(words)} fields; expected `timestamp filename`"
            raise SourceError(text)
        try:
            stamp = nanoseconds(words[0])
        except SourceError as err:
            text = f"{path} line {number}: {err}"
            raise SourceError(text) from err
        pictures.append(Stamped(stamp, words[1], path.parent / words[1]))
    if not pictures:
        text = f"{path} names no pictures; expected lines of `timestamp filename`"
        raise SourceError(text)
    require_files((picture.file for picture in pictures), path)
    return pictures


def _camera(folder: Path) -> TumCamera | None:
    for name in CAMERA_FILES:
        if (folder / name).exists():
            return TumCamera(read_camera(folder / name), (0.0,) * 5)
    words = folder.resolve().name.lower()
    for number, camera in _FREIBURG.items():
        if f"freiburg{number}" in words:
            return camera
    return None
