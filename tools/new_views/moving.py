"""Where the camera moves to: a step in proportion to the scene, and a turn to keep it in sight."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

# Largest steps as shares of the scene's median depth. Far ones would show too much that is hidden.
SIDE, HEIGHT, BACK, FORTH = 0.22, 0.12, 0.15, 0.4
# Deviations of the turns of a hand, degrees.
YAW, PITCH, ROLL = 4.0, 3.0, 2.0


class Move(NamedTuple):
    """A camera's new pose in the old one's frame (x right, y down, z forward).

    Attributes:
        step: the new camera's place, metres.
        axes: its right, down and forward axes as columns, 3x3.

    """

    step: F64
    axes: F64


def draw_move(rng: np.random.Generator, distance: float) -> Move:
    """Draw a move for a scene whose median depth is `distance` metres.

    The camera turns towards what it looked at before by a random share of the whole angle.
    """
    step = distance * np.array(
        [rng.uniform(-SIDE, SIDE), rng.uniform(-HEIGHT, HEIGHT), rng.uniform(-BACK, FORTH)]
    )
    yaw = -math.atan2(step[0], distance) * rng.uniform() + math.radians(rng.normal(0, YAW))
    pitch = math.atan2(step[1], distance) * rng.uniform() + math.radians(rng.normal(0, PITCH))
    return Move(step, turned(yaw, pitch, math.radians(rng.normal(0, ROLL))))


def turned(yaw: float, pitch: float, roll: float) -> F64:
    """Return the axes of a camera turned right, up and clockwise by these angles, radians."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    cr, sr = math.cos(roll), math.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z
