"""A frame as a moved camera would have taken it.

Every measured point is drawn into the new view, the nearest one wins, gaps get the depth of the
farthest neighbour (what a nearer thing hid belongs to the background), and each new pixel looks up
its colour in the old picture where that depth says it is.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.frame import F32Array, U8Array
from new_views.moving import Move

Bools = NDArray[np.bool_]

_FINER = 2  # points per pixel and axis, so that what comes nearer has few gaps
_EDGE = 0.05  # a relative step of depth within a pixel that is an edge, not a slope
_NEAREST = 0.3  # metres in front of the new camera
_THROUGH = 1.15  # farther than the neighbours by this factor: it shines through a gap
_HIDDEN = 0.9  # the old picture shows something nearer than this share of the depth


class NewView(NamedTuple):
    """What a moved camera sees.

    Attributes:
        image: HxWx3 uint8.
        depth: HxW float32 metres, NaN where nothing was measured.
        outside: share of the pixels that the old picture does not reach; they mirror it.
        hidden: share of those that something hid in the old picture; they are painted in.

    """

    image: U8Array
    depth: F32Array
    outside: float
    hidden: float


def new_view(image: U8Array, depth: F32Array, camera: Intrinsics, move: Move) -> NewView:
    """Return what a moved camera sees.

    Args:
        image: HxWx3 uint8.
        depth: HxW float32 metres along the optical axis, NaN where there is none.
        camera: of both; its size is HxW.
        move: where the camera goes.

    """
    drawn = _draw_points(depth, camera, move)
    filled, is_gap = _fill(drawn)
    u, v, distance = _look_up(filled, camera, move)
    height, width = depth.shape
    inside = (u >= -0.5) & (u <= width - 0.5) & (v >= -0.5) & (v <= height - 0.5)
    inside &= distance > _NEAREST / 2
    colours = cv2.remap(image, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    old = cv2.remap(
        np.nan_to_num(depth), u, v, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    hidden = (inside & (old > 0) & (old < _HIDDEN * distance)).astype(np.uint8)
    hidden = cv2.morphologyEx(hidden, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    if hidden.any():
        wider = cv2.dilate(hidden, np.ones((3, 3), np.uint8))
        colours = cv2.inpaint(colours, wider, 3, cv2.INPAINT_TELEA)
    known = inside & ~is_gap & (hidden == 0)
    return NewView(
        np.asarray(colours, np.uint8),
        np.where(known, filled, np.float32(np.nan)),
        float(1 - inside.mean()),
        float(hidden.mean()),
    )


def _draw_points(depth: F32Array, camera: Intrinsics, move: Move) -> F32Array:
    """Return the new view's depth as far as points fall into it, 0 elsewhere."""
    height, width = depth.shape
    size = (width * _FINER, height * _FINER)
    holes = np.nan_to_num(depth)
    nearest = cv2.resize(holes, size, interpolation=cv2.INTER_NEAREST)
    z = cv2.resize(holes, size, interpolation=cv2.INTER_LINEAR)
    z = np.where(np.abs(z - nearest) > _EDGE * nearest, nearest, z).astype(np.float32)
    v, u = np.mgrid[: size[1], : size[0]].astype(np.float32)
    rays = [((u + 0.5) / _FINER - 0.5 - camera.cx) / camera.fx]
    rays += [((v + 0.5) / _FINER - 0.5 - camera.cy) / camera.fy]
    points = np.stack([rays[0] * z, rays[1] * z, z], -1)[z > 0]
    seen = (points - move.step.astype(np.float32)) @ move.axes.astype(np.float32)
    seen = seen[seen[:, 2] > _NEAREST]
    x = np.rint(camera.fx * seen[:, 0] / seen[:, 2] + camera.cx).astype(np.int64)
    y = np.rint(camera.fy * seen[:, 1] / seen[:, 2] + camera.cy).astype(np.int64)
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    drawn = np.full(height * width, np.inf, np.float32)
    np.minimum.at(drawn, y[within] * width + x[within], seen[within, 2])
    drawn[np.isinf(drawn)] = 0
    return drawn.reshape(height, width)


def _fill(drawn: F32Array) -> tuple[F32Array, Bools]:
    """Return depth without holes, and where it is a guess."""
    middle = cv2.medianBlur(drawn, 5)
    through = (middle > 0) & (drawn > middle * _THROUGH)
    pinhole = (drawn == 0) & (middle > 0)
    depth = np.where(through | pinhole, middle, drawn)
    is_gap = depth == 0
    if is_gap.all():
        return np.ones_like(depth), is_gap
    rest = is_gap
    while rest.any():
        depth = np.where(rest, cv2.dilate(depth, np.ones((3, 3), np.uint8)), depth)
        rest = depth == 0
    return depth, is_gap


def _look_up(
    depth: F32Array, camera: Intrinsics, move: Move
) -> tuple[F32Array, F32Array, F32Array]:
    """Return where the old picture shows the new pixels (u, v), and how far from it they are."""
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]].astype(np.float32)
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], -1)
    points = rays * depth[..., None] @ move.axes.T + move.step
    distance = np.maximum(points[..., 2], _NEAREST / 2)
    old_u = camera.fx * points[..., 0] / distance + camera.cx
    old_v = camera.fy * points[..., 1] / distance + camera.cy
    return old_u.astype(np.float32), old_v.astype(np.float32), points[..., 2].astype(np.float32)
