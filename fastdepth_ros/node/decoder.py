"""From image messages to pixels, where the core's own decoding does not reach too."""

from __future__ import annotations

import importlib
from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fastdepth.errors import EncodingError, ImageError
from fastdepth.messages import Pixels, decode_compressed, decode_image
from fastdepth_ros.cdr import CompressedView, DamagedView, ImageView


class ImageDecoder:
    """Decodes the common encodings without a copy, the others through cv_bridge where it works."""

    def __init__(self) -> None:
        """Import nothing yet: most cameras never need cv_bridge."""
        self._bridge: Any = None
        self._missing = ""

    def __call__(self, message: ImageView | CompressedView | DamagedView) -> Pixels:
        """Return the pixels of a message.

        Raises:
            EncodingError: neither the core nor cv_bridge can decode this encoding.
            ImageError: the message is damaged.

        """
        if isinstance(message, DamagedView):
            raise ImageError(message.reason)
        if isinstance(message, CompressedView):
            return decode_compressed(message)
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

    def _bridged(self, view: ImageView) -> Pixels:
        # cv_bridge trusts these fields.
        have, need = len(view.data), view.step * view.height
        if not view.width or not view.height or have < need:
            text = (
                f"the image is {view.width}x{view.height} with step {view.step} and {have} bytes; "
                f"expected at least 1x1 pixels and {need} bytes"
            )
            raise ImageError(text)
        try:
            rgb = self._bridge.imgmsg_to_cv2(_message(view), desired_encoding="rgb8")
        except Exception as err:  # its own error, or NumPy's
            text = f"cv_bridge cannot make rgb8 of encoding {view.encoding!r}: {err}"
            raise EncodingError(text) from err
        return Pixels(np.asarray(rgb, np.uint8), "rgb")


def _message(view: ImageView) -> Image:
    stamp = Time(sec=view.header.stamp.sec, nanosec=view.header.stamp.nanosec)
    return Image(
        header=Header(stamp=stamp, frame_id=view.header.frame_id),
        height=view.height,
        width=view.width,
        encoding=view.encoding,
        is_bigendian=view.is_bigendian,
        step=view.step,
        data=array("B", view.data),
    )
