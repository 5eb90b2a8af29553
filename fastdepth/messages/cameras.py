"""The fields of `sensor_msgs/CameraInfo`: what camera made the image, and what made the depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, ImageError
from fastdepth.geometry import InputGeometry

F64Array = NDArray[np.float64]


def camera_from_info(msg: Any) -> Intrinsics:
    """Return the camera of the delivered image: binning and region of interest folded into K.

    K is of the full sensor; the image is the region of interest (all zero: everything), binned.
    One binned pixel covers binning_x * binning_y sensor pixels, so pixel edges stay put.

    Raises:
        CameraError: K is of zeros (an uncalibrated camera) or not of nine finite numbers, or the
            size or region of interest is impossible.

    """
    k = _matrix(msg, "k", 3)
    if not k.any():
        text = "camera_info has a K of zeros: the camera is not calibrated"
        raise CameraError(text)
    if not np.isfinite(k).all():
        text = f"camera_info has a K that is not finite: {k.ravel().tolist()}"
        raise CameraError(text)
    to_image, width, height = _delivered(msg)
    k = to_image @ k
    return Intrinsics(width, height, float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2]))


def camera_info_fields(
    msg: Any, geometry: InputGeometry, width: int, height: int
) -> dict[str, Any]:
    """Return the fields of the CameraInfo of a depth image (all but the header).

    K and P follow the crop and the resize with pixel edges kept in place, as Intrinsics do; P's
    Tx and Ty (-fx * baseline) scale with fx and fy. D and R are kept: they are in normalised
    coordinates. Binning and region of interest are folded into K and P and reset. A matrix of
    zeros (uncalibrated) stays one.

    Args:
        msg: the CameraInfo of the image the depth was made from.
        geometry: how that image was fitted to the network.
        width: of the depth image, pixels.
        height: of the depth image, pixels; it shows `geometry.seen`.

    Returns:
        height, width, distortion_model, d, k, r, p (lists of float), binning_x, binning_y and roi
        (a dict of zeros: what a new message has).

    Raises:
        ImageError: the message is of an image of another size than the frame.
        CameraError: a matrix has the wrong length, or the region of interest is impossible.

    """
    to_image, image_width, image_height = _delivered(msg)
    if (image_width, image_height) != (geometry.frame_width, geometry.frame_height):
        text = (
            f"camera_info is of an image of {image_width}x{image_height}, the frame is "
            f"{geometry.frame_width}x{geometry.frame_height}; expected the same size"
        )
        raise ImageError(text)
    seen = geometry.seen
    to_depth = _resize(width / seen.width, height / seen.height) @ _shift(seen.x, seen.y) @ to_image
    return {
        "height": height,
        "width": width,
        "distortion_model": str(msg.distortion_model),
        "d": [float(value) for value in _field(msg, "d")],
        "k": _follow(to_depth, _matrix(msg, "k", 3)),
        "r": _matrix(msg, "r", 3).ravel().tolist(),
        "p": _follow(to_depth, _matrix(msg, "p", 4)),
        "binning_x": 0,
        "binning_y": 0,
        "roi": {"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False},
    }


def intrinsics_fields(camera: Intrinsics, distortion: Sequence[float] = ()) -> dict[str, Any]:
    """Return the fields of the CameraInfo of a camera's raw images (all but the header).

    P is K: there is no rectified image to project onto.

    Args:
        camera: of the images.
        distortion: k1, k2, p1, p2, k3 (plumb bob); none if empty.

    Returns:
        height, width, distortion_model, d, k, r and p (lists of float).

    """
    k = camera.matrix()
    return {
        "height": camera.height,
        "width": camera.width,
        "distortion_model": "plumb_bob",
        "d": [float(value) for value in distortion] or [0.0] * 5,
        "k": k.ravel().tolist(),
        "r": np.eye(3).ravel().tolist(),
        "p": np.hstack([k, np.zeros((3, 1))]).ravel().tolist(),
    }


def _delivered(msg: Any) -> tuple[F64Array, int, int]:
    """Return the map from sensor pixels to image pixels (3x3), and the image's size."""
    roi = msg.roi
    x, y, width, height = (int(v) for v in (roi.x_offset, roi.y_offset, roi.width, roi.height))
    if not (x or y or width or height):
        width, height = int(msg.width), int(msg.height)
    if x + width > msg.width or y + height > msg.height or width < 1 or height < 1:
        text = (
            f"camera_info has a region of interest of {width}x{height} at ({x}, {y}) on a sensor "
            f"of {msg.width}x{msg.height}; expected one inside it, of at least 1x1"
        )
        raise CameraError(text)
    bin_x, bin_y = max(1, int(msg.binning_x)), max(1, int(msg.binning_y))
    return _resize(1 / bin_x, 1 / bin_y) @ _shift(x, y), width // bin_x, height // bin_y


def _shift(x: int, y: int) -> F64Array:
    return np.array([[1.0, 0.0, -x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]])


def _resize(sx: float, sy: float) -> F64Array:
    """Return u -> (u + 0.5) * s - 0.5 for both axes."""
    return np.array([[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5], [0.0, 0.0, 1.0]])


def _follow(pixels: F64Array, matrix: F64Array) -> list[float]:
    """Return a map of pixels applied after a projection matrix, row by row; zeros stay zeros."""
    moved = pixels @ matrix if matrix.any() else matrix
    return [float(value) for value in moved.ravel()]


def _field(msg: Any, name: str) -> Any:
    """Return a field of CameraInfo; ROS 1 writes D, K, R and P in capitals."""
    return getattr(msg, name) if hasattr(msg, name) else getattr(msg, name.upper())


def _matrix(msg: Any, name: str, columns: int) -> F64Array:
    values = np.asarray(_field(msg, name), np.float64)
    if values.size != 3 * columns:
        text = f"camera_info's {name.upper()} has {values.size} numbers; expected {3 * columns}"
        raise CameraError(text)
    return values.reshape(3, columns)
