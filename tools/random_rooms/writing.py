"""Render rooms into a folder of frames: rgb/*.jpg, depth/*.png, intrinsics.txt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from frame_folder import write_frame

from fastdepth.files import whole_file
from random_rooms import views
from random_rooms.gpu import Renderer
from random_rooms.photo import develop
from random_rooms.themes import random_room

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
        write_frame(out, f"{number:06d}_{k}", rgb, depth, int(rng.integers(85, 97)))
    with whole_file(done) as temporary:
        temporary.write_text(f"{room.kind} {len(poses)}\n", encoding="utf-8")
    return len(poses)
