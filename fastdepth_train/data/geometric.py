"""Geometric augmentation that keeps metres true.

A view is a zoomed, turned, shifted and perhaps mirrored window of a frame, resampled once to the
network's input. Depth labels are those the canonical camera of the model card would see: an image
with focal length f' shows an object of depth d as large as the canonical camera (f) shows it at
d * f / f', so a zoom by s divides depth by s, and frames of other cameras fall into line as well.
The estimator applies the inverse (`fastdepth.geometry.camera_scale`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec
from fastdepth.frame import U8Array

# At this step between samples a linear interpolation leaves out next to nothing.
_DECIMATION = 1.25

U16Array = NDArray[np.uint16]
Affine = NDArray[np.float64]


@dataclass(frozen=True)
class GeometricConfig:
    """How far views may stray from the whole frame.

    Attributes:
        zoom: (smallest, largest) magnification, drawn uniformly; 1 shows the whole frame.
        rotation: largest turn to either side, degrees.
        flip: probability of a mirror image.
        shift: how far the window may leave the centre, as a share of the room that the zoom gives;
            1 lets it reach the frame's edge.

    """

    zoom: tuple[float, float] = (1.0, 1.5)
    rotation: float = 5.0
    flip: float = 0.5
    shift: float = 1.0


class View(NamedTuple):
    """One way to look at a frame.

    Attributes:
        zoom: magnification against the whole frame.
        rotation: radians, clockwise as seen in the result.
        x: centre of the window from the frame's centre, as a share of the frame's width.
        y: the same, of the frame's height.
        flip: mirror left and right.

    """

    zoom: float = 1.0
    rotation: float = 0.0
    x: float = 0.0
    y: float = 0.0
    flip: bool = False


def draw_view(config: GeometricConfig, rng: np.random.Generator) -> View:
    """Draw a view at random."""
    zoom = float(rng.uniform(*config.zoom))
    room = max(0.0, 1.0 - 1.0 / zoom) / 2 * config.shift
    turn = math.radians(config.rotation)
    return View(
        zoom,
        float(rng.uniform(-turn, turn)),
        float(rng.uniform(-room, room)),
        float(rng.uniform(-room, room)),
        bool(rng.random() < config.flip),
    )


def view_matrix(view: View, frame_size: tuple[int, int], input_size: tuple[int, int]) -> Affine:
    """Return the 2x3 map from frame pixels to input pixels; both sizes are (width, height).

    The turn happens in the frame's own square pixels, before the stretch to the input, so that
    right angles in the scene stay right. Pixel centres are whole numbers, as in fastdepth.camera.
    """
    (fw, fh), (iw, ih) = frame_size, input_size
    mirror = -1.0 if view.flip else 1.0
    cos, sin = math.cos(view.rotation), math.sin(view.rotation)
    stretch = np.diag([view.zoom * iw / fw, view.zoom * ih / fh])
    linear = stretch @ np.diag([mirror, 1.0]) @ np.array([[cos, -sin], [sin, cos]])
    centre = np.array([fw * (0.5 + view.x) - 0.5, fh * (0.5 + view.y) - 0.5])
    offset = np.array([iw / 2 - 0.5, ih / 2 - 0.5]) - linear @ centre
    return np.hstack([linear, offset[:, None]])


def sight(
    view: View, frame_size: tuple[int, int], input_size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the 2x3 map from places in the view to places in the frame.

    Both in units where an image's edges are at -1 and 1, as torch's affine_grid wants them; sizes
    are (width, height).
    """
    matrix = np.vstack([view_matrix(view, frame_size, input_size), (0.0, 0.0, 1.0)])
    whole = _to_units(input_size) @ matrix @ np.linalg.inv(_to_units(frame_size))
    found: NDArray[np.float32] = np.linalg.inv(whole)[:2].astype(np.float32)
    return found


def depth_factor(
    view: View,
    camera: Intrinsics | None,
    input_size: tuple[int, int],
    focal_length: tuple[float, float],
) -> float:
    """Return what true depth is multiplied by to become the canonical camera's depth.

    Args:
        view: what part of the frame is seen.
        camera: of the whole frame; None takes it for the canonical camera.
        input_size: (width, height) of the network's input.
        focal_length: (fx, fy) of the canonical camera, pixels at input size.

    """
    if camera is None:
        return 1.0 / view.zoom
    whole = camera.resize(*input_size)
    fx, fy = focal_length
    return math.sqrt((fx / whole.fx) * (fy / whole.fy)) / view.zoom


def view_of(image: U8Array, view: View, spec: InputSpec) -> U8Array:
    """Resample an image, HxWx3 uint8, to the input's size; outside the frame its edge repeats.

    Where the input is made by the mean of areas, so is the view: it is drawn nearly as large as the
    frame and then averaged.
    """
    is_mean = spec.interpolation == "area"
    scale = max(1, round(image.shape[1] / spec.width / _DECIMATION)) if is_mean else 1
    size = (spec.width * scale, spec.height * scale)
    matrix = view_matrix(view, (image.shape[1], image.shape[0]), size)
    seen = cv2.warpAffine(
        image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if scale > 1:
        seen = cv2.resize(seen, (spec.width, spec.height), interpolation=cv2.INTER_AREA)
    return np.asarray(seen, np.uint8)


def view_of_depth(depth: U16Array, view: View, size: tuple[int, int]) -> U16Array:
    """Resample depth, hxw uint16 with 0 where there is none, to (width, height).

    It sees what its image sees, at any resolution. The nearest measurement is taken, so that no
    depth is invented; there is none outside the frame.
    """
    matrix = view_matrix(view, (depth.shape[1], depth.shape[0]), size)
    seen = cv2.warpAffine(
        depth, matrix, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(seen, np.uint16)


def _to_units(size: tuple[int, int]) -> Affine:
    """Return the 3x3 map from pixels, whose centres are whole numbers, to -1..1."""
    w, h = size
    return np.array([[2 / w, 0.0, 1 / w - 1], [0.0, 2 / h, 1 / h - 1], [0.0, 0.0, 1.0]])
