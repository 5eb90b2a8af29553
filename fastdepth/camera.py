"""Pinhole intrinsics and how they follow a crop or a resize.

Pixel coordinates follow OpenCV and ROS: the centre of the top-left pixel is (0, 0), so an image
of width w covers [-0.5, w - 0.5]. A resize by s therefore maps u to (u + 0.5) * s - 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import CameraError


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera: image size and focal lengths and principal point, all in pixels."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        """Refuse a camera that cannot exist.

        Raises:
            CameraError: a size below one pixel, a focal length that is not positive, or a
                principal point that is not finite.

        """
        if self.width < 1 or self.height < 1:
            msg = f"camera size is {self.width}x{self.height} pixels; expected at least 1x1"
            raise CameraError(msg)
        if not (math.isfinite(self.fx) and math.isfinite(self.fy) and self.fx > 0 and self.fy > 0):
            msg = (
                f"focal length is fx={self.fx:g}, fy={self.fy:g} pixels; expected positive numbers "
                "(is the camera calibrated?)"
            )
            raise CameraError(msg)
        if not (math.isfinite(self.cx) and math.isfinite(self.cy)):
            msg = f"principal point is cx={self.cx}, cy={self.cy} pixels; expected finite numbers"
            raise CameraError(msg)

    def crop(self, x: int, y: int, width: int, height: int) -> Intrinsics:
        """Return the camera of the sub-image whose top-left pixel is (x, y)."""
        return Intrinsics(width, height, self.fx, self.fy, self.cx - x, self.cy - y)

    def resize(self, width: int, height: int) -> Intrinsics:
        """Return the camera of this image resampled to width x height (pixel edges stay put)."""
        sx, sy = width / self.width, height / self.height
        return Intrinsics(
            width,
            height,
            self.fx * sx,
            self.fy * sy,
            (self.cx + 0.5) * sx - 0.5,
            (self.cy + 0.5) * sy - 0.5,
        )

    def matrix(self) -> NDArray[np.float64]:
        """Return K, 3x3 float64."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])
