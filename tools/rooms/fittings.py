"""What belongs to the building: walls, floors, windows, doors, curtains, radiators, lamps overhead.

A fitting of a wall lies in the x-z plane, its foot at the origin, and faces -y.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rooms.mesh import (
    F64,
    Part,
    Piece,
    ball,
    block,
    curve,
    cylinder,
    lathe,
    panel,
    place,
    sheet,
    tube,
)


class Opening(NamedTuple):
    """A hole in a wall: left edge, sill height, width and height, m."""

    x: float
    z: float
    width: float
    height: float


def wall(length: float, height: float, material: str, openings: Sequence[Opening] = ()) -> Piece:
    """Return a wall from x = 0 to length, with a skirting board, around its openings."""
    rectangles, skirts, x = [], [], 0.0
    for hole in sorted(openings):
        rectangles.append((x, 0.0, hole.x - x, height))
        rectangles.append((hole.x, 0.0, hole.width, hole.z))
        top = hole.z + hole.height
        rectangles.append((hole.x, top, hole.width, height - top))
        if hole.z == 0:
            skirts.append((x, hole.x))
            x = hole.x + hole.width
        else:
            skirts.append((x, hole.x + hole.width))
            x = hole.x + hole.width
    rectangles.append((x, 0.0, length - x, height))
    skirts.append((x, length))
    piece: Piece = []
    for left, foot, width, tall in rectangles:
        if width > 0 and tall > 0:
            part = panel(width, tall, whole=False).at(left, 0, foot)
            piece.append((material, part.shifted_uv(left, foot)))
    for left, right in skirts:
        if right > left:
            board = block((right - left, 0.018, 0.09), radius=0.006)
            piece.append(("white_paint", board.at((left + right) / 2, -0.009)))
    return piece


def floor(width: float, depth: float, material: str) -> Piece:
    """Return the floor from the origin to (width, depth); its texture's u runs along y."""
    part = panel(depth, width, whole=False).turned("x", -90).turned("z", 90)
    return [(material, part.at(width, 0))]


def ceiling(width: float, depth: float, height: float, material: str = "ceiling") -> Piece:
    """Return the ceiling and a cornice along the far wall."""
    part = panel(width, depth, whole=False).turned("x", 90)
    return [(material, part.at(0, depth, height))]


def window(hole: Opening, *, sashes: int = 2) -> Piece:
    """Return a window in its opening: reveal, sill, frame with sashes, and the view outside."""
    w, h, x, z = hole.width, hole.height, hole.x, hole.z
    piece: Piece = [("view", panel(w, h).at(x, 0.17, z))]
    for left in (x - 0.01, x + w + 0.01):
        piece.append(("white_paint", block((0.02, 0.2, h + 0.04)).at(left, 0.1, z - 0.02)))
    piece.append(("white_paint", block((w, 0.2, 0.02)).at(x + w / 2, 0.1, z + h)))
    piece.append(
        ("white_paint", block((w + 0.16, 0.32, 0.03), radius=0.008).at(x + w / 2, 0.04, z - 0.03))
    )
    bar, y = 0.05, 0.12
    for k in range(sashes):
        left, width = x + k * w / sashes, w / sashes
        for at in (left + bar / 2, left + width - bar / 2):
            piece.append(("white_paint", block((bar, 0.06, h), radius=0.008).at(at, y, z)))
        for at in (z, z + h - bar):
            part = block((width, 0.06, bar), radius=0.008)
            piece.append(("white_paint", part.at(left + width / 2, y, at)))
    piece.append(("brass", block((0.02, 0.03, 0.11)).at(x + w / 2 + bar / 2, y - 0.045, z + h / 2)))
    return piece


def curtains(hole: Opening, material: str, *, width: float = 0.55, foot: float = 0.03) -> Piece:
    """Return a rod with a drawn-back curtain on either side of the opening."""
    top, reach, out = hole.z + hole.height + 0.14, 0.30, -0.19
    piece: Piece = []
    rod = [[hole.x - reach - 0.1, out, top], [hole.x + hole.width + reach + 0.1, out, top]]
    piece.append(("brass", tube(rod, 0.012)))
    for end in rod:
        piece.append(("brass", ball(0.025).at(end[0], end[1], top - 0.025)))
    for side, middle in ((0, hole.x - 0.06), (1, hole.x + hole.width + 0.06)):

        def drape(u: F64, v: F64, side: int = side, middle: float = middle) -> tuple[F64, F64, F64]:
            spread = width * (1 - 0.18 * np.sin(np.pi * np.clip(v * 1.1, 0, 1)) ** 2)
            x = middle + (u - 0.5) * spread + 0.01 * np.sin(9 * v + 4 * side)
            swing = np.sin(2 * np.pi * (7 * u + 0.12 * np.sin(5 * u + 3 * v + side)))
            depth = 0.045 * (0.55 + 0.45 * v) * swing + 0.012 * np.sin(14 * u + 6 * v)
            return x, out + depth, top - 0.02 - v * (top - 0.02 - foot)

        piece.append((material, sheet(drape, 40, 160)))
    return piece


def blinds(hole: Opening, *, lowered: float = 0.5, tilt: float = 28.0) -> Piece:
    """Return a venetian blind that covers the upper part of the opening."""
    piece: Piece = []
    w, top = hole.width - 0.03, hole.z + hole.height
    count = int(lowered * hole.height / 0.042)
    for k in range(count):
        slat = block((w, 0.046, 0.003), radius=0.001, rounds=1).turned("x", tilt)
        piece.append(
            ("white_plastic", slat.at(hole.x + hole.width / 2, 0.04, top - 0.06 - 0.042 * k))
        )
    for x in (hole.x + 0.12, hole.x + hole.width - 0.12):
        line = [[x, 0.04, top - 0.02], [x, 0.04, top - 0.06 - 0.042 * count]]
        piece.append(("white_plastic", tube(line, 0.002, facets=6)))
    rail = block((w, 0.05, 0.04), radius=0.006)
    piece.append(("white_plastic", rail.at(hole.x + hole.width / 2, 0.04, top - 0.04)))
    return piece


def radiator(width: float, height: float = 0.5) -> Piece:
    """Return a column radiator on the wall, its middle at x = 0."""
    piece: Piece = []
    for x in np.arange(-width / 2, width / 2, 0.06):
        column = block((0.052, 0.09, height), radius=0.022, rounds=3)
        piece.append(("white_paint", column.at(float(x) + 0.03, -0.09, 0.12)))
    pipe = [
        [width / 2, -0.09, 0.18],
        [width / 2 + 0.06, -0.09, 0.17],
        [width / 2 + 0.07, -0.09, 0.0],
    ]
    piece.append(("white_paint", tube(curve(pipe), 0.01)))
    return piece


def door(
    x: float, width: float = 0.86, height: float = 2.03, material: str = "white_paint"
) -> Piece:
    """Return a closed door with two panels, its casing and its handle; x is its left edge."""
    piece: Piece = [(material, block((width, 0.04, height), grain="z").at(x + width / 2, 0.02))]
    for foot, tall in ((0.16, 0.72), (1.02, 0.86)):
        for at, size in (
            ((x + 0.14, foot), (0.025, tall)),
            ((x + width - 0.14, foot), (0.025, tall)),
            ((x + width / 2, foot), (width - 0.28, 0.025)),
            ((x + width / 2, foot + tall), (width - 0.28, 0.025)),
        ):
            bead = block((size[0], 0.02, size[1]), radius=0.009, grain="z")
            piece.append((material, bead.at(at[0], -0.002, at[1])))
    for edge in (x - 0.04, x + width + 0.04):
        casing = block((0.08, 0.03, height + 0.08), radius=0.008, grain="z")
        piece.append((material, casing.at(edge, -0.012)))
    casing = block((width + 0.16, 0.03, 0.08), radius=0.008)
    piece.append((material, casing.at(x + width / 2, -0.012, height)))
    grip = [[0.0, 0, 0], [0, -0.055, 0], [0.02, -0.06, 0], [0.12, -0.06, 0]]
    handle = tube(curve(grip), 0.009)
    piece.append(("steel", handle.at(x + 0.07, 0, 1.0)))
    piece.append(("steel", block((0.04, 0.012, 0.2), radius=0.005).at(x + 0.07, -0.004, 0.9)))
    return piece


def switch() -> Piece:
    """Return a light switch."""
    plate = block((0.08, 0.012, 0.08), radius=0.005).at(0, -0.006)
    return [
        ("white_plastic", plate),
        ("white_plastic", block((0.045, 0.012, 0.05), radius=0.004).at(0, -0.012, 0.015)),
    ]


def framed(width: float, height: float, art: str, frame: str, *, mount: float = 0.05) -> Piece:
    """Return a framed picture, its middle at x = 0 and its lower edge at z = 0."""
    bar = 0.03
    piece: Piece = [
        ("paper", panel(width, height).at(-width / 2, -0.012)),
        (art, panel(width - 2 * (bar + mount), height - 2 * (bar + mount)).at(
            -width / 2 + bar + mount, -0.014, bar + mount)),
    ]  # fmt: skip
    for x in (-width / 2 + bar / 2, width / 2 - bar / 2):
        piece.append((frame, block((bar, 0.03, height), radius=0.006, grain="z").at(x, -0.015)))
    for z in (0.0, height - bar):
        piece.append((frame, block((width, 0.03, bar), radius=0.006).at(0, -0.015, z)))
    return piece


def clock() -> Piece:
    """Return a round wall clock, its middle at the origin."""
    rim = lathe([(0.125, 0.0), (0.145, 0.0), (0.15, 0.02), (0.14, 0.045), (0.125, 0.03)])
    disc = sheet(
        lambda u, v: (0.13 * v * np.cos(2 * np.pi * u), 0 * u, 0.13 * v * np.sin(2 * np.pi * u)),
        6,
        41,
    )
    uv = np.stack([disc.points[:, 0], disc.points[:, 2]], -1) / 0.26 + 0.5
    face = Part(disc.points, np.tile([0.0, -1.0, 0.0], (len(uv), 1)), uv, disc.faces)
    return [("dark_plastic", rim.turned("x", 90)), ("clock_face", face.at(0, -0.022))]


def pendant(drop: float, *, radius: float = 0.17) -> Piece:
    """Return a lamp on a cord, hung from z = 0: a shade with a bulb's globe in it."""
    bowl = [
        (0.03, 0.0),
        (0.05, -0.02),
        (radius * 0.6, -0.08),
        (radius, -0.2),
        (radius - 0.006, -0.2),
    ]
    inner = [(radius * 0.6 - 0.006, -0.085), (0.04, -0.03)]
    return [
        ("black_paint", tube([[0.0, 0, 0], [0, 0, -drop]], 0.004, facets=8)),
        ("black_paint", cylinder(0.05, 0.03).at(0, 0, -0.03)),
        ("teal_paint", lathe([*bowl, *inner]).at(0, 0, -drop)),
        ("bulb", ball(0.05).at(0, 0, -drop - 0.2)),
    ]


def ceiling_bowl() -> Piece:
    """Return a round glass ceiling light, hung from z = 0."""
    bowl = [(0.17, -0.02), (0.168, -0.05), (0.14, -0.08), (0.08, -0.1), (0.001, -0.105)]
    return [("globe", lathe(bowl[::-1])), ("brass", cylinder(0.18, 0.02).at(0, 0, -0.02))]


def strip_light(length: float = 1.2) -> Piece:
    """Return an office ceiling light, hung from z = 0, along x."""
    lit = panel(length - 0.06, 0.2).turned("x", 90).at(-length / 2 + 0.03, 0.1, -0.062)
    tray = place([("white_plastic", block((length, 0.26, 0.06), radius=0.01))], 0, 0, -0.06)
    return [("strip", lit), *tray]
