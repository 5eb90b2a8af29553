"""Lights of a room: lamps and windows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from random_rooms.parts import F64


class Lamp(NamedTuple):
    """A light: where (m), its power as linear RGB, its main direction, its size (m)."""

    position: F64
    power: F64
    beam: F64
    size: float = 0.3


class Lighting(NamedTuple):
    """All light of a room: lamps (the first three throw shadows) and what comes from around."""

    lamps: list[Lamp]
    above: F64
    below: F64
    occlusion: float


def perspective(fx: float, fy: float, px: float, py: float) -> F64:
    """Return the 4x4 map from camera axes (right, down, forward) to clip space.

    Args:
        fx: focal length over half the width.
        fy: focal length over half the height.
        px: principal point, -1 at the left edge, 1 at the right edge.
        py: the same from the first row to the last.

    """
    near, far = 0.05, 60.0
    return np.array(
        [
            [fx, 0, px, 0],
            [0, fy, py, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )


def rigid(eye: F64, axes: F64) -> F64:
    """Return the 4x4 map from the world to a camera's axes."""
    out = np.eye(4)
    out[:3, :3] = axes.T
    out[:3, 3] = -axes.T @ eye
    return out


def shadow_matrix(lamp: Lamp, half_angle: float = 72.0) -> F64:
    """Return the world-to-clip map of a lamp that looks along its beam."""
    forward = lamp.beam / np.linalg.norm(lamp.beam)
    other = np.array([1.0, 0, 0]) if abs(forward[2]) > 0.9 else np.array([0, 0, 1.0])
    right = np.cross(forward, other)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward], -1)
    focal = 1 / np.tan(np.radians(half_angle))
    return np.asarray(perspective(focal, focal, 0, 0) @ rigid(lamp.position, axes))
