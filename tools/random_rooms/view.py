"""The camera of NYU Depth V2 and where it is held."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastdepth.camera import Intrinsics
from random_rooms.parts import F64, Rng, rotation

# Of the 640x480 frames; pixel centres are whole numbers.
NYU = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)


class Pose(NamedTuple):
    """Where the camera is: eye (m), and its right, down and forward axes as columns, 3x3."""

    eye: F64
    axes: F64


def pose(eye: F64, yaw: float, pitch: float, roll: float) -> Pose:
    """Return a pose: yaw from +x to +y, pitch above the level, roll clockwise, degrees."""
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    cp, sp = np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
    forward = np.array([c * cp, s * cp, sp])
    right = np.array([s, -c, 0.0])
    axes = np.stack([right, np.cross(forward, right), forward], -1)
    return Pose(np.asarray(eye, float), axes @ rotation(yaw=roll))


def held(rng: Rng, eye: F64, target: F64) -> Pose:
    """Return a pose of a hand-held camera that looks roughly at a target.

    The pitch is that of NYU's frames: mostly 8 to 25 degrees down, between -35 and +8.
    """
    dx, dy, dz = target - eye
    yaw = np.degrees(np.arctan2(dy, dx)) + rng.normal(0, 12)
    level = np.degrees(np.arctan2(dz, np.hypot(dx, dy)))
    pitch = float(np.clip(0.35 * level + rng.normal(-7, 6), -35, 8))
    return pose(eye, float(yaw), pitch, float(rng.normal(0, 2)))


def project(lens: Intrinsics, where: Pose, points: F64) -> F64:
    """Return the pixels (u, v) and depth z (m) of points, N x 3 -> N x 3."""
    seen = (points - where.eye) @ where.axes
    u = lens.fx * seen[:, 0] / seen[:, 2] + lens.cx
    v = lens.fy * seen[:, 1] / seen[:, 2] + lens.cy
    return np.stack([u, v, seen[:, 2]], -1)
