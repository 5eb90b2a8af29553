"""The fields of `sensor_msgs/Image`: pixels out of a message, pixels into a message."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import EncodingError, ImageError
from fastdepth.frame import F32Array, U8Array
from fastdepth.preprocess import PixelOrder

COLOUR_ENCODINGS: dict[str, tuple[PixelOrder, int]] = {
    "rgb8": ("rgb", 3),
    "bgr8": ("bgr", 3),
    "rgba8": ("rgba", 4),
    "bgra8": ("bgra", 4),
    "mono8": ("mono", 1),
}
"""Encodings read without a copy: encoding to channel order and bytes a pixel."""

DEPTH_ENCODINGS = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
"""Depth encodings (REP 118): 16-bit are millimetres with 0 invalid, 32FC1 is metres."""

_TO_RGB = {
    "bgr": cv2.COLOR_BGR2RGB,
    "rgba": cv2.COLOR_RGBA2RGB,
    "bgra": cv2.COLOR_BGRA2RGB,
    "mono": cv2.COLOR_GRAY2RGB,
}


class Pixels(NamedTuple):
    """The pixels of a message.

    Attributes:
        array: HxWxC uint8, HxW for `mono`; rows may be strided and the memory may be read-only.
        order: what the channels are.

    """

    array: U8Array
    order: PixelOrder


def decode_image(msg: Any) -> Pixels:
    """Look at the pixels of a `sensor_msgs/Image` without copying them.

    Args:
        msg: encoding rgb8, bgr8, rgba8, bgra8 or mono8; `step` may include padding.

    Returns:
        A view into `msg.data`, valid as long as the message is.

    Raises:
        EncodingError: the encoding is another one.
        ImageError: the size is zero, or `step` and `data` do not fit the size.

    """
    known = COLOUR_ENCODINGS.get(msg.encoding)
    if known is None:
        raise EncodingError(_unknown(msg.encoding, "an image", list(COLOUR_ENCODINGS)))
    order, channels = known
    view = _view(msg, np.dtype(np.uint8), channels)
    return Pixels(view, order)


def decode_depth(msg: Any) -> F32Array:
    """Return the depth in a `sensor_msgs/Image`.

    Args:
        msg: encoding 16UC1 or mono16 (millimetres, 0 invalid) or 32FC1 (metres), of either byte
            order; `step` may include padding.

    Returns:
        HxW float32 metres, NaN where there is no measurement (0, negative, infinite or NaN).

    Raises:
        EncodingError: the encoding is another one.
        ImageError: the size is zero, or `step` and `data` do not fit the size.

    """
    kind = DEPTH_ENCODINGS.get(msg.encoding)
    if kind is None:
        raise EncodingError(_unknown(msg.encoding, "depth", list(DEPTH_ENCODINGS)))
    raw = _view(msg, np.dtype((">" if msg.is_bigendian else "<") + kind), 1)
    return millimetres_to_metres(raw) if kind == "u2" else valid_metres(raw)


def millimetres_to_metres(raw: NDArray[Any]) -> F32Array:
    """Return millimetres of an unsigned type, 0 invalid, as float32 metres, NaN invalid."""
    return _only(np.divide(raw, np.float32(1000), dtype=np.float32), raw > 0)


def metres_to_millimetres(depth: F32Array) -> NDArray[np.uint16]:
    """Return metres as whole millimetres, 0 for what is no distance.

    What is farther than 16 bits can tell becomes the farthest that they can, 65.535 m; what is
    nearer than half a millimetre has no code but 0.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        millimetres = np.rint(depth * np.float32(1000))
        valid = (depth > 0) & (depth < np.inf)
    # fmin: whatever is not valid may be NaN here and must not be cast.
    limited = np.where(valid, np.fmin(millimetres, np.float32(65535)), np.float32(0))
    whole: NDArray[np.uint16] = limited.astype(np.uint16)
    return whole


def valid_metres(raw: NDArray[Any]) -> F32Array:
    """Return a float32 copy of metres with NaN for all that is no distance."""
    depth = raw.astype(np.float32)
    with np.errstate(invalid="ignore"):
        valid = (depth > 0) & (depth < np.inf)
    return _only(depth, valid)


def _only(depth: F32Array, valid: NDArray[np.bool_]) -> F32Array:
    """Return depth where it is valid, else NaN; eight times as fast as indexing with a mask."""
    only = np.full_like(depth, np.nan)
    cv2.copyTo(depth, valid.view(np.uint8), only)
    return only


def to_rgb(pixels: Pixels) -> U8Array:
    """Return pixels as contiguous HxWx3 RGB; those that are so already are not copied."""
    if pixels.order == "rgb":
        return np.ascontiguousarray(pixels.array)
    rgb: U8Array = cv2.cvtColor(pixels.array, _TO_RGB[pixels.order])
    return rgb


def depth_fields(depth: F32Array) -> dict[str, Any]:
    """Return the fields of a 32FC1 `sensor_msgs/Image` (all but the header).

    Args:
        depth: HxW metres, NaN invalid (REP 117, REP 118).

    """
    little = np.ascontiguousarray(depth, "<f4")
    return _image_fields("32FC1", little)


def depth_mm_fields(depth: F32Array) -> dict[str, Any]:
    """Return the fields of a 16UC1 `sensor_msgs/Image` (all but the header).

    Args:
        depth: HxW metres, NaN invalid; as millimetres 0 is invalid (REP 118).

    """
    return _image_fields("16UC1", metres_to_millimetres(depth).astype("<u2", copy=False))


def image_fields(rgb: U8Array) -> dict[str, Any]:
    """Return the fields of an rgb8 `sensor_msgs/Image` (all but the header).

    Args:
        rgb: HxWx3 uint8.

    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        msg = f"the image is {rgb.dtype} of shape {rgb.shape}; expected uint8 HxWx3"
        raise ImageError(msg)
    return _image_fields("rgb8", rgb)


def stamp_ns(header: Any) -> int:
    """Return the stamp of a `std_msgs/Header` in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def _image_fields(encoding: str, array: NDArray[Any]) -> dict[str, Any]:
    height, width = array.shape[:2]
    # bytes: rclpy takes them at once, an ndarray element by element.
    return {
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": 0,
        "step": array.nbytes // height,
        "data": array.tobytes(),
    }


def _view(msg: Any, dtype: np.dtype[Any], channels: int) -> NDArray[Any]:
    """Return the pixels of a message as HxW or HxWxC view that never leaves its data."""
    height, width, step = int(msg.height), int(msg.width), int(msg.step)
    if height < 1 or width < 1:
        text = f"the image message is {width}x{height} pixels; expected at least 1x1"
        raise ImageError(text)
    pixel = channels * dtype.itemsize
    if step < width * pixel:
        text = (
            f"the image message has a step of {step} bytes; expected at least {width * pixel} "
            f"for {width} pixels of {msg.encoding}"
        )
        raise ImageError(text)
    try:
        size = memoryview(msg.data).nbytes
    except TypeError as err:
        text = f"the image message's data is a {type(msg.data).__name__}; expected bytes"
        raise ImageError(text) from err
    # Some drivers leave the padding after the last row away.
    least, most = step * (height - 1) + width * pixel, step * height
    if not least <= size <= most:
        text = (
            f"the image message has {size} bytes of data; expected {most} for {height} rows with "
            f"a step of {step} ({'cut short' if size < least else 'wrong step or height'}?)"
        )
        raise ImageError(text)
    shape: tuple[int, ...] = (height, width)
    strides: tuple[int, ...] = (step, pixel)
    if channels > 1:
        shape, strides = (*shape, channels), (*strides, dtype.itemsize)
    view: NDArray[Any] = np.ndarray(shape, dtype, buffer=msg.data, strides=strides)
    return view


def _unknown(encoding: str, what: str, known: list[str]) -> str:
    return f"encoding {encoding!r} cannot be read as {what}; expected {', '.join(known)}"
