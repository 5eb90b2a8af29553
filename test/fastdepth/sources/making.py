"""Small data sets on disk, for the tests of frame sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
