"""Read picture files, and check that the files a list names are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.decoding import decode_picture
from fastdepth.errors import SourceError
from fastdepth.frame import F32Array, U8Array

PICTURE_SUFFIXES = frozenset(
    {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_SHOWN = 5


def read_rgb(path: Path) -> U8Array:
    """Return a picture as HxWx3 uint8 RGB (grey ones too; 16-bit ones scaled down).

    Raises:
        SourceError: the file is missing, damaged or no picture.

    """
    rgb: U8Array = cv2.cvtColor(_decode(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return rgb


def read_depth_values(path: Path) -> NDArray[Any]:
    """Return a one-channel depth picture as it is stored, HxW uint8 or uint16.

    Raises:
        SourceError: the file is missing, damaged, or has several channels.

    """
    values = _decode(path, cv2.IMREAD_UNCHANGED)
    if values.ndim != 2 or values.dtype not in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        text = (
            f"{path} is {values.dtype} of shape {values.shape}; expected depth of one channel, "
            "8 or 16 bits"
        )
        raise SourceError(text)
    return values


def read_depth16(path: Path, units_per_metre: int) -> F32Array:
    """Return a 16-bit depth picture in metres, float32, NaN where it is 0.

    Raises:
        SourceError: the file is missing, damaged or not of 16 bits.

    """
    values = read_depth_values(path)
    if values.dtype != np.uint16:
        text = f"{path} has 8 bits; expected 16 ({units_per_metre} = 1 m)"
        raise SourceError(text)
    return scaled_depth(values, units_per_metre)


def checked_units(units_per_metre: int) -> int:
    """Return the units of depth pictures as they are; raise SourceError below 1."""
    if units_per_metre < 1:
        text = f"{units_per_metre} units per metre; expected a number above 0, 1000 for mm"
        raise SourceError(text)
    return units_per_metre


def scaled_depth(values: NDArray[Any], units: int, metres: int = 1) -> F32Array:
    """Return depth in metres of which `units` are `metres`, float32, 0 becoming NaN."""
    # Integers times a small integer are exact in float32 up to 2^24: one rounding, in the division.
    depth: F32Array = np.multiply(values, np.float32(metres), dtype=np.float32)
    depth /= np.float32(units)
    depth[values == 0] = np.nan
    return depth


def float_depth(values: NDArray[Any]) -> F32Array:
    """Return depth stored as floating-point metres as float32, NaN where it is none.

    Not above zero, infinite and NaN all mean that there is no measurement.
    """
    depth = values.astype(np.float32)
    depth[~(np.isfinite(depth) & (depth > 0))] = np.nan
    return depth


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures right in a folder, in natural order; none where there is no folder."""
    if not folder.is_dir():
        return []
    files = [file for file in folder.iterdir() if is_picture(file) and file.is_file()]
    return sorted(files, key=lambda file: natural_key(file.name))


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Return a key to sort names by with the numbers in them counted (2 before 10)."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def first_few(names: Sequence[object]) -> str:
    """Return the first names and how many more there are."""
    shown = ", ".join(str(name) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def require_files(files: Iterable[Path], named_in: Path) -> None:
    """Check that all files exist, so that a gap is known now and not after an hour.

    Raises:
        SourceError: how many are missing, and the first of them.

    """
    missing = [file for file in dict.fromkeys(files) if not file.is_file()]
    if missing:
        text = f"{named_in} names {len(missing)} files that do not exist: {first_few(missing)}"
        raise SourceError(text)


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 text file; raise SourceError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as err:
        text = f"{path} does not exist"
        raise SourceError(text) from err
    except (OSError, UnicodeDecodeError) as err:
        text = f"{path} cannot be read as text: {err}"
        raise SourceError(text) from err


def _decode(path: Path, flags: int) -> NDArray[Any]:
    try:
        data = path.read_bytes()
    except OSError as err:
        text = f"{path} cannot be read: {err.strerror or err}"
        raise SourceError(text) from err
    array = decode_picture(data, flags)
    if array is None:
        text = f"{path} is no picture that can be decoded ({len(data)} bytes; damaged, cut short?)"
        raise SourceError(text)
    return array
