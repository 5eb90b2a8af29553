"""From depth to an organised point cloud."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.errors import ImageError
from fastdepth.frame import F32Array, U8Array

FLOAT32 = 7
"""`sensor_msgs/PointField.FLOAT32`."""


class PointMaker:
    """Makes organised point clouds of one camera after another.

    The rays of the last camera and the memory of the last cloud are kept: at VGA size fresh memory
    costs ten times what the arithmetic does.

    Points are in the camera's optical frame (REP 103): x right, y down, z forward, metres. With
    the pinhole model of a rectified image

        x = (u - cx) / fx * z        y = (v - cy) / fy * z        z = depth

    Not for use by two threads at once.
    """

    def __init__(self) -> None:
        """Know no camera yet."""
        self._camera: Intrinsics | None = None
        self._right = np.empty((1, 0), np.float32)
        self._down = np.empty((0, 1), np.float32)
        self._cloud = np.empty((0, 0, 3), np.float32)
        self._colours = np.empty((0, 0, 4), np.uint8)

    def points(self, depth: F32Array, camera: Intrinsics) -> F32Array:
        """Return the points of a depth image.

        Args:
            depth: HxW float32 metres along the optical axis; NaN invalid.
            camera: of the depth image.

        Returns:
            HxWx3 float32 metres; a point without depth (NaN, infinite, not positive) is three NaN.

        Raises:
            ImageError: `camera` is of another size.

        """
        cloud = np.empty((*depth.shape, 3), np.float32)
        self._fill(cloud, depth, camera)
        return cloud

    def fields(
        self, depth: F32Array, camera: Intrinsics, rgb: U8Array | None = None
    ) -> dict[str, Any]:
        """Return the fields of a `sensor_msgs/PointCloud2` (all but the header).

        The cloud is organised: row v and column u is the point of pixel (u, v).

        Args:
            depth: HxW float32 metres along the optical axis; NaN invalid.
            camera: of the depth image.
            rgb: HxWx3 uint8 of the same view, for colour; a picture of another size is resized.

        Returns:
            height, width, fields (a list of dicts: name, offset, datatype, count), is_bigendian,
            point_step, row_step, data (bytes) and is_dense. Points are x, y, z as float32, 12
            bytes, and with colour `rgb` behind them as PCL and RViz pack it: blue, green, red and
            zero in the four bytes of a float32.

        Raises:
            ImageError: `camera` is of another size, or `rgb` is no RGB picture.

        """
        height, width = depth.shape
        names = ["x", "y", "z"] if rgb is None else ["x", "y", "z", "rgb"]
        if self._cloud.shape != (height, width, len(names)):
            self._cloud = np.empty((height, width, len(names)), np.float32)
        cloud = self._cloud
        self._fill(cloud, depth, camera)
        if rgb is not None:
            # One word a point: as uint32, since a float may be changed on its way (NaN).
            cloud.view(np.uint32)[..., 3] = self._packed(rgb, width, height)
        step = 4 * len(names)
        return {
            "height": height,
            "width": width,
            "fields": [
                {"name": name, "offset": 4 * i, "datatype": FLOAT32, "count": 1}
                for i, name in enumerate(names)
            ],
            "is_bigendian": False,
            "point_step": step,
            "row_step": step * width,
            # bytes: rclpy takes them at once, an ndarray element by element.
            "data": cloud.tobytes(),
            "is_dense": False,
        }

    def _fill(self, cloud: F32Array, depth: F32Array, camera: Intrinsics) -> None:
        if depth.shape != (camera.height, camera.width):
            msg = (
                f"the depth is of shape {depth.shape}, its camera is {camera.width}x"
                f"{camera.height}; expected the same size"
            )
            raise ImageError(msg)
        if camera != self._camera:
            right = (np.arange(camera.width) - camera.cx) / camera.fx
            down = (np.arange(camera.height) - camera.cy) / camera.fy
            self._right = right[None, :].astype(np.float32)
            self._down = down[:, None].astype(np.float32)
            self._camera = camera
        # NaN fails both comparisons, so it stays NaN without a warning.
        valid = (depth > 0) & (depth < np.inf)
        z = cloud[..., 2]
        z[:] = np.nan
        np.copyto(z, depth, where=valid)
        np.multiply(z, self._right, out=cloud[..., 0])
        np.multiply(z, self._down, out=cloud[..., 1])

    def _packed(self, rgb: U8Array, width: int, height: int) -> NDArray[np.uint32]:
        """Return HxW words of blue, green, red, zero."""
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
            msg = f"the picture is {rgb.dtype} of shape {rgb.shape}; expected uint8 HxWx3"
            raise ImageError(msg)
        if rgb.shape[:2] != (height, width):
            rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
        if self._colours.shape != (height, width, 4):
            self._colours = np.empty((height, width, 4), np.uint8)
        cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA, dst=self._colours)
        words: NDArray[np.uint32] = self._colours.view(np.uint32)[..., 0]
        words &= np.uint32(0x00FFFFFF)
        return words
