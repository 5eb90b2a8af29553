"""A folder of registered frames that grows and may be gone on with.

rgb/*.jpg, depth/*.png (16 bits, millimetres), intrinsics.txt; and a folder of notes on what is
finished, so that a second run leaves that out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.files import whole_file
from fastdepth.frame import U8Array
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE, camera_text


def make_folders(out: Path, camera: Intrinsics, notes: str) -> None:
    """Make the folders that there are not yet, and write the camera."""
    for name in ("rgb", "depth", notes):
        (out / name).mkdir(parents=True, exist_ok=True)
    with whole_file(out / INTRINSICS_FILE) as temporary:
        temporary.write_text(camera_text(camera), encoding="utf-8")


def write_frame(
    out: Path, stem: str, rgb: U8Array, millimetres: NDArray[Any], quality: int
) -> None:
    """Write an HxWx3 picture (JPEG of a quality) and HxW depth, each whole or not at all."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _write(out / "rgb" / f"{stem}.jpg", np.ascontiguousarray(rgb[..., ::-1]), settings)
    _write(out / "depth" / f"{stem}.png", np.asarray(millimetres, np.uint16), [])


def _write(path: Path, pixels: NDArray[Any], settings: list[int]) -> None:
    ok, code = cv2.imencode(path.suffix, pixels, settings)
    if not ok:
        text = f"{path.name} could not be encoded"
        raise OSError(text)
    with whole_file(path) as temporary:
        temporary.write_bytes(code.tobytes())
