"""Small data sets on disk, for the tests of frame sources."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from fastdepth.frame import U8Array


def rgb(seed: int, height: int = 6, width: int = 8) -> U8Array:
    """Return a picture of noise, HxWx3 RGB."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def units(seed: int, height: int = 6, width: int = 8) -> np.ndarray:
    """Return 16-bit depth values with some zeros."""
    values = np.random.default_rng(seed).integers(1, 65536, (height, width))
    values[seed % height, 2] = 0
    return values.astype(np.uint16)


def save(path: Path, array: np.ndarray) -> Path:
    """Write an RGB or one-channel picture losslessly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = cv2.cvtColor(array, cv2.COLOR_RGB2BGR) if array.ndim == 3 else array
    assert cv2.imwrite(str(path), stored)
    return path


def tum(
    folder: Path, images: Sequence[str], depths: Sequence[str] = (), comment: str = "# a comment"
) -> Path:
    """Write a TUM folder of pictures with these stamps; picture n is rgb(n), depth n units(n)."""
    for name, stamps in (("rgb", images), ("depth", depths)):
        if name == "depth" and not stamps:
            continue
        lines = [comment, ""]
        for n, stamp in enumerate(stamps):
            file = f"{name}/{stamp}.png"
            save(folder / file, rgb(n) if name == "rgb" else units(n))
            lines.append(f"{stamp} {file}")
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder


def kaggle(folder: Path, split: str, rows: Iterable[tuple[str, str]]) -> Path:
    """Write data/nyu2_SPLIT.csv."""
    file = folder / "data" / f"nyu2_{split}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{image},{depth}\n" for image, depth in rows))
    return file


def rgbd(folder: Path, names: Sequence[str], intrinsics: str | None = None) -> Path:
    """Write a folder with rgb/ and depth/; picture n is rgb(n), depth n units(n)."""
    for n, name in enumerate(names):
        save(folder / "rgb" / f"{name}.png", rgb(n))
        save(folder / "depth" / f"{name}.png", units(n))
    if intrinsics is not None:
        (folder / "intrinsics.txt").write_text(intrinsics)
    return folder


def metres(seed: int, units_per_metre: int = 1000) -> np.ndarray:
    """Return units(seed) as depth: float32 metres, NaN for 0."""
    values = units(seed)
    return np.where(values == 0, np.nan, values / np.float64(units_per_metre)).astype(np.float32)


def mat5(path: Path, variables: Mapping[str, Sequence[int] | Sequence[str]]) -> Path:
    """Write a MATLAB 5 file of columns of numbers and of cells of strings."""
    header = b"MATLAB 5.0 MAT-file, made by a test".ljust(124) + struct.pack("<H2s", 0x0100, b"IM")
    content = b"".join(_matrix(name, values) for name, values in variables.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + content)
    return path


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def _matrix(name: str, values: str | Sequence[int] | Sequence[str]) -> bytes:
    rows = len(values)
    if isinstance(values, str):
        number, shape, content = 4, (1, rows), _element(16, values.encode())
    elif values and isinstance(values[0], str):
        cells = b"".join(_matrix("", str(value)) for value in values)
        number, shape, content = 1, (rows, 1), cells
    else:  # class double, stored as uint16, as MATLAB does with whole numbers
        number, shape = 6, (rows, 1)
        content = _element(4, np.array(values, "<u2").tobytes())
    parts = (
        _element(6, struct.pack("<II", number, 0)),
        _element(5, struct.pack("<ii", *shape)),
        _element(1, name.encode()),
        content,
    )
    return _element(14, b"".join(parts))
