"""The fields of `sensor_msgs/CompressedImage`, as image_transport's plugins fill them."""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth import compressed_depth
from fastdepth.decoding import decode_picture
from fastdepth.errors import ImageError
from fastdepth.frame import F32Array
from fastdepth.messages.images import Pixels, millimetres_to_metres


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

    Reads a plain 16-bit PNG and what compressed_depth_image_transport makes with PNG.

    Returns:
        HxW float32 metres, NaN where there is no measurement.

    Raises:
        EncodingError: the format is another one (RVL, say).
        ImageError: the data is no picture, is damaged, or is not of 16 bits.

    """
    depth = compressed_depth.decode(msg.format, msg.data)
    return millimetres_to_metres(depth) if depth.dtype == np.uint16 else cast("F32Array", depth)


def _decode(data: Any, flags: int, form: str) -> NDArray[Any]:
    whole = bytes(data)
    array = decode_picture(whole, flags)
    if array is None:
        text = (
            f"the compressed image ({form!r}, {len(whole)} bytes) cannot be decoded; "
            "expected a whole JPEG or PNG"
        )
        raise ImageError(text)
    return array
