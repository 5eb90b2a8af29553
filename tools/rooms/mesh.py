"""Triangle meshes of furniture parts, in metres, z up.

Texture coordinates are in metres too, so one texture fits parts of every size. Wood needs its
grain along the part: `grain` names the axis that the texture's u follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Part(NamedTuple):
    """One mesh: points N x 3 (m), unit normals N x 3, texture N x 2 (m), faces M x 3."""

    points: F64
    normals: F64
    uv: F64
    faces: I64

    def at(self, x: float = 0, y: float = 0, z: float = 0) -> Part:
        """Return the part moved by (x, y, z) metres."""
        return self._replace(points=self.points + np.array([x, y, z], float))

    def turned(self, axis: str, degrees: float) -> Part:
        """Return the part turned about the named axis through the origin."""
        rotation = rotation_about(axis, degrees)
        return self._replace(points=self.points @ rotation.T, normals=self.normals @ rotation.T)

    def shifted_uv(self, u: float, v: float) -> Part:
        """Return the part with its texture moved, so that two parts do not look the same."""
        return self._replace(uv=self.uv + np.array([u, v]))


Piece = list[tuple[str, Part]]  # parts of one piece of furniture, each with its material's name


def rotation_about(axis: str, degrees: float) -> F64:
    """Return the 3x3 rotation about "x", "y" or "z"."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    rotation = np.eye(3)
    rotation[i, i] = rotation[j, j] = c
    rotation[i, j], rotation[j, i] = -s, s
    return rotation


def place(piece: Piece, x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> Piece:
    """Return the piece turned by yaw degrees about z, then moved."""
    return [(name, part.turned("z", yaw).at(x, y, z)) for name, part in piece]


def join(parts: Sequence[Part]) -> Part:
    """Return all parts as one mesh."""
    offsets = np.cumsum([0] + [len(part.points) for part in parts[:-1]])
    return Part(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate([part.faces + k for part, k in zip(parts, offsets, strict=True)]),
    )


def _grid_faces(rows: int, columns: int) -> I64:
    """Return the triangles of a rows x columns grid of vertices."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = [np.stack([a, b, c], -1), np.stack([a, c, d], -1)]
    return np.concatenate([t.reshape(-1, 3) for t in triangles]).astype(np.int64)


def sheet(surface: Callable[[F64, F64], Sequence[ArrayLike]], rows: int, columns: int) -> Part:
    """Return the surface (u, v) -> (x, y, z) over the unit square; u runs along the columns.

    Texture coordinates are the arc lengths along u and v, averaged over the sheet.
    """
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    points = np.stack(np.broadcast_arrays(*[np.asarray(a, float) for a in surface(u, v)]), -1)
    along_u, along_v = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normals = np.cross(along_u, along_v)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12
    length_u = np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(1).mean()
    length_v = np.linalg.norm(np.diff(points, axis=0), axis=-1).sum(0).mean()
    uv = np.stack([u * length_u, v * length_v], -1)
    faces = _grid_faces(rows, columns)
    return Part(points.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces)


def block(
    size: tuple[float, float, float],
    *,
    radius: float = 0.004,
    rounds: int = 2,
    cells: int = 1,
    grain: str = "x",
) -> Part:
    """Return a box with rounded edges that stands on z = 0, centred in x and y.

    Args:
        size: edge lengths along x, y, z, m.
        radius: radius of the edges, m (no more than half the shortest edge).
        rounds: facets across a rounded edge.
        cells: pieces that each flat side is cut into, for parts that are bent later.
        grain: axis that the texture's u follows.

    """
    half = np.array(size, float) / 2
    radius = min(radius, float(half.min()) * 0.999)
    u_axis = "xyz".index(grain)
    parts = []
    for axis in range(3):
        i, j = [k for k in range(3) if k != axis]
        if j == u_axis:
            i, j = j, i
        steps = []
        for k in (i, j):
            flat = np.linspace(-half[k] + radius, half[k] - radius, cells + 1)
            edge = np.sin(np.linspace(0, np.pi / 4, rounds + 1)[1:]) / np.sin(np.pi / 4) * radius
            steps.append(np.concatenate([flat[0] - edge[::-1], flat, flat[-1] + edge]))
        b, a = np.meshgrid(steps[1], steps[0], indexing="ij")
        for sign in (-1.0, 1.0):
            cube = np.zeros((*a.shape, 3))
            cube[..., axis], cube[..., i], cube[..., j] = sign * half[axis], a, b
            inner = np.clip(cube, -half + radius, half - radius)
            normals = cube - inner
            normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
            points = inner + radius * normals
            uv = np.stack([a, b], -1) + half[[i, j]] + (1 + sign) * 0.37
            parts.append(
                Part(
                    points.reshape(-1, 3) + np.array([0.0, 0.0, half[2]]),
                    normals.reshape(-1, 3),
                    uv.reshape(-1, 2),
                    _grid_faces(*a.shape),
                )
            )
    return join(parts)


def bent(part: Part, bend: Callable[[F64], F64]) -> Part:
    """Return the part with its points mapped by `bend` and smooth normals worked out anew."""
    points = bend(part.points)
    corner = points[part.faces]
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area *= np.sign((area * part.normals[part.faces].sum(1)).sum(-1))[:, None]
    _, shared = np.unique(np.round(points, 5), axis=0, return_inverse=True)
    shared = shared.reshape(-1)
    total = np.zeros((int(shared.max()) + 1, 3))
    np.add.at(total, shared[part.faces.reshape(-1)], np.repeat(area, 3, axis=0))
    normals = total[shared]
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12
    return part._replace(points=points, normals=normals)


def cushion(size: tuple[float, float, float], *, radius: float, swell: float) -> Part:
    """Return a soft block whose top and sides swell by `swell` metres in their middles."""
    half = np.array(size, float) / 2

    def swollen(points: F64) -> F64:
        t = np.clip((points - [0, 0, half[2]]) / half, -1, 1)
        free = 1 - t**2
        push = np.stack(
            [free[:, 1] * free[:, 2], free[:, 0] * free[:, 2], free[:, 0] * free[:, 1]], -1
        )
        return np.asarray(points + np.sign(t) * np.abs(t) * push * swell)

    return bent(block(size, radius=radius, rounds=4, cells=8), swollen)


def pillow(width: float, height: float, thickness: float) -> Part:
    """Return a throw pillow lying on z = 0, its two sides meeting in a seam."""

    def side(sign: float) -> Callable[[F64, F64], Sequence[ArrayLike]]:
        def surface(u: F64, v: F64) -> Sequence[ArrayLike]:
            a, b = 2 * u - 1, 2 * v - 1
            rise = ((1 - np.abs(a) ** 2.6) * (1 - np.abs(b) ** 2.6)) ** 0.55
            waist = 1 - 0.10 * (1 - a**2) * b**4, 1 - 0.10 * (1 - b**2) * a**4
            x, y = a * width / 2 * waist[1], b * height / 2 * waist[0]
            return x, y, thickness / 2 * (1 + sign * rise)

        return surface

    return join([sheet(side(1.0), 25, 25), sheet(side(-1.0), 25, 25)])


def lathe(profile: Sequence[tuple[float, float]], *, facets: int = 32) -> Part:
    """Return the profile of (radius, z) points turned about z; corners above 50° stay sharp."""
    line = np.array(profile, float)
    step = np.diff(line, axis=0)
    outward = np.stack([step[:, 1], -step[:, 0]], -1)
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-12
    angle = np.linspace(0, 2 * np.pi, facets + 1)
    girth = 2 * np.pi * max(float(line[:, 0].max()), 1e-3)
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(step, axis=-1))])
    parts = []
    for k in range(len(step)):
        ends = []
        for end, other in ((0, k - 1), (1, k + 1)):
            normal = outward[k].copy()
            if 0 <= other < len(step) and outward[k] @ outward[other] > np.cos(np.radians(50)):
                normal = outward[k] + outward[other]
                normal /= np.linalg.norm(normal)
            radius, z = line[k + end]
            ring = np.stack(
                [radius * np.cos(angle), radius * np.sin(angle), np.full_like(angle, z)], -1
            )
            normals = np.stack(
                [
                    normal[0] * np.cos(angle),
                    normal[0] * np.sin(angle),
                    np.full_like(angle, normal[1]),
                ],
                -1,
            )
            uv = np.stack(
                [angle / (2 * np.pi) * girth, np.full_like(angle, travelled[k + end])], -1
            )
            ends.append((ring, normals, uv))
        points, normals, uv = (np.concatenate(pair) for pair in zip(*ends, strict=True))
        parts.append(Part(points, normals, uv, _grid_faces(2, facets + 1)))
    return join(parts)


def cylinder(radius: float, height: float, *, bevel: float = 0.003, facets: int = 32) -> Part:
    """Return a closed cylinder that stands on z = 0."""
    b = min(bevel, radius / 2, height / 2)
    profile = [(1e-4, 0.0), (radius - b, 0.0), (radius, b), (radius, height - b)]
    return lathe([*profile, (radius - b, height), (1e-4, height)], facets=facets)


def ball(radius: float, *, squash: float = 1.0) -> Part:
    """Return a sphere that rests on z = 0, its height scaled by squash."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 17)
    z = radius * squash * (1 + np.sin(angle))
    return lathe(list(zip(radius * np.cos(angle) + 1e-4, z, strict=True)))


def tube(path: ArrayLike, radius: ArrayLike, *, facets: int = 12) -> Part:
    """Return a round bar along a path of N x 3 points (m), with flat ends."""
    line = np.array(path, float)
    width = np.broadcast_to(np.asarray(radius, float), (len(line),))
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    side = np.cross(tangent[0], [0.0, 0.0, 1.0] if abs(tangent[0, 2]) < 0.9 else [1.0, 0.0, 0.0])
    angle = np.linspace(0, 2 * np.pi, facets + 1)
    rings, normals = [], []
    for point, along, r in zip(line, tangent, width, strict=True):
        side = side - along * (side @ along)
        side /= np.linalg.norm(side)
        normal = np.outer(np.cos(angle), side) + np.outer(np.sin(angle), np.cross(along, side))
        rings.append(point + r * normal)
        normals.append(normal)
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=-1))])
    v, u = np.meshgrid(travelled, angle * float(width.mean()), indexing="ij")
    side_uv = np.stack([v, u], -1).reshape(-1, 2)
    faces = _grid_faces(len(line), facets + 1)
    parts = [Part(np.concatenate(rings), np.concatenate(normals), side_uv, faces)]
    for k, way in ((0, -tangent[0]), (-1, tangent[-1])):
        points = np.concatenate([rings[k], np.tile(line[k], (facets + 1, 1))])
        flat = np.tile(way, (len(points), 1))
        parts.append(Part(points, flat, points[:, :2].copy(), _grid_faces(2, facets + 1)))
    return join(parts)


def curve(points: ArrayLike, count: int = 24) -> F64:
    """Return `count` points on a smooth (Catmull-Rom) curve through the given N x 3 points."""
    knots = np.array(points, float)
    knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, len(knots) - 3 - 1e-9, count)
    k = t.astype(int)
    s = (t - k)[:, None]
    a, b, c, d = (knots[k + i] for i in range(4))
    cubic = (3 * b - a - 3 * c + d) * s**3 + (2 * a - 5 * b + 4 * c - d) * s**2
    return np.asarray(0.5 * (cubic + (c - a) * s + 2 * b))


def panel(width: float, height: float, *, whole: bool = True) -> Part:
    """Return a rectangle in the x-z plane from the origin, facing -y.

    Its texture coordinates run 0..1 (one whole picture) or, where not whole, in metres.
    """
    part = sheet(lambda u, v: (u * width, np.zeros_like(u), v * height), 2, 2)
    uv = part.uv / [width, height] if whole else part.uv
    return part._replace(uv=uv, normals=np.tile([0.0, -1.0, 0.0], (4, 1)))
