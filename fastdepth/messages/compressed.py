"""The fields of `sensor_msgs/CompressedImage`, as image_transport's plugins fill them."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import EncodingError, ImageError
from fastdepth.frame import F32Array
from fastdepth.messages.images import Pixels, millimetres_to_metres, valid_metres

_DEPTH_HEADER = struct.Struct("<iff")


def decode_compressed(msg: Any) -> Pixels:
    """Return the pixels of a `sensor_msgs/CompressedImage` (JPEG, PNG or what OpenCV reads).

    Raises:
        ImageError: the data is no picture or is damaged.

    """
    # Turning a picture by its EXIF tag would part it from its camera_info.
    array = _decode(msg.data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, msg.format)
    # compressed_image_transport marks pictures whose channels were stored unswapped.
    return Pixels(array, "rgb" if "compressed rgb" in msg.format else "bgr")


def decode_compressed_depth(msg: Any) -> F32Array:
    """Return the depth in a `sensor_msgs/CompressedImage`.

    Reads a plain 16-bit PNG and what compressed_depth_image_transport makes with PNG: 16UC1 as it
    is, 32FC1 as quantised inverse depth (depth = a / (value - b), a and b in front of the PNG).

    Returns:
        HxW float32 metres, NaN where there is no measurement.

    Raises:
        EncodingError: the format is another one (RVL, say).
        ImageError: the data is no picture, is damaged, or is not of 16 bits.

    """
    data = memoryview(msg.data).cast("B") if len(msg.data) else memoryview(b"")
    parameters = (0.0, 0.0)
    if "compressedDepth" in msg.format:
        if "rvl" in msg.format.lower():
            text = f"depth format {msg.format!r} cannot be read; expected PNG"
            raise EncodingError(text)
        if len(data) < _DEPTH_HEADER.size:
            text = f"the compressed depth has {len(data)} bytes; expected a header and a PNG"
            raise ImageError(text)
        parameters = _DEPTH_HEADER.unpack_from(data)[1:]
        data = data[_DEPTH_HEADER.size :]
    raw = _decode(data, cv2.IMREAD_UNCHANGED, msg.format)
    if raw.dtype != np.uint16 or raw.ndim != 2:
        text = f"the compressed depth is {raw.dtype} of shape {raw.shape}; expected 16-bit HxW"
        raise ImageError(text)
    if "compressedDepth" in msg.format and msg.format.startswith("32FC1"):
        a, b = parameters
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.float32(a) / (raw.astype(np.float32) - np.float32(b))
        depth[raw == 0] = np.nan
        return valid_metres(depth)
    return millimetres_to_metres(raw)


def _decode(data: Any, flags: int, form: str) -> NDArray[Any]:
    buffer = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    try:
        array = cv2.imdecode(buffer, flags) if buffer.size else None
    except cv2.error:
        array = None
    if array is None:
        text = (
            f"the compressed image ({form!r}, {buffer.size} bytes) cannot be decoded; "
            "expected a whole JPEG or PNG"
        )
        raise ImageError(text)
    decoded: NDArray[Any] = array
    return decoded
