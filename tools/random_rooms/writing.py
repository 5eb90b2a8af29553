"""Render rooms into a folder of frames: rgb/*.jpg, depth/*.png, intrinsics.txt."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rooms.textures import U8

from fastdepth.files import whole_file
from random_rooms import views
from random_rooms.gpu import Renderer
from random_rooms.photo import develop
from random_rooms.themes import random_room

U16 = NDArray[np.uint16]
VIEWS = 4  # of each room


def render_room(renderer: Renderer, out: Path, seed: int, number: int) -> int:
    """Render the views of one room and return how many frames were written.

    A room depends on the seed and its number alone. Its last file tells that it is done.
    """
    done = out / "rooms" / f"{number:06d}.txt"
    if done.exists():
        return 0
    rng = np.random.default_rng([seed, number])
    room = random_room(rng)
    renderer.load(room.space.items, room.lighting)
    poses = views.choose(rng, renderer, room, VIEWS)
    lens = renderer.lens
    for k, where in enumerate(poses):
        shot = renderer.shoot(where)
        rgb = develop(rng, shot.light, lens.width, lens.height)
        depth = np.where(shot.depth < 60, np.rint(shot.depth * 1000), 0).astype(np.uint16)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(85, 97))]
        stem = f"{number:06d}_{k}"
        _write(out / "rgb" / f"{stem}.jpg", rgb[..., ::-1], quality)
        _write(out / "depth" / f"{stem}.png", depth, [])
    with whole_file(done) as temporary:
        temporary.write_text(f"{room.kind} {len(poses)}\n", encoding="utf-8")
    return len(poses)


def _write(path: Path, pixels: U8 | U16, settings: list[int]) -> None:
    ok, code = cv2.imencode(path.suffix, np.ascontiguousarray(pixels), settings)
    if not ok:
        text = f"{path.name} could not be encoded"
        raise OSError(text)
    with whole_file(path) as temporary:
        temporary.write_bytes(code.tobytes())
