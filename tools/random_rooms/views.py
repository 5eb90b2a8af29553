"""Choose where to look at a room from, so that depths are spread as in NYU's frames."""

from __future__ import annotations

import numpy as np

from random_rooms.gpu import Renderer
from random_rooms.parts import F64, Rng, uniform
from random_rooms.space import Rect
from random_rooms.themes import Room
from random_rooms.view import NYU, Pose, held

GLANCE = NYU.resize(48, 36)
CANDIDATES = 28
# The logarithm of a frame's median depth (m) in NYU's frames is normal: mean 1.01, deviation 0.32.
AIM_MEDIAN = 1.4
# The views that rooms offer are crowded below the middle: a higher and wider aim gives those.
AIM_SPREAD = 0.55


def _eye(rng: Rng, room: Room) -> F64 | None:
    space = room.space
    x, y = uniform(rng, 0.15, space.width - 0.15), uniform(rng, 0.15, space.depth - 0.15)
    here = Rect(x, y, x, y).grown(0.12)
    if not space.free(here, doors=False):
        return None
    # Floors fitted in NYU's frames lie 1.21 to 1.49 m below the camera, in the middle 1.32 m; a
    # quarter of the views is freer, so that the network has to look at more than the floor.
    middle, spread = (1.3, 0.25) if rng.random() < 0.25 else (1.33, 0.08)
    z = float(np.clip(rng.normal(middle, spread), 0.8, 1.75))
    return np.array([x, y, z])


def _worth(rng: Rng, renderer: Renderer, where: Pose) -> float:
    """Return how much a view looks like one of NYU's: 0 for never."""
    depth, item = renderer.glance(where, GLANCE)
    near, middle = np.quantile(depth, [0.02, 0.5])
    if near < uniform(rng, 0.55, 0.95) or depth.min() <= 0.2:
        return 0.0
    _, counts = np.unique(item, return_counts=True)
    if counts.max() > uniform(rng, 0.3, 0.7) * item.size or len(counts) < 12:
        return 0.0
    spread = (np.log(middle) - AIM_MEDIAN) / AIM_SPREAD
    return float(np.exp(-0.5 * spread**2) * min(len(counts), 80) ** 0.9)


def choose(rng: Rng, renderer: Renderer, room: Room, count: int) -> list[Pose]:
    """Return up to `count` different views of the loaded room."""
    pieces = [rect for rect in room.space.taken if rect.x1 - rect.x0 < 4]
    poses, worths = [], []
    for _ in range(CANDIDATES):
        eye = _eye(rng, room)
        if eye is None:
            continue
        target = np.array([room.space.width / 2, room.space.depth / 2, 0.9])
        if pieces and rng.random() < 0.75:
            rect = pieces[int(rng.integers(len(pieces)))]
            height = min(rect.high, 1.6) * uniform(rng, 0.3, 1.0)
            target = np.array([(rect.x0 + rect.x1) / 2, (rect.y0 + rect.y1) / 2, height])
        where = held(rng, eye, target)
        worth = _worth(rng, renderer, where)
        if worth > 0:
            poses.append(where)
            worths.append(worth)
    chosen: list[Pose] = []
    order = np.array(worths) * rng.uniform(0.1, 1.0, len(worths))
    for k in np.argsort(-order):
        if len(chosen) == count:
            break
        if all(_differ(poses[k], other) for other in chosen):
            chosen.append(poses[k])
    return chosen


def _differ(one: Pose, other: Pose) -> bool:
    turned = float(one.axes[:, 2] @ other.axes[:, 2]) < np.cos(np.radians(30))
    return turned or float(np.linalg.norm(one.eye - other.eye)) > 0.8
