"""A living room: sofa, low table, bookcase, television, a window on the garden."""

from __future__ import annotations

import numpy as np

from rooms import fittings, furniture, things
from rooms.scene import Room

WINDOW = fittings.Opening(1.45, 0.86, 1.7, 1.36)
BEHIND = fittings.Opening(1.2, 0.9, 2.0, 1.3)  # the window behind the camera
WALL = "cream_wall"


def living_room() -> Room:
    """Return the room, furnished."""
    rng = np.random.default_rng(20)
    room = Room(
        name="living",
        width=4.8,
        depth=5.4,
        height=2.6,
        exposure=1.8,
        eyes=[(3.4, 0.6, 1.46), (3.15, 0.8, 1.45), (2.9, 1.0, 1.44), (2.65, 1.2, 1.43)],
        targets=[(1.6, 3.9, 0.75), (1.8, 4.1, 0.77), (2.05, 4.2, 0.79), (2.4, 4.3, 0.8)],
    )
    _shell(room)
    _seating(room, rng)
    _storage(room, rng)
    return room


def _shell(room: Room) -> None:
    room.add(fittings.floor(room.width, room.depth, "oak_floor"))
    room.add(fittings.ceiling(room.width, room.depth, room.height))
    room.on_wall("far", fittings.wall(room.width, room.height, WALL, [WINDOW]))
    room.on_wall("left", fittings.wall(room.depth, room.height, WALL))
    room.on_wall("near", fittings.wall(room.width, room.height, WALL, [BEHIND]))
    room.on_wall("near", fittings.window(BEHIND))
    doorway = fittings.Opening(3.6, 0.0, 0.86, 2.03)
    room.on_wall("right", fittings.wall(room.depth, room.height, WALL, [doorway]))
    room.on_wall("right", fittings.door(3.6))
    room.on_wall("right", fittings.switch(), 3.42, 1.1)
    room.on_wall("far", fittings.window(WINDOW))
    room.on_wall("far", fittings.curtains(WINDOW, "curtain"))
    room.on_wall("far", fittings.radiator(1.2), WINDOW.x + WINDOW.width / 2)
    room.add(fittings.ceiling_bowl(), 2.4, 2.9, room.height)


def _seating(room: Room, rng: np.random.Generator) -> None:
    room.add(things.flat_rug(2.5, 1.75), 1.85, 3.1, yaw=90)
    room.add(furniture.sofa(2.1, "sofa_fabric"), 0.52, 3.1, yaw=90)
    room.add(furniture.throw_pillow("mustard", yaw=-12), 0.52, 3.7, 0.44, 90)
    room.add(furniture.throw_pillow("teal_fabric", 0.4, yaw=14), 0.5, 2.46, 0.44, 90)
    room.add(furniture.throw_pillow("linen", 0.42, lean=58, yaw=-16), 0.56, 2.72, 0.44, 90)
    room.add(furniture.blanket("throw", 0.5, 0.3, 0.18), 0.56, 4.07, 0.605, 90)
    room.add(furniture.table(1.15, 0.62, 0.42, "walnut", shelf=True), 1.85, 3.1, yaw=90)
    room.add(things.book_stack(rng, 3), 1.82, 3.36, 0.42, 70)
    room.add(things.bowl("green_glaze", 0.12), 1.92, 2.98, 0.42)
    room.add(things.mug("white_glaze"), 1.72, 2.76, 0.42, 140)
    room.add(things.book_stack(rng, 4), 1.86, 3.2, 0.16, 95)
    room.add(furniture.sofa(0.86, "armchair_fabric", seats=1, depth=0.84), 3.3, 4.35, yaw=-38)
    room.add(furniture.floor_lamp(1.58), 0.4, 4.72)
    room.add(furniture.round_table(0.23, 0.5, "oak"), 0.42, 1.7)
    room.add(things.plant(rng, 0.5, leaves=30, pot="white_glaze"), 0.42, 1.72, 0.5)
    room.on_wall("left", fittings.framed(0.86, 0.64, "landscape", "oak"), 2.75, 1.32)
    room.on_wall("left", fittings.framed(0.42, 0.54, "abstract_warm", "black_paint"), 3.62, 1.36)
    room.on_wall("far", fittings.framed(0.36, 0.48, "botanical", "walnut", mount=0.03), 0.72, 1.42)


def _storage(room: Room, rng: np.random.Generator) -> None:
    y = room.depth
    room.add(furniture.shelf_case(0.95, 2.0, 0.3, "oak", shelves=5), 4.28, y - 0.17)
    for k, (left, width, full) in enumerate(
        [
            (-0.44, 0.86, 0.62),
            (-0.44, 0.5, 0.97),
            (-0.1, 0.52, 0.8),
            (-0.44, 0.6, 0.9),
            (-0.44, 0.4, 0.97),
        ]
    ):
        z = furniture.shelf_height(2.0, 5, k)
        row = things.book_row(rng, width, tall=0.29 if k == 0 else 0.25, full=full)
        room.add(row, 4.28 + left, y - 0.29, z)
    room.add(things.vase("blue_glaze", 0.26), 4.55, y - 0.18, furniture.shelf_height(2.0, 5, 1))
    room.add(things.book_stack(rng, 4), 4.02, y - 0.18, furniture.shelf_height(2.0, 5, 2), 8)
    room.add(things.bowl("white_glaze", 0.1), 4.58, y - 0.18, furniture.shelf_height(2.0, 5, 3))
    room.add(
        things.jar("terracotta", 0.06, 0.13), 4.42, y - 0.18, furniture.shelf_height(2.0, 5, 4)
    )
    room.add(things.plant(rng, 0.36, leaves=22, pot="red_glaze"), 4.3, y - 0.2, 2.0)
    room.add(things.palm(rng, 0.95), 0.95, y - 0.34)
    stand = furniture.cabinet(1.6, 0.42, 0.5, "walnut", columns=3, handle="brass", knobs=True)
    room.add(stand, room.width - 0.24, 3.1, yaw=-90)
    room.add(furniture.television(), room.width - 0.2, 3.15, 0.5, -90)
    room.add(things.vase("terracotta", 0.22), room.width - 0.22, 3.84, 0.5)
    room.add(things.book_stack(rng, 2), room.width - 0.24, 2.42, 0.5, 60)
