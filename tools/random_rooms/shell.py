"""Floor, walls, ceiling, doors, windows and the lamps on the ceiling."""

from __future__ import annotations

import numpy as np

from random_rooms import looks
from random_rooms.lamps import Lamp, Lighting
from random_rooms.parts import Look, Piece, Rng, chance, placed, uniform
from random_rooms.space import Opening, Space, Wall

THICK = 0.12  # of walls, m


def cut_openings(rng: Rng, space: Space, *, windows: int) -> None:
    """Choose where doors (0.75-0.95 x 2.0-2.1 m) and windows are."""
    for _ in range(1 if chance(rng, 0.7) else 2):
        _cut(rng, space, uniform(rng, 0.75, 0.95), (0.0, uniform(rng, 2.0, 2.1)), door=True)
    for _ in range(windows):
        z0 = uniform(rng, 0.75, 1.15)
        z1 = min(space.height - 0.15, z0 + uniform(rng, 0.8, 1.4))
        _cut(rng, space, uniform(rng, 0.7, 2.0), (z0, z1), door=False)


def _cut(rng: Rng, space: Space, width: float, z: tuple[float, float], *, door: bool) -> None:
    for _ in range(10):
        wall = space.walls[int(rng.integers(len(space.walls)))]
        if wall.length < width + 0.4:
            continue
        s0 = uniform(rng, 0.15, wall.length - width - 0.15)
        hole = Opening(s0, s0 + width, *z, door)
        if any(hole.s0 < other.s1 + 0.2 and other.s0 < hole.s1 + 0.2 for other in wall.openings):
            continue
        wall.openings.append(hole)
        if door:
            space.clear.append(wall.rect(hole.s0 - 0.05, hole.s1 + 0.05, 0.8, 9.0))
        return


def build(rng: Rng, space: Space, *, wet: bool, ceiling: str) -> Lighting:
    """Add the room's shell to its items and return its light."""
    floor, paint = looks.floor(rng, wet), looks.wall(rng, wet)
    w, d, h = space.width, space.depth, space.height
    shell = Piece(w, d, h)
    shell.box((w / 2, d / 2, -0.1), (w + 3, d + 3, 0.1), floor)
    top = looks.plain(rng, looks.colour(rng, (0, 0.1), (0.82, 0.97)))
    if ceiling == "panels":
        top = looks.tiles(rng, (0.6, 0.6))._replace(a=(0.88, 0.88, 0.86), b=(0.84, 0.84, 0.82))
    shell.box((w / 2, d / 2, h), (w + 3, d + 3, 0.1), top)
    space.items += shell.items
    trim = looks.plain(rng, looks.WHITE) if chance(rng, 0.7) else looks.wood(rng)
    skirting = uniform(rng, 0.05, 0.15) if chance(rng, 0.75) else 0.0
    accent = looks.wall(rng, wet) if chance(rng, 0.2) else paint
    day = chance(rng, 0.6)
    view = "outdoors" if day else "night"
    if chance(rng, 0.35):
        view = "blinds"
    glow = uniform(rng, 0.8, 5.0) if day else 0.1
    for k, wall in enumerate(space.walls):
        _wall(space, wall, accent if k == 1 else paint, trim, skirting)
        for hole in wall.openings:
            piece = _door(rng, hole, trim, h) if hole.door else _window(rng, hole, trim, view, glow)
            middle = wall.start + (hole.s0 + hole.s1) / 2 * wall.along
            space.items += placed(piece.items, (float(middle[0]), float(middle[1]), 0.0), wall.yaw)
    return _light(rng, space, ceiling, glow)


def _wall(space: Space, wall: Wall, paint: Look, trim: Look, skirting: float) -> None:
    out = Piece(wall.length, THICK, space.height)

    def slab(s0: float, s1: float, z0: float, z1: float) -> None:
        if s1 - s0 > 0.001 and z1 - z0 > 0.001:
            out.box(((s0 + s1) / 2, -THICK / 2, z0), (s1 - s0, THICK, z1 - z0), paint)
            if skirting and z0 == 0.0:
                out.box(((s0 + s1) / 2, 0.006, 0), (s1 - s0, 0.012, skirting), trim)

    at = 0.0
    for hole in sorted(wall.openings):
        slab(at, hole.s0, 0.0, space.height)
        slab(hole.s0, hole.s1, 0.0, hole.z0)
        slab(hole.s0, hole.s1, hole.z1, space.height)
        at = hole.s1
    slab(at, wall.length, 0.0, space.height)
    start = float(wall.start[0]), float(wall.start[1]), 0.0
    space.items += placed(out.items, start, wall.yaw)


def _rim(out: Piece, hole: Opening, trim: Look) -> None:
    w, h = hole.s1 - hole.s0, hole.z1 - hole.z0
    for side in (-1, 1):
        out.box((side * (w / 2 + 0.035), 0.005, hole.z0), (0.07, 0.03, h + 0.07), trim)
        out.box((side * (w / 2 - 0.01), -THICK / 2, hole.z0), (0.02, THICK, h), trim)
    out.box((0, 0.005, hole.z1), (w + 0.14, 0.03, 0.07), trim)
    out.box((0, -THICK / 2, hole.z1 - 0.02), (w, THICK, 0.02), trim)


def _door(rng: Rng, hole: Opening, trim: Look, ceiling: float) -> Piece:
    """Return a door: closed, open into the room, or open to a passage with a wall behind."""
    w, h = hole.s1 - hole.s0, hole.z1
    out = Piece(w, THICK, h)
    _rim(out, hole, trim)
    leaf = looks.wood(rng)
    face = looks.tinted(rng, "paned", leaf.b) if chance(rng, 0.6) else leaf
    knob = looks.metal(rng)
    pick = rng.random()
    if pick < 0.6:
        out.box((0, -0.06, 0), (w - 0.03, 0.04, h - 0.02), face)
        out.put("ball", (w / 2 - 0.1, -0.04, 0.98), (0.06, 0.07, 0.06), knob)
        return out
    far = uniform(rng, 0.9, 3.0)
    behind = looks.wall(rng, wet=False)
    out.box((0, -THICK - far, 0), (5.0, 0.05, ceiling), behind)
    for side in (-1, 1):
        out.box(
            (side * uniform(rng, w / 2 + 0.05, 2.2), -THICK - far / 2, 0),
            (0.05, far, ceiling),
            behind,
        )
    if pick < 0.8:
        turn = uniform(rng, 70, 110)
        a = np.radians(turn)
        x, y = -w / 2 + np.cos(a) * w / 2, np.sin(a) * w / 2
        out.box((float(x), float(y), 0.01), (w - 0.02, 0.04, h - 0.02), face, yaw=turn)
    return out


def _window(rng: Rng, hole: Opening, trim: Look, view: str, glow: float) -> Piece:
    """Return a window whose view is drawn on its pane, often with curtains."""
    w, h = hole.s1 - hole.s0, hole.z1 - hole.z0
    out = Piece(w, THICK, hole.z1)
    _rim(out, hole, trim)
    out.box((0, -0.09, hole.z0), (w, 0.02, h), looks.shown(rng, view, glow=glow))
    for k in range(1, int(rng.integers(2, 4))):
        out.box((w * (k / 2 - 0.5), -0.07, hole.z0), (0.05, 0.04, h), trim)
    out.box((0, -0.07, hole.z0 + h * uniform(rng, 0.4, 0.6)), (w, 0.04, 0.045), trim)
    out.box((0, 0.03, hole.z0 - 0.03), (w + 0.16, 0.14, 0.03), trim)
    if chance(rng, 0.5):
        look = looks.cloth(rng, 0.5)
        top, low = hole.z1 + 0.1, 0.03 if chance(rng, 0.5) else hole.z0 - 0.15
        wide = uniform(rng, 0.2, 0.5) * w + 0.12
        for side in (-1, 1):
            at = (side * (w / 2 + 0.18 - wide / 2), 0.09, low)
            out.put("curtain", at, (wide, 0.1, top - low), look)
        out.put(
            "cylinder",
            (0, 0.09, top - (w + 0.5) / 2),
            (0.03, 0.03, w + 0.5),
            looks.metal(rng),
            roll=90,
        )
    return out


def _light(rng: Rng, space: Space, ceiling: str, glow: float) -> Lighting:
    warm = np.array([1.0, uniform(rng, 0.78, 1.0), uniform(rng, 0.55, 1.0)])
    cool = np.array([uniform(rng, 0.8, 1.0), 0.95, 1.0])
    w, d, h = space.width, space.depth, space.height
    on = uniform(rng, 1.0, 5.0) if chance(rng, 0.8) or glow < 0.5 else 0.05
    lamps = []
    spots = [(w * uniform(rng, 0.3, 0.7), d * uniform(rng, 0.3, 0.7))]
    if max(w, d) > 4.5:
        spots = [(w * a, d * b) for a, b in ((0.3, 0.25), (0.65, 0.75))]
    piece = Piece(w, d, h)
    for spot in spots:
        missing = space.notch and space.notch.x0 < spot[0] and space.notch.y0 < spot[1]
        x, y = (space.notch.x0 * 0.6, space.notch.y0 * 0.6) if space.notch and missing else spot
        look = looks.plain(rng, (1.0, 0.97, 0.9), glow=on * 1.5)
        if ceiling == "panels":
            piece.box((x, y, h - 0.01), (0.6, 1.2, 0.02), look)
        elif ceiling == "hanging":
            drop = uniform(rng, 0.4, 0.8)
            piece.put("cylinder", (x, y, h - drop), (0.015, 0.015, drop), looks.metal(rng))
            piece.put("cone", (x, y, h - drop - 0.1), (0.4, 0.4, 0.25), look)
        else:
            piece.put("ball", (x, y, h - 0.1), (0.35, 0.35, 0.16), look)
        low = 1.05 if ceiling == "hanging" else 0.14
        down = np.array([0.0, 0.0, -1.0])
        lamps.append(Lamp(np.array([x, y, h - low]), warm * on, down, 0.4))
    space.items += piece.items
    for wall in space.walls:
        for hole in wall.openings:
            if hole.door or glow < 0.5:
                continue
            middle = wall.start + (hole.s0 + hole.s1) / 2 * wall.along + 0.15 * wall.inward
            at = np.array([*middle, (hole.z0 + hole.z1) / 2 + 0.2])
            area = (hole.s1 - hole.s0) * (hole.z1 - hole.z0)
            beam = np.array([*wall.inward, -0.35])
            lamps.append(Lamp(at, cool * glow * area * 0.8, beam / np.linalg.norm(beam), 0.8))
    rng.shuffle(lamps)
    around = uniform(rng, 0.15, 0.7)
    above = around * (0.6 * warm + 0.4 * cool)
    below = above * uniform(rng, 0.4, 0.8)
    return Lighting(lamps, above, below, uniform(rng, 0.8, 1.5))
