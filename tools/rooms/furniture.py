"""Furniture. A piece faces -y and stands on z = 0, its middle at x = y = 0."""

from __future__ import annotations

import numpy as np

from rooms.mesh import (
    F64,
    Piece,
    block,
    curve,
    cushion,
    cylinder,
    lathe,
    panel,
    pillow,
    place,
    sheet,
    tube,
)


def legs(width: float, depth: float, height: float, side: float, material: str) -> Piece:
    """Return four square legs whose outer corners span width x depth."""
    return [
        (material, block((side, side, height), grain="z").at(
            a * (width - side) / 2, b * (depth - side) / 2).shifted_uv(0.2 * a, 0.11 * b))
        for a in (-1, 1) for b in (-1, 1)
    ]  # fmt: skip


def sofa(width: float, material: str, *, seats: int = 2, depth: float = 0.88) -> Piece:
    """Return a sofa (or, with one seat, an armchair) on short legs."""
    arm, back = 0.16, 0.22
    piece: Piece = legs(width - 0.1, depth - 0.1, 0.1, 0.05, "walnut")
    piece.append((material, block((width, depth, 0.2), radius=0.03).at(z=0.1)))
    for sign in (-1, 1):
        part = cushion((arm, depth, 0.32), radius=0.05, swell=0.012)
        piece.append(
            (material, part.at(sign * (width - arm) / 2, 0, 0.28).shifted_uv(0.1 * sign, 0))
        )
    part = cushion((width - 2 * arm, back, 0.48), radius=0.06, swell=0.015).turned("x", -6)
    piece.append((material, part.at(0, depth / 2 - back / 2 - 0.03, 0.28)))
    seat = (width - 2 * arm) / seats
    for k in range(seats):
        x = -(width / 2 - arm) + seat * (k + 0.5)
        part = cushion((seat - 0.012, depth - back + 0.02, 0.16), radius=0.05, swell=0.025)
        piece.append((material, part.at(x, -back / 2, 0.29).shifted_uv(0.13 * k, 0.07 * k)))
        part = cushion((seat - 0.02, 0.17, 0.42), radius=0.06, swell=0.03).turned("x", -14)
        piece.append(
            (material, part.at(x, depth / 2 - back - 0.10, 0.44).shifted_uv(0.17 * k, 0.3))
        )
    return piece


def throw_pillow(material: str, size: float = 0.44, lean: float = 62.0, yaw: float = 0.0) -> Piece:
    """Return a pillow that stands on its edge at the origin and leans back against +y."""
    part = pillow(size, size, 0.15).at(0, size / 2).turned("x", lean)
    return place([(material, part)], 0, 0, 0.015, yaw)


def blanket(material: str, width: float, drop: float, over: float) -> Piece:
    """Return a throw laid along x over an arm rest of thickness `over`, hanging on both sides."""

    def surface(u: F64, v: F64) -> tuple[F64, F64, F64]:
        s = u * (2 * drop + over) - drop
        x = np.clip(s, 0, over) - over / 2
        fall = np.maximum(np.maximum(-s, s - over), 0)
        fold = 0.008 * np.sin(19 * v + 2 * u) * np.clip(fall / 0.1, 0, 1)
        x = x + np.sign(x) * (0.014 + 0.02 * np.clip(fall / drop, 0, 1) + fold)
        round_off = 0.02 * np.exp(-fall / 0.02)
        return (
            x,
            (v - 0.5) * width * (1 + 0.04 * np.sin(3 * u)),
            0.004 * np.sin(17 * v) - fall + round_off,
        )

    return [(material, sheet(surface, 40, 60))]


def table(
    width: float, depth: float, height: float, material: str, *, shelf: bool = False
) -> Piece:
    """Return a table with an apron, and a lower shelf if asked."""
    piece: Piece = legs(width - 0.06, depth - 0.06, height - 0.03, 0.055, material)
    top = block((width, depth, 0.032), radius=0.008)
    piece.append((material, top.at(z=height - 0.032)))
    for sign in (-1, 1):
        rail = block((width - 0.16, 0.02, 0.07))
        piece.append((material, rail.at(0, sign * (depth / 2 - 0.06), height - 0.1)))
        rail = block((0.02, depth - 0.16, 0.07), grain="y")
        piece.append((material, rail.at(sign * (width / 2 - 0.06), 0, height - 0.1)))
    if shelf:
        board = block((width - 0.1, depth - 0.1, 0.02))
        piece.append((material, board.at(z=0.14).shifted_uv(0.1, 0.3)))
    return piece


def round_table(radius: float, height: float, material: str) -> Piece:
    """Return a small round table on three splayed legs."""
    piece: Piece = [
        (material, cylinder(radius, 0.028, bevel=0.008, facets=48).at(z=height - 0.028))
    ]
    for k in range(3):
        a = 2 * np.pi * k / 3 + 0.4
        way = np.array([np.cos(a), np.sin(a), 0])
        foot, head = way * radius * 0.92, way * radius * 0.5 + [0, 0, height - 0.02]
        piece.append((material, tube([foot, head], [0.012, 0.018])))
    return piece


def chair(material: str, seat: str | None = None) -> Piece:
    """Return a wooden dining chair with slats; a seat pad if a fabric is named."""
    width, depth, height = 0.44, 0.43, 0.45
    piece: Piece = []
    for sign in (-1, 1):
        front = block((0.035, 0.035, height - 0.02), grain="z")
        piece.append((material, front.at(sign * (width / 2 - 0.03), -depth / 2 + 0.03)))
        x = sign * (width / 2 - 0.03)
        post = [[x, depth / 2 - 0.02, 0], [x, depth / 2 - 0.03, height], [x, depth / 2 + 0.07, 0.9]]
        piece.append((material, tube(curve(post), 0.018)))
        rail = block((0.02, depth - 0.08, 0.03), grain="y")
        piece.append((material, rail.at(x, 0, 0.2)))
    rail = block((width - 0.08, 0.02, 0.05))
    piece.append((material, rail.at(0, -depth / 2 + 0.03, height - 0.08)))
    piece.append((material, block((width, depth, 0.025), radius=0.01).at(z=height - 0.025)))
    for z, lean in ((0.62, 0.015), (0.73, 0.035), (0.83, 0.055)):
        part = block((width - 0.07, 0.016, 0.06), radius=0.006).turned("x", -12)
        piece.append((material, part.at(0, depth / 2 + lean - 0.005, z)))
    if seat:
        part = cushion((width - 0.05, depth - 0.06, 0.04), radius=0.018, swell=0.01)
        piece.append((seat, part.at(z=height)))
    return piece


def cabinet(
    width: float,
    depth: float,
    height: float,
    material: str,
    *,
    columns: int = 2,
    rows: int = 1,
    plinth: float = 0.08,
    handle: str = "steel",
    knobs: bool = False,
) -> Piece:
    """Return a cabinet with columns x rows of doors or drawers."""
    body = block((width, depth - 0.02, height - plinth), grain="z")
    piece: Piece = [(material, body.at(0, 0.01, plinth))]
    if plinth:
        foot = block((width - 0.02, depth - 0.08, plinth))
        piece.append(("dark_plastic", foot.at(0, 0.03)))
    gap, wide, tall = 0.003, width / columns, (height - plinth) / rows
    for c in range(columns):
        for r in range(rows):
            x, z = -width / 2 + (c + 0.5) * wide, plinth + r * tall
            grain = "z" if tall > wide else "x"
            front = block((wide - 2 * gap, 0.02, tall - 2 * gap), grain=grain)
            piece.append(
                (material, front.at(x, -depth / 2 + 0.01, z + gap).shifted_uv(0.3 * c, 0.2 * r))
            )
            y = -depth / 2 - 0.022
            if knobs:
                part = lathe(
                    [(0.001, 0), (0.014, 0.004), (0.016, 0.012), (0.006, 0.02), (0.006, 0.03)]
                )
                piece.append((handle, part.turned("x", -90).at(x, y - 0.008, z + tall * 0.55)))
            elif tall > wide:
                side = wide / 2 - 0.05
                at = x + (side if c % 2 == 0 else -side)
                high = z + tall * (0.78 if z < 1 else 0.12)
                bar = [[at, y, high - 0.06], [at, y, high + 0.06]]
                piece.append((handle, tube(bar, 0.006)))
            else:
                bar = [[x - 0.08, y, z + tall * 0.72], [x + 0.08, y, z + tall * 0.72]]
                piece.append((handle, tube(bar, 0.006)))
    return piece


def shelf_case(
    width: float, height: float, depth: float, material: str, *, shelves: int = 5
) -> Piece:
    """Return an open bookcase; shelf k's upper face is at shelf_height(height, shelves, k)."""
    piece: Piece = []
    for sign in (-1, 1):
        side = block((0.024, depth, height), grain="z")
        piece.append((material, side.at(sign * (width - 0.024) / 2).shifted_uv(0, 0.2 * sign)))
    for k in range(shelves + 1):
        board = block((width - 0.048, depth - 0.01, 0.022))
        z = shelf_height(height, shelves, k) - 0.022
        piece.append((material, board.at(z=z).shifted_uv(0.31 * k, 0.17 * k)))
    back = panel(width - 0.04, height - 0.06, whole=False)
    piece.append((material, back.at(-width / 2 + 0.02, depth / 2 - 0.01, 0.05)))
    return piece


def shelf_height(height: float, shelves: int, k: int) -> float:
    """Return the height of shelf k's upper face (k = shelves: the top's)."""
    return 0.08 + k * (height - 0.08) / shelves


def television(width: float = 1.12) -> Piece:
    """Return a flat television on two feet."""
    height = width * 0.58
    piece: Piece = [("black_paint", block((width, 0.035, height), radius=0.008).at(0, 0.02, 0.06))]
    piece.append(
        ("black_glass", panel(width - 0.02, height - 0.035).at(-width / 2 + 0.01, 0.0005, 0.085))
    )
    for sign in (-1, 1):
        foot = [[sign * width * 0.32, -0.11, 0.006], [sign * width * 0.32, 0.02, 0.065]]
        piece.append(("black_paint", tube([*foot, [sign * width * 0.32, 0.14, 0.006]], 0.008)))
    return piece


def floor_lamp(height: float = 1.55) -> Piece:
    """Return a floor lamp with a cloth shade."""
    piece: Piece = [("black_paint", cylinder(0.14, 0.025, bevel=0.008))]
    piece.append(("black_paint", tube([[0, 0, 0.02], [0, 0, height - 0.1]], 0.011)))
    shade = [(0.21, height - 0.2), (0.15, height + 0.06)]
    piece.append(("shade", lathe(shade)))
    piece.append(("linen", lathe([(0.213, height - 0.205), (0.213, height - 0.19)])))
    return piece


def office_chair() -> Piece:
    """Return a swivel chair with arm rests."""
    piece: Piece = []
    for k in range(5):
        a = 2 * np.pi * k / 5 + 0.3
        way = np.array([np.cos(a), np.sin(a)])
        line = [[*(way * 0.03), 0.13], [*(way * 0.18), 0.105], [*(way * 0.31), 0.075]]
        piece.append(("dark_plastic", tube(curve(line, 10), [0.024] * 5 + [0.018] * 5)))
        wheel = cylinder(0.028, 0.04).at(z=-0.02).turned("x", 90).turned("z", np.degrees(a))
        piece.append(("dark_plastic", wheel.at(way[0] * 0.31, way[1] * 0.31, 0.03)))
    piece.append(("steel", cylinder(0.026, 0.3).at(z=0.1)))
    piece.append(("dark_plastic", block((0.24, 0.24, 0.05), radius=0.02).at(z=0.39)))
    seat = cushion((0.5, 0.48, 0.09), radius=0.04, swell=0.02)
    piece.append(("office_fabric", seat.at(z=0.43)))
    back = cushion((0.46, 0.08, 0.56), radius=0.035, swell=0.02).turned("x", -10)
    piece.append(("office_fabric", back.at(0, 0.24, 0.58)))
    spine = [[0, 0.1, 0.41], [0, 0.26, 0.42], [0, 0.33, 0.56], [0, 0.34, 0.8]]
    piece.append(("dark_plastic", tube(curve(spine), 0.022)))
    for sign in (-1, 1):
        arm = [[sign * 0.2, 0.05, 0.43], [sign * 0.31, 0.04, 0.45], [sign * 0.31, 0.04, 0.65]]
        piece.append(("dark_plastic", tube(curve(arm), 0.016)))
        piece.append(
            ("dark_plastic", block((0.07, 0.26, 0.03), radius=0.012).at(sign * 0.31, 0, 0.65))
        )
    return piece


def refrigerator(material: str = "steel") -> Piece:
    """Return a tall refrigerator with a freezer door below."""
    width, depth = 0.62, 0.64
    piece: Piece = [
        ("grey_plastic", block((width, depth - 0.06, 1.82), radius=0.006).at(0, 0.03, 0.03))
    ]
    for foot, tall in ((0.05, 0.66), (0.72, 1.13)):
        front = block((width, 0.055, tall), radius=0.012)
        piece.append((material, front.at(0, -depth / 2 + 0.0275, foot)))
        z = foot + tall - 0.42 if foot < 0.5 else foot + 0.1
        grip = [[-0.25, -0.33, z], [-0.25, -0.375, z + 0.02], [-0.25, -0.375, z + 0.3]]
        piece.append(("chrome", tube(curve([*grip, [-0.25, -0.33, z + 0.32]]), 0.01)))
    return piece


def cooker() -> Piece:
    """Return a built-in oven under a glass hob, 0.6 m wide, its top at 0.9 m."""
    piece: Piece = [("white_paint", block((0.6, 0.58, 0.88)).at(0, 0.01))]
    piece.append(("black_glass", block((0.592, 0.02, 0.48), radius=0.006).at(0, -0.29, 0.2)))
    piece.append(("steel", block((0.592, 0.022, 0.12), radius=0.006).at(0, -0.291, 0.69)))
    piece.append(("white_paint", block((0.592, 0.02, 0.11), radius=0.004).at(0, -0.29, 0.08)))
    piece.append(("chrome", tube([[-0.24, -0.335, 0.64], [0.24, -0.335, 0.64]], 0.009)))
    for k in range(5):
        knob = cylinder(0.019, 0.025).turned("x", 90)
        piece.append(("dark_plastic", knob.at(-0.2 + 0.1 * k, -0.302, 0.75)))
    piece.append(("black_glass", block((0.56, 0.5, 0.008), radius=0.003).at(0, 0, 0.902)))
    return piece


def desk(width: float, depth: float, material: str) -> Piece:
    """Return a desk with a drawer unit under its right side; its top is at 0.74 m."""
    piece: Piece = [(material, block((width, depth, 0.03), radius=0.006).at(z=0.71))]
    for x in (-width / 2 + 0.03, width / 2 - 0.5):
        frame = [[x, -depth / 2 + 0.08, 0], [x, -depth / 2 + 0.08, 0.7], [x, depth / 2 - 0.08, 0.7]]
        for a, b in ((frame[0], frame[1]), ([x, depth / 2 - 0.08, 0], frame[2])):
            piece.append(("black_paint", tube([a, b], 0.018)))
    unit = cabinet(0.42, depth - 0.1, 0.7, "white_paint", columns=1, rows=3, plinth=0.05)
    return piece + place(unit, width / 2 - 0.24, 0)
