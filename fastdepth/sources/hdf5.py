"""NYU Depth V2 as sparse-to-dense and FastDepth have it: HDF5 files, one for each frame."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, MissingExtraError, SourceError
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, WrittenCamera, read_camera
from fastdepth.sources.kaggle import NYU_CAMERA
from fastdepth.sources.reading import float_depth, natural_key
from fastdepth.sources.splitting import choose_split, refuse_split

if TYPE_CHECKING:
    import h5py

HDF5_SUFFIXES = frozenset({".h5", ".hdf5"})
SPLITS = ("train", "val", "test")


class Hdf5Source(IndexedFrames):
    """Frames of HDF5 files: `rgb` 3xHxW uint8, `depth` HxW in metres of a floating-point type.

    Depth that is not above zero, infinite or NaN is invalid. The camera is read from intrinsics.txt
    in the folder if there is one, else it is NYU's where frames have the shape of 640x480 (the
    whole frame resampled), else unknown. A frame's name is its file's below the folder.
    """

    def __init__(self, path: Path | str, split: str | None = None) -> None:
        """List the files.

        Args:
            path: one file, or a folder that holds files at any depth.
            split: which of its folders `train`, `val`, `test`; needed where it has several.

        Raises:
            SourceError: there is nothing there, or no such split.
            MissingExtraError: the h5py library is not installed.

        """
        import_h5py()
        path = Path(path)
        self.name = f"{path} {split}" if split else str(path)
        if path.is_file():
            refuse_split(path, split)
            self._root, self.files = path.parent, [path]
        else:
            self._root = _split_folder(path, split)
            self.files = _files_below(self._root)
        if not self.files:
            kinds = " or ".join(sorted(HDF5_SUFFIXES))
            text = f"{path} has no frames; expected files ending in {kinds}, at any depth"
            raise SourceError(text)
        self._camera: WrittenCamera | None = None
        for folder in dict.fromkeys((self._root, path)):
            if self._camera is None and (folder / INTRINSICS_FILE).is_file():
                self._camera = read_camera(folder / INTRINSICS_FILE)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.files)

    def _read(self, index: int) -> Frame:
        file = self.files[index]
        with open_hdf5(file) as content:
            rgb = read_array(content, "rgb", file)
            depth = read_array(content, "depth", file)
        image = planes_to_rgb(rgb, f"{file}: rgb", "(3, height, width)", (1, 2, 0))
        truth = metres(depth, f"{file}: depth", "(height, width)")
        name = file.relative_to(self._root).as_posix()
        return Frame(image, truth, self._camera_of(image, file), name=name)

    def _camera_of(self, image: U8Array, file: Path) -> Intrinsics | None:
        height, width = image.shape[:2]
        if self._camera is None:
            nyu = width * NYU_CAMERA.height == height * NYU_CAMERA.width
            return NYU_CAMERA.resize(width, height) if nyu else None
        try:
            return self._camera.of(width, height)
        except CameraError as err:
            text = f"{file}: {err}"
            raise SourceError(text) from err


def has_hdf5(folder: Path, depth: int = 3) -> bool:
    """Tell whether a folder holds HDF5 files by their names, so many folders down at most."""
    try:
        with os.scandir(folder) as entries:
            below = []
            for entry in entries:
                if Path(entry.name).suffix.lower() in HDF5_SUFFIXES:
                    return True
                if entry.is_dir():
                    below.append(Path(entry.path))
    except OSError:
        return False
    return depth > 0 and any(has_hdf5(path, depth - 1) for path in below)


def import_h5py() -> Any:
    """Return the h5py module, or raise MissingExtraError."""
    try:
        import h5py  # noqa: PLC0415 - an extra
    except ImportError as err:
        what = "reading HDF5 files"
        raise MissingExtraError(what, "hdf5", err) from err
    return h5py


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file to read it.

    Raises:
        SourceError: it cannot be read, or is damaged; also for what goes wrong inside the block.

    """
    module = import_h5py()
    try:
        with module.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError) as err:
        if isinstance(err, FileNotFoundError | PermissionError):
            text = f"{path} cannot be read: {err.strerror or err}"
        else:
            text = f"{path} is no whole HDF5 file ({err}; damaged, cut short?)"
        raise SourceError(text) from err


def read_array(group: h5py.File, name: str, file: Path) -> NDArray[Any]:
    """Return a data set as an array; raise SourceError where there is none of this name."""
    if name not in group:
        text = f"{file} has no {name!r}; it has {', '.join(sorted(group)) or 'nothing'}"
        raise SourceError(text)
    array: NDArray[Any] = np.asarray(group[name])
    return array


def planes_to_rgb(
    planes: NDArray[Any], what: str, expected: str, axes: tuple[int, int, int]
) -> U8Array:
    """Return colour planes as contiguous HxWx3 uint8.

    Args:
        planes: 3 planes, colour first.
        what: what to call them in an error.
        expected: their shape in words, for an error.
        axes: where height, width and colour are.

    Raises:
        SourceError: they have another shape or type.

    """
    if planes.ndim != 3 or planes.shape[0] != 3 or planes.dtype != np.uint8:
        text = f"{what} is {planes.dtype} of shape {planes.shape}; expected uint8 of {expected}"
        raise SourceError(text)
    image: U8Array = np.ascontiguousarray(planes.transpose(axes))
    return image


def metres(values: NDArray[Any], what: str, expected: str) -> F32Array:
    """Return depth stored in metres, HxW float32, NaN where invalid; raise SourceError if not."""
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.floating):
        text = (
            f"{what} is {values.dtype} of shape {values.shape}; expected floating-point metres of "
            f"{expected}"
        )
        raise SourceError(text)
    return float_depth(values)


def _split_folder(path: Path, split: str | None) -> Path:
    if not path.is_dir():
        text = f"{path} does not exist; expected a folder of HDF5 files, or one"
        raise SourceError(text)
    known = [name for name in SPLITS if has_hdf5(path / name)]
    if split is None and not known:
        return path
    none = f"there are no HDF5 files in folders {', '.join(SPLITS)}"
    return path / choose_split(path, split, known, none)


def _files_below(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*") if path.suffix.lower() in HDF5_SUFFIXES]
    return sorted(found, key=lambda path: natural_key(path.relative_to(folder).as_posix()))
