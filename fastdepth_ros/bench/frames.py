"""The messages of a camera that looks at one picture, ready to be stamped and sent."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fastdepth.frame import U8Array
from fastdepth_ros.cdr import Mould, Stamp

Kind = Literal["raw", "compressed"]

WIDTH, HEIGHT = 640, 480
K = (525.0, 525.0, 319.5, 239.5)
FRAME_ID = "camera_color_optical_frame"
_SPOTS = (12, 16)
_NOISE = 6


def picture(width: int = WIDTH, height: int = HEIGHT) -> U8Array:
    """Return an RGB picture with soft shapes and a little noise, as a camera's are."""
    rng = np.random.default_rng(0)
    spots = rng.integers(0, 256, (*_SPOTS, 3), np.uint8)
    smooth = cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noisy = smooth + rng.integers(-_NOISE, _NOISE + 1, smooth.shape, np.int16)
    rgb: U8Array = np.clip(noisy, 0, 255).astype(np.uint8)
    return rgb


class CameraMessages:
    """Serialised images and camera_info that differ in their stamps alone."""

    def __init__(self, kind: Kind, width: int = WIDTH, height: int = HEIGHT) -> None:
        """Make the moulds.

        Args:
            kind: of the images: `raw` (rgb8) or `compressed` (JPEG).
            width: of the picture, pixels.
            height: of the picture, pixels.

        """
        rgb, header = picture(width, height), Header(frame_id=FRAME_ID)
        if kind == "raw":
            self._data = rgb.tobytes()
            empty = Image(
                header=header, width=width, height=height, encoding="rgb8", step=3 * width
            )
        else:
            self._data = cv2.imencode(".jpg", rgb[..., ::-1])[1].tobytes()
            empty = CompressedImage(header=header, format="rgb8; jpeg compressed bgr8")
        self._image = Mould(serialize_message(empty), has_data=True)
        fx, fy, cx, cy = K
        info = CameraInfo(
            header=header,
            width=width,
            height=height,
            distortion_model="plumb_bob",
            d=[0.0] * 5,
            k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
            p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
        )
        self._info = Mould(serialize_message(info), has_data=False)

    @property
    def size(self) -> int:
        """Bytes of the picture in a message."""
        return len(self._data)

    def image(self, stamp: Stamp) -> bytes:
        """Return an image."""
        return self._image.cast(stamp, self._data)

    def camera_info(self, stamp: Stamp) -> bytes:
        """Return its camera_info."""
        return self._info.cast(stamp)
