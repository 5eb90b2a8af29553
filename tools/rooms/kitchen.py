"""A kitchen: fitted cabinets along two walls, a window over the sink, a table with chairs."""

from __future__ import annotations

import numpy as np

from rooms import fittings, furniture, things
from rooms.mesh import Piece, block, panel, place
from rooms.scene import Room

WINDOW = fittings.Opening(1.55, 1.18, 1.15, 1.05)
BEHIND = fittings.Opening(1.2, 0.9, 1.4, 1.2)  # the window behind the camera
WALL = "yellow_wall"
TOP = 0.9  # the worktop, m


def kitchen() -> Room:
    """Return the room, furnished."""
    rng = np.random.default_rng(31)
    room = Room(
        name="kitchen",
        width=3.7,
        depth=4.4,
        height=2.5,
        exposure=1.45,
        eyes=[(0.8, 0.5, 1.48), (0.95, 0.57, 1.46), (1.15, 0.65, 1.45), (1.35, 0.75, 1.43)],
        targets=[(2.25, 3.8, 0.88), (2.15, 3.9, 0.9), (2.0, 3.9, 0.9), (1.8, 3.9, 0.88)],
    )
    _shell(room)
    _units(room, rng)
    _table(room, rng)
    return room


def _shell(room: Room) -> None:
    room.add(fittings.floor(room.width, room.depth, "stone_floor"))
    room.add(fittings.ceiling(room.width, room.depth, room.height))
    room.on_wall("far", fittings.wall(room.width, room.height, WALL, [WINDOW]))
    for side, length in (("left", room.depth), ("right", room.depth)):
        room.on_wall(side, fittings.wall(length, room.height, WALL))
    room.on_wall("near", fittings.wall(room.width, room.height, WALL, [BEHIND]))
    room.on_wall("near", fittings.window(BEHIND))
    room.on_wall("far", fittings.window(WINDOW))
    room.add(fittings.pendant(0.78), 1.05, 2.35, room.height)
    room.add(fittings.ceiling_bowl(), 2.3, 2.2, room.height)


def worktop(width: float, material: str = "worktop") -> Piece:
    """Return a worktop, 0.63 m deep, its upper face at TOP."""
    return [(material, block((width, 0.63, 0.038), radius=0.006).at(0, -0.315, TOP - 0.038))]


def splash(left: float, right: float, height: float = 0.52) -> Piece:
    """Return tiles on the wall above the worktop, from x = left to right."""
    part = panel(right - left, height, whole=False).at(left, -0.006, TOP)
    return [("splash_tiles", part.shifted_uv(left, 0))]


def _units(room: Room, rng: np.random.Generator) -> None:
    y, right = room.depth, room.width
    room.add(furniture.refrigerator(), 0.36, y - 0.36)
    for x, width, columns, rows in ((1.12, 0.8, 2, 1), (1.97, 0.9, 2, 1), (2.74, 0.64, 1, 4)):
        unit = furniture.cabinet(
            width, 0.58, TOP - 0.038, "cream_paint", columns=columns, rows=rows
        )
        room.add(unit, x, y - 0.3)
    room.on_wall("far", worktop(right - 0.72), (right + 0.72) / 2)
    sink = place([("steel", block((0.5, 0.38, 0.012), radius=0.005))], 2.0, y - 0.31, TOP - 0.006)
    basin = place([("grey_plastic", block((0.42, 0.3, 0.002)))], 2.0, y - 0.32, TOP + 0.005)
    room.add(sink + basin)
    room.add(things.tap(), 2.0, y - 0.1, TOP)
    upper = furniture.cabinet(0.66, 0.34, 0.72, "cream_paint", columns=2, plinth=0)
    room.add(upper, 1.06, y - 0.17, 1.5)
    room.add(
        furniture.cabinet(0.9, 0.34, 0.72, "cream_paint", columns=2, plinth=0), 3.25, y - 0.17, 1.5
    )

    room.add(furniture.cooker(), right - 0.31, 2.75, yaw=-90)
    for at, width, columns, rows in ((3.42, 0.72, 2, 1), (2.12, 0.64, 1, 3)):
        unit = furniture.cabinet(
            width, 0.58, TOP - 0.038, "cream_paint", columns=columns, rows=rows
        )
        room.add(unit, right - 0.3, at, yaw=-90)
    edge = WINDOW.x + WINDOW.width
    room.on_wall("far", splash(0.72, WINDOW.x) + splash(edge, right))
    room.on_wall("far", splash(WINDOW.x, edge, WINDOW.z - TOP - 0.02))
    room.on_wall("right", splash(0, y - 1.8))
    corner = block((0.08, 0.08, TOP - 0.12))
    room.add([("cream_paint", corner)], right - 0.6, y - 0.6, 0.08)
    room.on_wall("right", worktop(0.74), y - 3.43)
    room.on_wall("right", worktop(0.65), y - 2.12)
    hood = block((0.6, 0.46, 0.07), radius=0.01), block((0.26, 0.24, 0.85), radius=0.006)
    room.on_wall(
        "right",
        [("steel", hood[0].at(0, -0.24)), ("steel", hood[1].at(0, -0.13, 0.07))],
        y - 2.75,
        1.56,
    )
    upper = furniture.cabinet(0.64, 0.34, 0.72, "cream_paint", columns=2, plinth=0)
    room.add(upper, right - 0.17, 3.4, 1.5, -90)

    room.add(things.kettle(), 2.62, y - 0.3, TOP, 200)
    room.add(things.jar("white_glaze", 0.06, 0.17), 2.98, y - 0.16, TOP)
    room.add(things.jar("white_glaze", 0.055, 0.14), 3.12, y - 0.15, TOP)
    room.add(things.jar("white_glaze", 0.05, 0.11), 3.25, y - 0.15, TOP)
    room.add(things.bottle("green_glaze", 0.31), 3.5, y - 0.2, TOP)
    room.add(things.bottle("lemon", 0.27), 3.42, y - 0.12, TOP)
    room.add(things.plates(7), 1.06, y - 0.3, TOP)
    board = block((0.36, 0.02, 0.26), radius=0.008).turned("x", -14)
    room.add([("pine", board)], 1.38, y - 0.12, TOP)
    room.add(things.mug("red_glaze"), 1.5, y - 0.35, TOP, 200)
    pan = [("black_paint", part) for _, part in things.bowl("black_paint", 0.13)]
    room.add(pan, right - 0.36, 2.62, TOP + 0.01)
    room.add(things.plant(rng, 0.3, leaves=26), 2.46, y + 0.02, WINDOW.z)
    room.add(things.vase("blue_glaze", 0.16), 1.75, y + 0.0, WINDOW.z)
    room.on_wall("right", things.hanging_towel(0.34, 0.42), y - 2.75, 0.63)
    room.pieces[-1:] = [(n, p.at(-0.63)) for n, p in room.pieces[-1:]]


def _table(room: Room, rng: np.random.Generator) -> None:
    room.add(furniture.table(1.25, 0.8, 0.75, "pine"), 1.05, 2.35, yaw=90)
    for x, y, yaw in ((1.68, 2.1, -98), (1.62, 2.75, -84), (0.42, 2.3, 90)):
        room.add(furniture.chair("cherry"), x, y, yaw=yaw)
    room.add(things.fruit_bowl(rng), 1.0, 2.45, 0.75)
    room.add(things.mug("blue_glaze"), 1.22, 2.05, 0.75, 30)
    room.add(things.plates(1), 1.22, 2.72, 0.75)
    room.add(things.papers(rng, 2), 0.9, 2.0, 0.75, 70)
    room.on_wall("left", fittings.framed(0.5, 0.64, "botanical_2", "pine"), 2.0, 1.3)
    room.on_wall("left", fittings.framed(0.5, 0.64, "abstract_cool", "pine"), 2.75, 1.3)
    room.on_wall("far", fittings.clock(), 2.95, 2.0)
