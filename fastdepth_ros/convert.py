"""Between ROS messages and arrays where the core's own decoding does not reach."""

from __future__ import annotations

import importlib
from array import array
from typing import Any

import numpy as np
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest

from fastdepth.errors import EncodingError, ImageError
from fastdepth.messages import Pixels, decode_image
from fastdepth_ros.pipeline import DepthResult


class ImageDecoder:
    """Decodes the common encodings without a copy, the others through cv_bridge where it works."""

    def __init__(self) -> None:
        """Import nothing yet: most cameras never need cv_bridge."""
        self._bridge: Any = None
        self._missing = ""

    def __call__(self, message: Image) -> Pixels:
        """Return the pixels of a message.

        Raises:
            EncodingError: neither the core nor cv_bridge can decode this encoding.
            ImageError: the message is damaged.

        """
        try:
            return decode_image(message)
        except EncodingError as err:
            if not self._load():
                text = f"{err}; cv_bridge, which reads others, is not usable here ({self._missing})"
                raise EncodingError(text) from err
            return self._bridged(message)

    def _load(self) -> bool:
        if self._bridge is None and not self._missing:
            try:
                self._bridge = importlib.import_module("cv_bridge").CvBridge()
            except Exception as err:  # noqa: BLE001 - built for another NumPy it fails in many ways
                self._missing = f"{type(err).__name__}: {err}"
        return self._bridge is not None

    def _bridged(self, message: Image) -> Pixels:
        # cv_bridge trusts these fields.
        have, need = len(message.data), message.step * message.height
        if not message.width or not message.height or have < need:
            text = (
                f"the image is {message.width}x{message.height} with step {message.step} and "
                f"{have} bytes; expected at least 1x1 pixels and {need} bytes"
            )
            raise ImageError(text)
        try:
            rgb = self._bridge.imgmsg_to_cv2(message, desired_encoding="rgb8")
        except Exception as err:  # its own error, or NumPy's
            text = f"cv_bridge cannot make rgb8 of encoding {message.encoding!r}: {err}"
            raise EncodingError(text) from err
        return Pixels(np.asarray(rgb, np.uint8), "rgb")


def depth_message(result: DepthResult) -> Image:
    """Return the depth image of a result, with the header of the image it was made from."""
    # An array is what rclpy takes at once in every distribution; Humble's checks other sequences
    # element by element.
    data = array("B")
    data.frombytes(result.image["data"])
    return Image(header=result.header, **(result.image | {"data": data}))


def camera_info_message(result: DepthResult) -> CameraInfo | None:
    """Return the camera_info of a result's depth image, or None where the camera is unknown."""
    if result.camera_info is None:
        return None
    roi = RegionOfInterest(**result.camera_info["roi"])
    return CameraInfo(header=result.header, **(result.camera_info | {"roi": roi}))
