"""Meshes of the unit shapes: triangles inside the cube from -0.5 to 0.5."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from random_rooms.parts import F64

F32 = NDArray[np.float32]

SHAPES = (
    "box", "soft", "pillow", "cylinder", "cone", "ball", "bowl", "curtain", "heap", "leaf",
    "basin",
)  # fmt: skip


def _triangles(points: F64, normals: F64) -> F32:
    """Return the triangles of a grid of points: N x 6 (point, normal), three rows each."""
    both = np.concatenate([points, normals], -1)
    a, b, c, d = both[:-1, :-1], both[:-1, 1:], both[1:, 1:], both[1:, :-1]
    return np.stack([a, b, c, a, c, d], 2).reshape(-1, 6).astype(np.float32)


def _smooth(points: F64) -> F32:
    """Return the triangles of a grid with normals from its slopes, pointing away from inside."""
    normals = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12
    return _triangles(points, normals)


def _box() -> F32:
    parts = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            v, u = np.meshgrid([-0.5, 0.5], [-0.5, 0.5], indexing="ij")
            points = np.zeros((2, 2, 3))
            points[..., axis] = sign * 0.5
            points[..., (axis + 1) % 3], points[..., (axis + 2) % 3] = u, v
            normals = np.zeros((2, 2, 3))
            normals[..., axis] = sign
            parts.append(_triangles(points, normals))
    return np.concatenate(parts)


def _round(power_up: float, power_round: float, rows: int = 11, columns: int = 21) -> F64:
    """Return a superellipsoid: powers near 0 are boxes, 1 are balls."""
    v, u = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, rows),
        np.linspace(0, 2 * np.pi, columns),
        indexing="ij",
    )

    def bent(x: F64, power: float) -> F64:
        return np.asarray(np.sign(x) * np.abs(x) ** power)

    ring = bent(np.cos(v), power_up)
    return 0.5 * np.stack(
        [
            ring * bent(np.cos(u), power_round),
            ring * bent(np.sin(u), power_round),
            bent(np.sin(v), power_up),
        ],
        -1,
    )


def _ball_normals(points: F64, power: float) -> F32:
    normals = np.sign(points) * np.abs(points) ** power
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12
    return _triangles(points, normals)


def _turned(profile: list[tuple[float, float]], columns: int = 17) -> F32:
    """Return a profile of (radius, z) turned about z, each step with its own slope."""
    angle = np.linspace(0, 2 * np.pi, columns)
    parts = []
    for (r0, z0), (r1, z1) in pairwise(profile):
        out = np.array([z1 - z0, r0 - r1]) / np.hypot(z1 - z0, r0 - r1)
        ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(columns)], -1)
        up = np.array([0, 0, 1.0])
        points = np.stack([ring * r0 + up * z0, ring * r1 + up * z1])
        normals = np.stack([ring * out[0] + up * out[1]] * 2)
        parts.append(_triangles(points, normals))
    return np.concatenate(parts)


def _curtain() -> F32:
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 49), np.linspace(-0.5, 0.5, 3))
    fold = 0.35 * np.sin(u * 2 * np.pi * 6 + 0.5 * np.sin(u * 9)) * (1.1 - 0.2 * v)
    return _smooth(np.stack([u, fold, v], -1))


def _heap() -> F32:
    """Return a crumpled lump: clothes, a bag, a bean bag."""
    points = _round(0.7, 0.9, 13, 25)
    x, y, z = np.moveaxis(points, -1, 0)
    dent = 0.86 + 0.07 * np.sin(11 * x + 3 * z) * np.cos(9 * y) + 0.06 * np.sin(17 * y + 13 * z)
    return _smooth(points * dent[..., None])


def _leaf() -> F32:
    """Return a leaf that grows from the middle of the bottom and bends to +x."""
    u, v = np.meshgrid(np.linspace(-1, 1, 3), np.linspace(0, 1, 6))
    width = 0.5 * np.sin(np.pi * np.clip(v, 0.02, 0.99)) ** 0.8
    bend = v**2
    return _smooth(np.stack([bend - 0.5 + 0.06 * u**2, u * width, v - 0.5 - 0.35 * bend], -1))


@lru_cache(maxsize=1)
def meshes() -> dict[str, F32]:
    """Return the triangles of every shape by its name, N x 6 (point, normal)."""
    bowl = [(0.001, -0.5), (0.25, -0.5), (0.42, -0.1), (0.5, 0.5), (0.47, 0.5), (0.38, -0.1)]
    bowl += [(0.2, -0.42), (0.001, -0.42)]
    basin = [(0.001, -0.5), (0.3, -0.5), (0.46, 0.2), (0.5, 0.5), (0.4, 0.5), (0.34, 0.1)]
    basin += [(0.15, -0.2), (0.001, -0.25)]
    flat = [(0.001, -0.5), (0.5, -0.5), (0.5, 0.5), (0.001, 0.5)]
    cone = [(0.001, -0.5), (0.5, -0.5), (0.28, 0.5), (0.001, 0.5)]
    return {
        "box": _box(),
        "soft": _ball_normals(_round(0.28, 0.28), 3.0),
        "pillow": _ball_normals(_round(1.0, 0.4), 1.2),
        "cylinder": _turned(flat),
        "cone": _turned(cone),
        "ball": _ball_normals(_round(1.0, 1.0), 1.0),
        "bowl": _turned(bowl),
        "basin": _turned(basin),
        "curtain": _curtain(),
        "heap": _heap(),
        "leaf": _leaf(),
    }
