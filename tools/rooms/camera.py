"""The camera: a pinhole of 320x240 pixels with about a Kinect's field of view, held by hand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rooms.mesh import F64, curve, rotation_about
from rooms.scene import Room

WIDTH, HEIGHT = 320, 240
FOCAL = 260.0  # pixels
# Pixel centres are whole numbers, as in ROS and OpenCV: this is the middle of the image.
CX, CY = 159.5, 119.5
RATE = 12  # frames a second


class Pose(NamedTuple):
    """Where the camera is: eye (m), and its right, down and forward axes as columns, 3x3."""

    eye: F64
    axes: F64


def _tremor(seconds: F64, seed: int, size: float) -> F64:
    """Return the shake of a hand, N x 3: sines of 0.6 to 3 Hz with a deviation of about `size`."""
    rng = np.random.default_rng(seed)
    hertz = rng.uniform(0.6, 3.0, (5, 3))
    phase = rng.uniform(0, 2 * np.pi, (5, 3))
    waves = np.sin(2 * np.pi * hertz * seconds[:, None, None] + phase) / hertz
    return np.asarray(size * waves.sum(1))


def path(room: Room, frames: int) -> list[Pose]:
    """Return the poses of the room's shot, `frames` of them, RATE a second."""
    seconds = np.arange(frames) / RATE
    eyes = curve(room.eyes, frames) + _tremor(seconds, 1, 0.006)
    targets = curve(room.targets, frames)
    shake = _tremor(seconds, 2, 0.25)
    poses = []
    for eye, target, (pitch, yaw, roll) in zip(eyes, targets, shake, strict=True):
        forward = (target - eye) / np.linalg.norm(target - eye)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        level = np.stack([right, np.cross(forward, right), forward], -1)
        turn = rotation_about("x", pitch) @ rotation_about("y", yaw) @ rotation_about("z", roll)
        poses.append(Pose(eye, level @ turn))
    return poses


def rays(pose: Pose) -> F64:
    """Return the direction through every pixel centre, H x W x 3, of length 1 along the axis."""
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH]
    optical = np.stack([(u - CX) / FOCAL, (v - CY) / FOCAL, np.ones(u.shape)], -1)
    return np.asarray(optical @ pose.axes.T)
