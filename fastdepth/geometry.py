"""Where a camera frame lands in the network's input, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec, ModelCard
from fastdepth.errors import CardError, ImageError
from fastdepth.frame import F32Array


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of whole pixels: top-left corner and size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices that cut the rectangle out of an array."""
        return (slice(self.y, self.y + self.height), slice(self.x, self.x + self.width))


@dataclass(frozen=True, slots=True)
class InputGeometry:
    """The map between a frame and the network's input.

    Attributes:
        frame_width: of the camera frame, pixels.
        frame_height: of the camera frame, pixels.
        seen: the part of the frame the network sees, in frame pixels.
        content: where that part lies in the input tensor, in input pixels; the rest is padding.

    """

    frame_width: int
    frame_height: int
    seen: Rect
    content: Rect

    @property
    def sees_whole_frame(self) -> bool:
        """Whether no part of the frame is cut away."""
        return (self.seen.width, self.seen.height) == (self.frame_width, self.frame_height)

    def input_intrinsics(self, camera: Intrinsics) -> Intrinsics:
        """Return the camera of the content of the input (the depth image's camera).

        Raises:
            ImageError: `camera` is not the camera of a frame of this size.

        """
        if (camera.width, camera.height) != (self.frame_width, self.frame_height):
            msg = (
                f"camera is {camera.width}x{camera.height}, the frame is "
                f"{self.frame_width}x{self.frame_height}; expected the same size "
                "(does the camera_info belong to this image?)"
            )
            raise ImageError(msg)
        seen, content = self.seen, self.content
        cut = camera.crop(seen.x, seen.y, seen.width, seen.height)
        return cut.resize(content.width, content.height)

    def to_frame(self, depth: F32Array, interpolation: int = cv2.INTER_LINEAR) -> F32Array:
        """Bring a depth image of the content to frame size, HxW float32, NaN where unseen."""
        seen = self.seen
        part: F32Array = cv2.resize(depth, (seen.width, seen.height), interpolation=interpolation)
        if self.sees_whole_frame:
            return part
        whole = np.full((self.frame_height, self.frame_width), np.nan, np.float32)
        whole[seen.slices] = part
        return whole


def fit_frame(spec: InputSpec, width: int, height: int) -> InputGeometry:
    """Return how a width x height frame is fitted to the input the card asks for.

    Raises:
        ImageError: the frame is empty.

    """
    if width < 1 or height < 1:
        msg = f"the image is {width}x{height} pixels; expected at least 1x1"
        raise ImageError(msg)
    seen = Rect(0, 0, width, height)
    content = Rect(0, 0, spec.width, spec.height)
    if spec.fit == "crop":
        seen = _largest_inside(width, height, spec.width, spec.height)
    elif spec.fit == "pad":
        content = _largest_inside(spec.width, spec.height, width, height)
    return InputGeometry(width, height, seen, content)


def camera_scale(card: ModelCard, camera: Intrinsics) -> float:
    """Return the factor that turns depth for the card's camera into depth for `camera`.

    An object of a given size and distance appears in proportion to the focal length, so a network
    trained with focal length f reads depth d as d * f / f'. Where the resize to the input is not
    uniform the two axes differ and the geometric mean of both ratios is used, which is the ratio of
    apparent areas.

    Args:
        card: of the model; its focal length is in pixels at input size.
        camera: of the input's content, in input pixels (`InputGeometry.input_intrinsics`).

    """
    fx, fy = card.focal_length
    return math.sqrt((camera.fx / fx) * (camera.fy / fy))


def require_full_size_output(card: ModelCard, width: int, height: int) -> None:
    """Refuse a padded input whose output is not of input size: its bars cannot be cut exactly."""
    spec = card.input
    if spec.fit == "pad" and (width, height) != (spec.width, spec.height):
        msg = (
            f"the card asks for padding but the output is {width}x{height} for an input of "
            f"{spec.width}x{spec.height}; expected the same size (export with fit stretch or crop)"
        )
        raise CardError(msg)


def _largest_inside(width: int, height: int, aspect_w: int, aspect_h: int) -> Rect:
    """Return the largest centred rectangle of shape aspect_w:aspect_h inside width x height."""
    scale = min(width / aspect_w, height / aspect_h)
    w = min(width, max(1, round(aspect_w * scale)))
    h = min(height, max(1, round(aspect_h * scale)))
    return Rect((width - w) // 2, (height - h) // 2, w, h)
