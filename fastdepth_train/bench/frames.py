"""Frames to train on where none are given: made up, but read as a user's own are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fastdepth.bench.candidates import made_up_picture
from fastdepth.errors import OutputError
from fastdepth.sources.intrinsics_file import INTRINSICS_FILE

WIDTH, HEIGHT = 640, 480
_FOCAL_LENGTH = 525.0


def write_frames(folder: Path, count: int) -> Path:
    """Write VGA frames with depth as an RGB-D folder, rgb/, depth/ and intrinsics.txt.

    Raises:
        OutputError: the folder cannot be written.

    """
    for name in ("rgb", "depth"):
        (folder / name).mkdir(parents=True)
    camera = [_FOCAL_LENGTH, _FOCAL_LENGTH, (WIDTH - 1) / 2, (HEIGHT - 1) / 2]
    (folder / INTRINSICS_FILE).write_text(" ".join(map(str, camera)) + "\n", encoding="ascii")
    picture = made_up_picture(HEIGHT, WIDTH)
    # A floor that comes nearer towards the lower edge, in millimetres.
    slope = np.linspace(6000, 1200, HEIGHT, dtype=np.float32)[:, None].repeat(WIDTH, axis=1)
    for number in range(count):
        turned = np.roll(picture, 37 * number, axis=1)
        depth = np.roll(slope + 4.0 * picture[..., 0], 37 * number, axis=1).astype(np.uint16)
        files = {f"rgb/{number:04}.jpg": turned[..., ::-1], f"depth/{number:04}.png": depth}
        for name, array in files.items():
            if not cv2.imwrite(str(folder / name), array):
                msg = f"cannot write {folder / name}"
                raise OutputError(msg)
    return folder
