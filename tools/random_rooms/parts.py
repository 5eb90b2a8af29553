"""What rooms are made of: unit shapes stretched to real sizes (metres, z up) and their looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Rng = np.random.Generator
Colour = tuple[float, float, float]  # sRGB, 0..1
Vec = tuple[float, float, float]

TILED, ON_FRONT, ON_TOP = 0, 1, 2  # how a texture lies on a shape


class Look(NamedTuple):
    """The surface of a part.

    Attributes:
        layer: of the texture bank.
        mode: TILED: the texture's red mixes colour a with b, its green mixes c in, its blue is
            brightness, and it repeats every `scale` metres. ON_FRONT, ON_TOP: a picture, shown
            once on the sides that face y or z; colour a tints it, the other sides have colour b.
        scale: size of a tile, m.
        a: first colour.
        b: second colour.
        c: third colour.
        gloss: strength of the highlights, 0..1.
        glow: light sent out, in multiples of the colour.

    """

    layer: int
    mode: int
    scale: float
    a: Colour
    b: Colour
    c: Colour
    gloss: float = 0.05
    glow: float = 0.0


class Item(NamedTuple):
    """One stretched unit shape: its name, its 3x4 map from the unit cube (±0.5), its look."""

    shape: str
    matrix: F64
    look: Look


class Top(NamedTuple):
    """A level surface that things can stand on: its rectangle and height, m."""

    x0: float
    x1: float
    y0: float
    y1: float
    z: float
    room: float = 0.5  # free height above it


def rotation(yaw: float = 0, pitch: float = 0, roll: float = 0) -> F64:
    """Return the 3x3 rotation by roll about y, then pitch about x, then yaw about z (degrees)."""
    cy, sy = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    cp, sp = np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
    cr, sr = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
    return np.asarray(about_z @ about_x @ about_y)


class Piece:
    """A piece of furniture: its back's middle at the origin, x along the wall, y into the room.

    Attributes:
        size: width along x, depth along y and height of the space it takes, m.
        items: its parts.
        tops: where things can stand.

    """

    def __init__(self, width: float, depth: float, height: float) -> None:
        """Begin a piece of a size without parts."""
        self.size: Vec = (width, depth, height)
        self.items: list[Item] = []
        self.tops: list[Top] = []

    def put(
        self,
        shape: str,
        foot: Vec,
        size: Vec,
        look: Look,
        *,
        yaw: float = 0,
        pitch: float = 0,
        roll: float = 0,
    ) -> None:
        """Add a shape of a size whose bottom's middle, before it is turned, stands at foot."""
        matrix = np.empty((3, 4))
        matrix[:, :3] = rotation(yaw, pitch, roll) * size
        matrix[:, 3] = foot[0], foot[1], foot[2] + size[2] / 2
        self.items.append(Item(shape, matrix, look))

    def box(self, foot: Vec, size: Vec, look: Look, *, yaw: float = 0, pitch: float = 0) -> None:
        """Add a box."""
        self.put("box", foot, size, look, yaw=yaw, pitch=pitch)

    def include(self, other: Piece, at: Vec, yaw: float = 0) -> None:
        """Add all parts of another piece, turned by yaw degrees and moved."""
        self.items.extend(placed(other.items, at, yaw))


def placed(items: list[Item], at: Vec, yaw: float) -> list[Item]:
    """Return items turned by yaw degrees about z and moved."""
    turn = rotation(yaw)
    out = []
    for item in items:
        matrix = turn @ item.matrix
        matrix[:, 3] += at
        out.append(item._replace(matrix=matrix))
    return out


def uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number between two."""
    return float(rng.uniform(low, high))


def chance(rng: Rng, share: float) -> bool:
    """Return True in a share of the cases."""
    return bool(rng.random() < share)
