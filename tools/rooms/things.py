"""Small things on tables, shelves and floors. A thing stands on z = 0 at the origin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from rooms.mesh import (
    F64,
    Piece,
    ball,
    block,
    curve,
    cylinder,
    join,
    lathe,
    panel,
    place,
    sheet,
    tube,
)


def book(rng: np.random.Generator, thick: float, tall: float, deep: float) -> Piece:
    """Return an upright book, its spine in the x-z plane facing -y, its left edge at x = 0."""
    k = int(rng.integers(16))
    cover = block((thick, deep, tall), radius=0.002, rounds=1)
    # The whole binding takes its colour from one spine of the print; the spine shows it in full.
    uv = np.tile([(k + 0.5) / 16, 0.5], (len(cover.uv), 1))
    piece: Piece = [("books", cover._replace(uv=uv).at(thick / 2, deep / 2))]
    spine = panel(thick, tall)
    uv = (spine.uv * [1, 1] + [k, 0]) / [16, 1]
    piece.append(("books", spine._replace(uv=uv).at(0, -0.0008)))
    piece.append(
        ("pages", block((thick - 0.006, deep - 0.006, 0.002)).at(thick / 2, deep / 2, tall))
    )
    return piece


def book_row(
    rng: np.random.Generator, width: float, *, tall: float = 0.24, full: float = 0.9
) -> Piece:
    """Return a row of books from x = 0, the last ones leaning, over `full` of the width."""
    piece: Piece = []
    x, height = 0.0, tall * rng.uniform(0.8, 1.0)
    while x < width * full:
        if rng.random() < 0.3:
            height = tall * rng.uniform(0.68, 1.0)
        thick = float(rng.uniform(0.014, 0.045))
        if x + thick > width:
            break
        deep = float(rng.uniform(0.13, 0.19))
        one = book(rng, thick, height * rng.uniform(0.97, 1.0), deep)
        piece += place(one, x, float(rng.uniform(0, 0.012)))
        x += thick + 0.0012
    if full < 0.95 and x + 0.1 < width:
        lean = book(rng, 0.028, tall * 0.86, 0.16)
        piece += [(name, part.turned("y", -15).at(x + 0.002)) for name, part in lean]
    return piece


def book_stack(rng: np.random.Generator, count: int) -> Piece:
    """Return books lying on each other."""
    piece: Piece = []
    z = 0.0
    for _ in range(count):
        thick = float(rng.uniform(0.018, 0.04))
        one = book(rng, thick, float(rng.uniform(0.22, 0.28)), float(rng.uniform(0.15, 0.19)))
        flat = [(name, part.turned("y", 90).at(-0.13, -0.08, thick)) for name, part in one]
        piece += place(flat, 0, 0, z, float(rng.uniform(-14, 14)))
        z += thick
    return piece


def mug(material: str) -> Piece:
    """Return a mug with its handle along +x."""
    cup = [(0.001, 0.0), (0.036, 0.0), (0.04, 0.004), (0.041, 0.095), (0.037, 0.095), (0.036, 0.01)]
    ear = curve([[0.038, 0, 0.078], [0.066, 0, 0.07], [0.064, 0, 0.03], [0.038, 0, 0.022]])
    return [(material, lathe([*cup, (0.001, 0.008)])), (material, tube(ear, 0.006))]


def bowl(material: str, radius: float = 0.14) -> Piece:
    """Return an open bowl."""
    r = radius
    outer = [(0.001, 0.0), (r * 0.4, 0.0), (r * 0.45, 0.01), (r * 0.85, r * 0.32), (r, r * 0.55)]
    inner = [(r - 0.006, r * 0.55), (r * 0.8, r * 0.32), (r * 0.4, 0.02), (0.001, 0.016)]
    return [(material, lathe(outer + inner, facets=48))]


def fruit_bowl(rng: np.random.Generator) -> Piece:
    """Return a bowl with oranges, apples and a lemon."""
    piece = bowl("white_glaze", 0.15)
    kinds = ["orange", "apple", "orange", "apple", "lemon", "orange"]
    for k, kind in enumerate(kinds):
        a = 2 * np.pi * k / 5
        x, y, z = (0.07 * np.cos(a), 0.07 * np.sin(a), 0.03) if k < 5 else (0.0, 0.0, 0.075)
        piece.append((kind, ball(0.038, squash=float(rng.uniform(0.88, 1.0))).at(x, y, z)))
    return piece


def vase(material: str, height: float = 0.28) -> Piece:
    """Return a bellied vase."""
    shape = curve(
        [[0.05, 0, 0], [0.09, 0, 0.3], [0.085, 0, 0.55], [0.035, 0, 0.85], [0.048, 0, 1.0]], 20
    )
    line = [(0.001, 0.0), *[(float(p[0]), float(p[2]) * height) for p in shape]]
    return [(material, lathe([*line, (0.042, height), (0.03, height * 0.86)]))]


def _blade(
    length: float, width: float, droop: float, fold: float
) -> Callable[[F64, F64], Sequence[ArrayLike]]:
    """Return the surface of a leaf that grows along +x: u along it, v across."""

    def surface(u: F64, v: F64) -> tuple[F64, F64, F64]:
        a = 2 * v - 1
        half = width / 2 * np.sin(np.pi * np.clip(u, 0.0, 1) ** 0.75) ** 0.85 + 0.0015
        bend = droop * u
        x = length * np.sin(bend) / max(droop, 1e-3)
        z = -length * (1 - np.cos(bend)) / max(droop, 1e-3)
        return x, a * half, z + fold * np.abs(a) * half

    return surface


def plant(
    rng: np.random.Generator, height: float, *, leaves: int = 46, pot: str = "terracotta"
) -> Piece:
    """Return a leafy plant in a pot; height includes the pot."""
    r, tall = 0.11 + 0.06 * height, 0.14 + 0.12 * height
    rim = [(r * 0.72, 0.0), (r, tall - 0.03), (r * 1.07, tall - 0.03), (r * 1.07, tall)]
    piece: Piece = [(pot, lathe([(0.001, 0), *rim, (r * 0.97, tall), (r * 0.93, tall - 0.03)]))]
    piece.append(("soil", cylinder(r * 0.95, 0.01).at(z=tall - 0.04)))
    stems = []
    for _ in range(5):
        a, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.22) * height
        top = np.array(
            [np.cos(a) * lean, np.sin(a) * lean, tall + (height - tall) * rng.uniform(0.6, 0.95)]
        )
        foot = np.array([np.cos(a) * 0.02, np.sin(a) * 0.02, tall - 0.04])
        stems.append(curve([foot, (foot + top) / 2 + [0, 0, 0.05], top], 20))
        piece.append(("stem", tube(stems[-1], np.linspace(0.009, 0.004, 20), facets=8)))
    blades = []
    for k in range(leaves):
        stem = stems[k % len(stems)]
        at = stem[int(rng.integers(6, 20))]
        length = float(rng.uniform(0.14, 0.24)) * (0.6 + 0.5 * height)
        one = sheet(_blade(length, length * 0.5, rng.uniform(0.5, 1.4), 0.25), 7, 13)
        one = one._replace(uv=one.uv / np.maximum(one.uv.max(0), 1e-6))
        one = one.turned("x", rng.normal(0, 20)).turned("y", -rng.uniform(0, 55))
        blades.append(one.turned("z", rng.uniform(0, 360)).at(*at))
    piece.append(("leaf", join(blades)))
    return piece


def palm(rng: np.random.Generator, height: float, pot: str = "white_glaze") -> Piece:
    """Return a plant of long arching blades in a pot."""
    piece: Piece = [(pot, lathe([(0.001, 0), (0.12, 0), (0.16, 0.3), (0.15, 0.3), (0.14, 0.25)]))]
    piece.append(("soil", cylinder(0.143, 0.01).at(z=0.25)))
    blades = []
    for _ in range(34):
        length = height * rng.uniform(0.6, 1.05)
        one = sheet(_blade(length, 0.055, rng.uniform(0.6, 1.7), 0.5), 5, 21)
        one = one._replace(uv=one.uv / np.maximum(one.uv.max(0), 1e-6))
        one = one.turned("y", -rng.uniform(45, 82)).turned("z", rng.uniform(0, 360))
        blades.append(one.at(0, 0, 0.26))
    piece.append(("palm", join(blades)))
    return piece


def carton(width: float, depth: float, height: float) -> Piece:
    """Return a closed cardboard box with tape."""
    return [
        ("card", block((width, depth, height), radius=0.004)),
        ("tape", block((width + 0.002, 0.055, 0.002), radius=0.0005).at(z=height - 0.001)),
        ("tape", block((0.002, 0.055, 0.09), radius=0.0005).at(width / 2, 0, height - 0.09)),
    ]


def monitor() -> Piece:
    """Return a computer monitor that is switched on, facing -y."""
    return [
        ("dark_plastic", block((0.6, 0.03, 0.36), radius=0.008).at(0, 0.02, 0.1)),
        ("screen", panel(0.58, 0.335).at(-0.29, 0.004, 0.115)),
        ("dark_plastic", block((0.05, 0.03, 0.2), radius=0.01).at(0, 0.05, 0.01)),
        ("dark_plastic", block((0.24, 0.18, 0.012), radius=0.005).at(0, 0.05)),
    ]


def keyboard() -> Piece:
    """Return a keyboard and a mouse on its right."""
    piece: Piece = [("dark_plastic", block((0.44, 0.14, 0.016), radius=0.006))]
    keys = [
        block((0.024, 0.02, 0.008), radius=0.003, rounds=1).at(
            -0.2 + 0.0268 * c, -0.052 + 0.026 * r, 0.016
        )
        for r in range(5)
        for c in range(16)
    ]
    piece.append(("grey_plastic", join(keys)))
    piece.append(("dark_plastic", ball(0.05, squash=0.38).at(0.34)))
    return piece


def desk_lamp() -> Piece:
    """Return a jointed desk lamp that shines down, its head along -x."""
    arm = [[0, 0, 0.02], [0.06, 0, 0.24], [-0.02, 0, 0.42], [-0.2, 0, 0.42]]
    piece: Piece = [("black_paint", cylinder(0.09, 0.02))]
    for a, b in pairwise(arm):
        piece.append(("black_paint", tube([a, b], 0.009)))
    hood = lathe([(0.03, 0.07), (0.045, 0.05), (0.085, -0.03), (0.08, -0.03), (0.04, 0.045)])
    piece.append(("red_glaze", hood.at(-0.22, 0, 0.39)))
    piece.append(("bulb", ball(0.03).at(-0.22, 0, 0.375)))
    return piece


def pencil_cup(rng: np.random.Generator) -> Piece:
    """Return a cup of pencils."""
    cup = [(0.001, 0), (0.038, 0), (0.038, 0.1), (0.034, 0.1), (0.034, 0.01), (0.001, 0.01)]
    piece: Piece = [("blue_glaze", lathe(cup))]
    for material in ("lemon", "apple", "dark_plastic", "pine", "teal_paint"):
        a = rng.uniform(0, 2 * np.pi)
        way = np.array([np.cos(a), np.sin(a)])
        line = [[*(-way * 0.015), 0.012], [*(way * 0.036), float(rng.uniform(0.15, 0.18))]]
        piece.append((material, tube(line, 0.0038, facets=8)))
    return piece


def papers(rng: np.random.Generator, count: int = 4) -> Piece:
    """Return loose sheets of A4 on top of each other."""
    piece: Piece = []
    for k in range(count):
        one = panel(0.21, 0.297).at(-0.105, 0, -0.148).turned("x", -90)
        x, y, yaw = rng.normal(0, [0.015, 0.015, 9])
        piece += place([("letter", one)], float(x), float(y), 0.002 + 0.001 * k, float(yaw))
    return piece


def waste_bin() -> Piece:
    """Return a waste-paper bin."""
    side = [(0.001, 0), (0.11, 0), (0.14, 0.3), (0.145, 0.305), (0.136, 0.3), (0.106, 0.01)]
    return [("dark_plastic", lathe(side)), ("paper", ball(0.06).at(0.02, 0.03, 0.2))]


def kettle() -> Piece:
    """Return an electric kettle."""
    body = curve([[0.075, 0, 0], [0.082, 0, 0.04], [0.07, 0, 0.15], [0.052, 0, 0.2]], 14)
    line = [(0.001, 0.0), *[(float(p[0]), float(p[2])) for p in body], (0.03, 0.215), (0.001, 0.22)]
    grip = curve([[0.05, 0, 0.2], [0.11, 0, 0.21], [0.125, 0, 0.12], [0.085, 0, 0.05]])
    spout = [[-0.06, 0, 0.13], [-0.085, 0, 0.165], [-0.098, 0, 0.185]]
    return [
        ("chrome", lathe(line, facets=48)),
        ("dark_plastic", tube(grip, 0.011)),
        ("chrome", tube(spout, [0.03, 0.02, 0.014])),
        ("dark_plastic", ball(0.014).at(0, 0, 0.215)),
        ("dark_plastic", cylinder(0.085, 0.014)),
    ]


def jar(material: str, radius: float, height: float, lid: str = "pine") -> Piece:
    """Return a storage jar with a lid."""
    return [
        (material, cylinder(radius, height, bevel=0.008)),
        (lid, cylinder(radius * 0.96, 0.022, bevel=0.005).at(z=height)),
    ]


def bottle(material: str, height: float = 0.3) -> Piece:
    """Return a bottle."""
    h = height
    line = [
        (0.001, 0),
        (0.036, 0.002),
        (0.037, h * 0.58),
        (0.03, h * 0.68),
        (0.014, h * 0.78),
        (0.014, h),
    ]
    return [(material, lathe([*line, (0.001, h)]))]


def plates(count: int) -> Piece:
    """Return a stack of plates."""
    plate = [(0.001, 0), (0.07, 0), (0.12, 0.018), (0.119, 0.021), (0.07, 0.005), (0.001, 0.005)]
    return [("white_glaze", join([lathe(plate, facets=48).at(z=0.009 * k) for k in range(count)]))]


def tap() -> Piece:
    """Return a kitchen tap whose spout reaches along -y."""
    arc = curve(
        [[0, 0, 0.02], [0, 0, 0.26], [0, -0.06, 0.34], [0, -0.15, 0.31], [0, -0.17, 0.22]], 30
    )
    lever = [[0.02, 0, 0.06], [0.09, 0, 0.09]]
    return [
        ("chrome", tube(arc, 0.012)),
        ("chrome", cylinder(0.026, 0.08)),
        ("chrome", tube(lever, 0.007)),
    ]


def hanging_towel(width: float = 0.4, drop: float = 0.55) -> Piece:
    """Return a towel that hangs in the x-z plane from z = 0, in front of y = 0."""

    def surface(u: F64, v: F64) -> tuple[F64, F64, F64]:
        fold = 0.014 * np.sin(2 * np.pi * 2.5 * u + 0.8 * v) * (0.3 + v)
        return (u - 0.5) * width * (1 - 0.06 * v), -0.03 + fold, -v * drop

    return [("towel", sheet(surface, 20, 50))]


def flat_rug(width: float, depth: float) -> Piece:
    """Return a rug, its pattern's length along x."""
    face = panel(width, depth).turned("x", -90).at(-width / 2, -depth / 2, 0.009)
    return [("rug", face), ("linen", block((width - 0.004, depth - 0.004, 0.008)))]
