"""NYU Depth V2 in the layout of the Kaggle data set: CSV lists of picture pairs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import F32Array, Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.reading import (
    read_depth_values,
    read_lines,
    read_rgb,
    require_files,
    scaled_depth,
)
from fastdepth.sources.splitting import choose_split, refuse_split

# The colour camera of NYU Depth V2 (camera_params.m of its toolbox), of frames of 640x480.
NYU_CAMERA = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)

_PREFIX = "nyu2_"


class KaggleSource(IndexedFrames):
    """Colour and depth pairs of NYU Depth V2; an IndexedSource.

    Depth of 8 bits (train, val) has 255 = 10 m, of 16 bits (test) millimetres; 0 is invalid. The
    camera is that of NYU, scaled where pictures have another size than 640x480 (the whole frame
    resampled). A frame's name is its picture's as the list names it.
    """

    def __init__(self, path: Path | str, split: str | None = None) -> None:
        """Read a list and check that the files it names exist.

        Args:
            path: the data set's folder (with data/nyu2_*.csv), or one CSV file: no header,
                `rgb,depth` relative to the folder that holds `data/`.
            split: which list of a folder: NAME of data/nyu2_NAME.csv (`train`, `val`, `test`).

        Raises:
            SourceError: there is no such list, it is no list of pairs, or files are missing.

        """
        path = Path(path)
        file = _list_file(path, split)
        self.name = f"{path} {split}" if split else str(path)
        self._rows = _read_rows(file)
        root = _root(file, self._rows[0][0])
        self._pairs = [(root / rgb, root / depth) for rgb, depth in self._rows]
        require_files((one for pair in self._pairs for one in pair), file)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._pairs)

    def _read(self, index: int) -> Frame:
        rgb, depth = self._pairs[index]
        image = read_rgb(rgb)
        height, width = image.shape[:2]
        camera = NYU_CAMERA.resize(width, height)
        return Frame(image, _read_depth(depth), camera, name=self._rows[index][0])


def splits(folder: Path) -> dict[str, Path]:
    """Return the lists of a data set's folder by the name of their split."""
    found = sorted([*folder.glob(f"data/{_PREFIX}*.csv"), *folder.glob(f"{_PREFIX}*.csv")])
    return {file.stem.removeprefix(_PREFIX): file for file in found}


def _list_file(path: Path, split: str | None) -> Path:
    if path.is_file():
        refuse_split(path, split)
        return path
    known = splits(path)
    return known[choose_split(path, split, list(known), f"there is no data/{_PREFIX}*.csv")]


def _read_rows(file: Path) -> list[tuple[str, str]]:
    rows = []
    for number, cells in enumerate(csv.reader(read_lines(file)), 1):
        if not cells:
            continue
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            text = f"{file} line {number} has {len(cells)} fields; expected `rgb,depth`"
            raise SourceError(text)
        rows.append((cells[0].strip(), cells[1].strip()))
    if not rows:
        text = f"{file} is empty; expected lines of `rgb,depth`"
        raise SourceError(text)
    return rows


def _root(file: Path, first: str) -> Path:
    """Return the folder the list's names start at: beside `data/`, or the list's own."""
    above = file.parent.parent
    return above if (above / first).exists() or not (file.parent / first).exists() else file.parent


def _read_depth(path: Path) -> F32Array:
    values = read_depth_values(path)
    return scaled_depth(values, 255, 10) if values.dtype == np.uint8 else scaled_depth(values, 1000)
