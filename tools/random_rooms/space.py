"""The empty room: its outline, what is taken of it, and where pieces fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from random_rooms.parts import F64, Item, Piece, Rng, placed, uniform


class Rect(NamedTuple):
    """A part of the floor that is taken up to a height, m."""

    x0: float
    y0: float
    x1: float
    y1: float
    high: float = 9.0

    def grown(self, by: float) -> Rect:
        """Return it with a margin."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by, self.high)

    def meets(self, other: Rect) -> bool:
        """Tell whether the two overlap."""
        gap = 1e-6
        return (
            self.x0 < other.x1 - gap
            and other.x0 < self.x1 - gap
            and self.y0 < other.y1 - gap
            and other.y0 < self.y1 - gap
        )


class Opening(NamedTuple):
    """A hole in a wall: from s0 to s1 along it, z0 to z1, and whether it is a door."""

    s0: float
    s1: float
    z0: float
    z1: float
    door: bool


@dataclass
class Wall:
    """A wall: it begins at start and runs along, the room on its left (inward).

    Attributes:
        start: its first corner, (x, y).
        along: unit vector.
        length: m.
        openings: its doors and windows.
        hung: what is taken of it: (s0, s1, z0, z1).

    """

    start: F64
    along: F64
    length: float
    openings: list[Opening] = field(default_factory=list)
    hung: list[tuple[float, float, float, float]] = field(default_factory=list)

    @property
    def inward(self) -> F64:
        """Return the unit vector into the room."""
        return np.array([-self.along[1], self.along[0]])

    @property
    def yaw(self) -> float:
        """Return the direction along the wall, degrees from +x."""
        return float(np.degrees(np.arctan2(self.along[1], self.along[0])))

    def rect(self, s0: float, s1: float, depth: float, high: float) -> Rect:
        """Return the floor before the wall from s0 to s1."""
        a = self.start + s0 * self.along
        b = self.start + s1 * self.along + depth * self.inward
        x, y = sorted((a[0], b[0])), sorted((a[1], b[1]))
        return Rect(float(x[0]), float(y[0]), float(x[1]), float(y[1]), high)


class Space:
    """A room that is being filled: a rectangle, perhaps less one corner.

    Attributes:
        width: along x from 0, m.
        depth: along y from 0, m.
        height: of the ceiling, m.
        notch: what is missing at the corner (width, depth), None for a rectangle.
        walls: around it.
        taken: floor that is taken.
        clear: floor before doors, kept free of furniture.
        items: everything in it.

    """

    def __init__(
        self, width: float, depth: float, height: float, notch: tuple[float, float] | None = None
    ) -> None:
        """Make an empty room without walls drawn."""
        self.width, self.depth, self.height = width, depth, height
        self.items: list[Item] = []
        self.taken: list[Rect] = []
        self.clear: list[Rect] = []
        corners = [(0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth)]
        self.notch: Rect | None = None
        if notch is not None:
            a, b = width - notch[0], depth - notch[1]
            corners = [(0.0, 0.0), (width, 0.0), (width, b), (a, b), (a, depth), (0.0, depth)]
            self.notch = Rect(a, b, width + 1, depth + 1)
        points = np.array(corners)
        self.walls = []
        for a_point, b_point in zip(points, np.roll(points, -1, 0), strict=True):
            length = float(np.linalg.norm(b_point - a_point))
            self.walls.append(Wall(a_point, (b_point - a_point) / length, length))

    def inside(self, rect: Rect) -> bool:
        """Tell whether a part of the floor is in the room."""
        gap = 1e-6
        if rect.x0 < -gap or rect.y0 < -gap:
            return False
        if rect.x1 > self.width + gap or rect.y1 > self.depth + gap:
            return False
        return self.notch is None or not rect.meets(self.notch)

    def free(self, rect: Rect, *, doors: bool = True) -> bool:
        """Tell whether a part of the floor is in the room and nothing stands there."""
        others = self.taken + (self.clear if doors else [])
        return self.inside(rect) and not any(rect.meets(other) for other in others)

    def stand(self, rng: Rng, piece: Piece, *, gap: float = 0.01, tries: int = 30) -> bool:
        """Stand a piece with its back to a wall where it fits, beside others when it can.

        Returns:
            Whether there was room.

        """
        width = piece.size[0]
        for _ in range(tries):
            wall = self.walls[int(rng.choice(len(self.walls), p=self._shares()))]
            if wall.length < width + 2 * gap:
                continue
            low, top = width / 2 + gap, wall.length - width / 2 - gap
            s = (uniform(rng, low, top), low, top)[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
            if self.stand_at(wall, s, piece):
                return True
        return False

    def stand_at(self, wall: Wall, s: float, piece: Piece) -> bool:
        """Stand a piece at a wall, its middle at s, if it fits there."""
        width, depth, high = piece.size
        s0, s1 = s - width / 2, s + width / 2
        rect = wall.rect(s0, s1, depth + 0.03, high)
        if s0 < 0 or s1 > wall.length or not self.free(rect):
            return False
        for hole in wall.openings:
            if s0 < hole.s1 and hole.s0 < s1 and (hole.door or high > hole.z0 + 0.1):
                return False
        foot = wall.start + s * wall.along + 0.012 * wall.inward
        self.items += placed(piece.items, (float(foot[0]), float(foot[1]), 0.0), wall.yaw)
        self.taken.append(rect)
        wall.hung.append((s0, s1, 0.0, high + 0.05))
        return True

    def set_free(self, rng: Rng, piece: Piece, *, margin: float = 0.3, tries: int = 25) -> bool:
        """Set a piece whose origin is in its middle somewhere on the free floor."""
        for _ in range(tries):
            quarter = bool(rng.random() < 0.5)
            w, d = (piece.size[1], piece.size[0]) if quarter else piece.size[:2]
            if w + 2 * margin > self.width or d + 2 * margin > self.depth:
                continue
            x = uniform(rng, w / 2 + margin, self.width - w / 2 - margin)
            y = uniform(rng, d / 2 + margin, self.depth - d / 2 - margin)
            rect = Rect(x - w / 2, y - d / 2, x + w / 2, y + d / 2, piece.size[2])
            if not self.free(rect.grown(margin * 0.5)):
                continue
            turn = (90.0 if quarter else 0.0) + (180.0 if rng.random() < 0.5 else 0.0)
            self.items += placed(piece.items, (x, y, 0.0), turn + float(rng.normal(0, 4)))
            self.taken.append(rect)
            return True
        return False

    def hang(self, rng: Rng, piece: Piece, z: tuple[float, float], tries: int = 20) -> bool:
        """Hang a piece on a wall, its lower edge between two heights."""
        width, _, high = piece.size
        for _ in range(tries):
            wall = self.walls[int(rng.choice(len(self.walls), p=self._shares()))]
            if wall.length < width + 0.1:
                continue
            s = uniform(rng, width / 2 + 0.05, wall.length - width / 2 - 0.05)
            z0 = uniform(rng, *z)
            if z0 + high > self.height - 0.05:
                continue
            s0, s1, z1 = s - width / 2, s + width / 2, z0 + high
            spots = wall.hung + [hole[:4] for hole in wall.openings]
            if any(s0 < b and a < s1 and z0 < d and c < z1 for a, b, c, d in spots):
                continue
            foot = wall.start + s * wall.along + 0.001 * wall.inward
            self.items += placed(piece.items, (float(foot[0]), float(foot[1]), z0), wall.yaw)
            wall.hung.append((s0, s1, z0, z1))
            return True
        return False

    def _shares(self) -> F64:
        lengths = np.array([wall.length for wall in self.walls])
        return np.asarray(lengths / lengths.sum())
