"""Text lists of picture pairs as BTS, AdaBins and their followers have them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, SourceError
from fastdepth.frame import Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.kaggle import NYU_CAMERA
from fastdepth.sources.reading import (
    checked_units,
    read_depth16,
    read_lines,
    read_rgb,
    require_files,
)
from fastdepth.sources.splitting import choose_split, refuse_split

# Where lists and pictures lie to each other, from the list's folder on.
_ROOTS = (".", "sync", "official_splits/test", "..", "/")
_BEFORE, _AFTER = "nyudepthv2_", "_files_with_gt.txt"
_NO_DEPTH = "None"


class Row(NamedTuple):
    """A line of a list: names of the pictures, and the focal length in pixels."""

    rgb: str
    depth: str
    focal: float


class ListSource(IndexedFrames):
    """Frames of a list of lines `rgb depth focal`.

    Depth is 16-bit PNG in millimetres, 0 where there is none. Lines whose depth is `None` are left
    out. The focal length (pixels of the picture) becomes fx and fy, the principal point is taken to
    be the picture's centre; 518.8579 with pictures of 640x480 is NYU Depth V2, and its full
    calibration is used. A frame's name is its picture's as the list names it.

    Attributes:
        without_depth: how many lines were left out.
        root: the folder that names start at.

    """

    def __init__(
        self,
        path: Path | str,
        split: str | None = None,
        *,
        root: Path | str | None = None,
        units_per_metre: int = 1000,
    ) -> None:
        """Read the list and check that the files it names exist.

        Args:
            path: the list, or a folder with lists nyudepthv2_SPLIT_files_with_gt.txt.
            split: which list of a folder: `train` or `test`.
            root: the folder that names start at, a leading `/` or not; if None, the list's own
                folder, `sync` or `official_splits/test` in it, the folder above, or the root of
                the file system: the one where the first picture is.
            units_per_metre: of the depth pictures (256 in lists of KITTI).

        Raises:
            SourceError: there is no such list, it is malformed, or files are missing.

        """
        path = Path(path)
        self.file = _list_file(path, split)
        self.name = f"{path} {split}" if split else str(path)
        rows = _read_rows(self.file)
        self.rows = [row for row in rows if row.depth != _NO_DEPTH]
        self.without_depth = len(rows) - len(self.rows)
        if not self.rows:
            text = f"{self.file} names no pair of pictures; expected lines of `rgb depth focal`"
            raise SourceError(text)
        first = self.rows[0].rgb
        self.root = Path(root) if root is not None else _find_root(self.file, first)
        self._units = checked_units(units_per_metre)
        self._pairs = [(self.root / row.rgb, self.root / row.depth) for row in self.rows]
        require_files((one for pair in self._pairs for one in pair), self.file)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.rows)

    def _read(self, index: int) -> Frame:
        rgb, depth = self._pairs[index]
        row = self.rows[index]
        image = read_rgb(rgb)
        height, width = image.shape[:2]
        camera = _camera(row.focal, width, height)
        return Frame(image, read_depth16(depth, self._units), camera, name=row.rgb)


def list_splits(folder: Path) -> dict[str, Path]:
    """Return the lists in a folder by the name of their split."""
    found = sorted(folder.glob(f"{_BEFORE}*{_AFTER}"))
    return {file.name.removeprefix(_BEFORE).removesuffix(_AFTER): file for file in found}


def _list_file(path: Path, split: str | None) -> Path:
    if path.is_dir():
        known = list_splits(path)
        none = f"there is no {_BEFORE}*{_AFTER}"
        return known[choose_split(path, split, list(known), none)]
    refuse_split(path, split)
    return path


def _read_rows(file: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(read_lines(file), 1):
        words = line.split()
        if not words:
            continue
        try:
            rgb, depth, written = words
            focal = float(written)
            Intrinsics(1, 1, focal, focal, 0.0, 0.0)
        except (ValueError, CameraError) as err:
            text = f"{file} line {number} is {line!r} ({err}); expected `rgb depth focal`"
            raise SourceError(text) from err
        rows.append(Row(rgb.lstrip("/"), depth.lstrip("/"), focal))
    return rows


def _find_root(file: Path, first: str) -> Path:
    tried = [file.parent / folder for folder in _ROOTS]
    for folder in tried:
        if (folder / first).is_file():
            return folder
    shown = ", ".join(str(folder) for folder in tried)
    text = f"{first}, the first picture of {file}, is in none of {shown}; name the root of the list"
    raise SourceError(text)


def _camera(focal: float, width: int, height: int) -> Intrinsics:
    # Lists have 518.8579 for it.
    if (width, height) == (NYU_CAMERA.width, NYU_CAMERA.height) and (
        abs(focal - NYU_CAMERA.fx) < 0.001
    ):
        return NYU_CAMERA
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
