"""Turn what can only be read in order, a bag, into a folder that can be read in any order."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.errors import OutputError, SourceError
from fastdepth.files import make_folder, whole_folder, write_json
from fastdepth.frame import F32Array, Frame, FrameSource, IndexedSource
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, camera_text
from fastdepth.sources.opening import open_source
from fastdepth.sources.rgbd_folder import (
    DEPTH_FOLDER,
    INTRINSICS_FOLDER,
    RGB_FOLDER,
    RgbdFolder,
)

Progress = Callable[[int, int], None]

JPEG_QUALITY = 95
ORIGIN_FILE = "source.json"
# Counts in the name of a cache; raise it when other files are written for the same frames.
_FORMAT = 1
_MOST_MILLIMETRES = 65535


def open_indexed(
    path: Path | str, *, cache: Path | None = None, progress: Progress | None = None, **options: Any
) -> IndexedSource:
    """Open a source so that its frames can be read in any order, as training needs.

    What can be read in any order already is opened as it is. A bag is decoded once into a folder of
    its own, which later calls find again as long as the bag and the options are the same.

    Args:
        path: as for `open_source`.
        cache: where such folders are kept; if None, `fastdepth` in $XDG_CACHE_HOME or ~/.cache.
        progress: called with the number of frames decoded and of all.
        options: as for `open_source`.

    Raises:
        SourceError: the source cannot be opened or read, or none of its frames has depth.
        OutputError: the cache cannot be written.

    """
    path = Path(path)
    source = open_source(path, **options)
    if isinstance(source, IndexedSource):
        return source
    key = hashlib.sha256(json.dumps(_identity(path, options)).encode()).hexdigest()[:16]
    folder = (cache or _default_cache()) / f"{path.resolve().name}-{key}"
    return RgbdFolder(folder) if folder.is_dir() else cache_source(source, folder, progress)


def cache_source(source: FrameSource, folder: Path, progress: Progress | None = None) -> RgbdFolder:
    """Write the frames that have depth into a new folder (RgbdFolder), whole or not at all.

    Images are written as JPEG of quality 95, depth as 16-bit PNG in millimetres (0 where there is
    none or it is beyond 65.535 m). Frames without depth are left out, and frames without a known
    camera where the first has one; source.json says how many, and where the frames are from.

    Args:
        source: read once, in order.
        folder: must not exist yet.
        progress: called with the number of frames read and of all.

    Returns:
        The folder as a source.

    Raises:
        SourceError: the source cannot be read, or none of its frames has depth.
        OutputError: the folder exists, or cannot be written.

    """
    with whole_folder(folder) as temporary:
        writer = _Writer(temporary)
        for number, frame in enumerate(source, 1):
            writer.write(frame)
            if progress is not None:
                progress(number, len(source))
        writer.finish(source.name)
    return RgbdFolder(folder)


class _Writer:
    """Fills a folder that RgbdFolder reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = set()
        self._camera: Intrinsics | None = None
        self._left_out = Counter[str]()
        for name in (RGB_FOLDER, DEPTH_FOLDER):
            make_folder(folder / name)

    def write(self, frame: Frame) -> None:
        """Write a frame, or count why it is left out."""
        millimetres = None if frame.depth is None else _millimetres(frame.depth)
        if millimetres is None or not millimetres.any():
            self._left_out["without_depth"] += 1
            return
        if frame.intrinsics is None and self._camera is not None:
            self._left_out["without_camera"] += 1
            return
        if not self._names:
            self._camera = frame.intrinsics
            if frame.intrinsics is not None:
                self._write_camera(INTRINSICS_FILE, frame.intrinsics)
        name = self._name(frame)
        if frame.intrinsics is not None and frame.intrinsics != self._camera:
            make_folder(self._folder / INTRINSICS_FOLDER)
            self._write_camera(f"{INTRINSICS_FOLDER}/{name}.txt", frame.intrinsics)
        bgr = cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR)
        self._write_picture(
            f"{RGB_FOLDER}/{name}.jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        )
        self._write_picture(
            f"{DEPTH_FOLDER}/{name}.png", millimetres, [cv2.IMWRITE_PNG_COMPRESSION, 1]
        )

    def finish(self, source: str) -> None:
        """Note where the frames are from; raise SourceError if there is none."""
        if not self._names:
            text = f"none of the {self._left_out.total()} frames of {source} has depth to train on"
            raise SourceError(text)
        origin = {"source": source, "frames": len(self._names), "left_out": dict(self._left_out)}
        write_json(self._folder / ORIGIN_FILE, origin)

    def _name(self, frame: Frame) -> str:
        """Return a file's name, without suffix, that is not in use."""
        clean = re.sub(r"[^\w.+-]+", "_", frame.name)
        name = (
            clean
            if clean.strip("._") and clean not in self._names
            else f"{clean}_{len(self._names)}"
        )
        self._names.add(name)
        return name

    def _write_camera(self, name: str, camera: Intrinsics) -> None:
        (self._folder / name).write_text(camera_text(camera), encoding="utf-8")

    def _write_picture(self, name: str, picture: NDArray[Any], settings: list[int]) -> None:
        done, data = cv2.imencode(Path(name).suffix, picture, settings)
        if not done:
            text = f"{self._folder / name} cannot be encoded from {picture.dtype} {picture.shape}"
            raise OutputError(text)
        (self._folder / name).write_bytes(data.tobytes())


def _millimetres(depth: F32Array) -> NDArray[np.uint16]:
    millimetres = np.rint(np.nan_to_num(depth * 1000.0, nan=0.0, posinf=0.0, neginf=0.0))
    millimetres[(millimetres < 0) | (millimetres > _MOST_MILLIMETRES)] = 0
    rounded: NDArray[np.uint16] = millimetres.astype(np.uint16)
    return rounded


def _identity(path: Path, options: dict[str, Any]) -> list[Any]:
    """Return what a cache depends on: files change their size or time when their content does."""
    path = path.resolve()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return [_FORMAT, states, sorted((name, str(value)) for name, value in options.items())]


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fastdepth"
