"""A study: desk with a computer, bookcases, a whiteboard, boxes on a carpet."""

from __future__ import annotations

import numpy as np

from rooms import fittings, furniture, things
from rooms.mesh import block
from rooms.scene import Room

WINDOW = fittings.Opening(0.75, 0.9, 1.5, 1.25)
WALL = "blue_wall"


def study() -> Room:
    """Return the room, furnished."""
    rng = np.random.default_rng(47)
    room = Room(
        name="study",
        width=3.9,
        depth=4.3,
        height=2.55,
        exposure=2.2,
        eyes=[(1.2, 0.5, 1.45), (1.45, 0.5, 1.44), (1.7, 0.55, 1.43), (1.95, 0.65, 1.43)],
        targets=[(2.55, 3.6, 0.9), (2.25, 3.7, 0.9), (1.9, 3.7, 0.88), (1.55, 3.6, 0.86)],
    )
    _shell(room)
    _workplace(room, rng)
    _storage(room, rng)
    return room


def _shell(room: Room) -> None:
    room.add(fittings.floor(room.width, room.depth, "grey_carpet"))
    room.add(fittings.ceiling(room.width, room.depth, room.height))
    room.on_wall("right", fittings.wall(room.depth, room.height, WALL, [WINDOW]))
    for side, length in (("left", room.depth), ("far", room.width), ("near", room.width)):
        room.on_wall(side, fittings.wall(length, room.height, WALL))
    room.on_wall("right", fittings.window(WINDOW, sashes=2))
    room.on_wall("right", fittings.blinds(WINDOW, lowered=0.42))
    room.on_wall("right", fittings.radiator(1.1), WINDOW.x + WINDOW.width / 2)
    room.add(fittings.strip_light(), 1.9, 2.4, room.height)


def _workplace(room: Room, rng: np.random.Generator) -> None:
    x, y, top = 1.95, room.depth - 0.4, 0.74
    room.add(furniture.desk(1.6, 0.75, "ash"), x, y)
    room.add(things.monitor(), x - 0.1, y + 0.12, top, 6)
    room.add(things.keyboard(), x - 0.12, y - 0.2, top, 2)
    room.add(things.papers(rng, 5), x + 0.5, y - 0.12, top, -8)
    room.add(things.pencil_cup(rng), x + 0.42, y + 0.2, top)
    room.add(things.mug("red_glaze"), x - 0.58, y - 0.16, top, 150)
    room.add(things.desk_lamp(), x + 0.66, y + 0.18, top, 20)
    room.add(things.book_stack(rng, 5), x - 0.6, y + 0.16, top, 10)
    room.add(furniture.office_chair(), x - 0.1, y - 0.85, yaw=152)
    room.add(things.waste_bin(), x - 1.0, y + 0.05)
    board = fittings.framed(1.2, 0.8, "whiteboard", "steel", mount=0.0)
    room.on_wall("far", board, x + 0.05, 1.28)
    room.on_wall("far", fittings.clock(), 3.2, 1.95)
    room.on_wall("far", fittings.framed(0.4, 0.52, "lake", "black_paint", mount=0.03), 0.85, 1.4)


def _storage(room: Room, rng: np.random.Generator) -> None:
    for at, seed in ((3.15, 1), (2.2, 2)):
        own = np.random.default_rng(seed)
        room.add(furniture.shelf_case(0.92, 1.95, 0.3, "ash", shelves=5), 0.17, at, yaw=90)
        for k in range(5):
            z = furniture.shelf_height(1.95, 5, k)
            start = float(own.choice([-0.42, -0.42, -0.1]))
            width = float(own.uniform(0.5, 0.84)) if start < -0.3 else 0.5
            row = things.book_row(own, width, tall=0.3 if k < 2 else 0.25, full=0.9)
            room.add([(n, p.at(start, -0.12)) for n, p in row], 0.17, at, z, 90)
            if start > -0.3:
                room.add(things.carton(0.24, 0.22, 0.18), 0.17, at - 0.27, z, 90)
    room.add(things.carton(0.42, 0.32, 0.3), 0.2, 2.25, 1.95, 80)
    room.add(things.plant(rng, 0.42, leaves=28, pot="white_glaze"), 0.2, 3.15, 1.95)
    files = furniture.cabinet(0.46, 0.58, 1.02, "grey_plastic", columns=1, rows=3, plinth=0.04)
    room.add(files, 3.2, room.depth - 0.31)
    room.add(things.plant(rng, 0.55, leaves=34), 3.2, room.depth - 0.3, 1.02)
    room.add(things.carton(0.52, 0.4, 0.38), 3.5, 1.75, yaw=84)
    room.add(things.carton(0.4, 0.34, 0.26), 3.5, 1.72, 0.38, 98)
    room.add(things.carton(0.36, 0.36, 0.3), 3.05, 2.05, yaw=22)
    room.add([("teal_paint", block((0.34, 0.3, 0.42), radius=0.02))], 0.4, 1.35, yaw=80)
    room.add(things.book_stack(rng, 4), 0.4, 1.35, 0.42, 80)
