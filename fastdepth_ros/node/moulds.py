"""The two messages that leave with every frame, made as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from fastdepth.messages import camera_info_fields, metres_to_millimetres
from fastdepth_ros.cdr import Mould
from fastdepth_ros.pipeline import DepthResult
from fastdepth_ros.settings import DepthEncoding


class DepthMoulds:
    """Serialised depth images and their camera_info.

    From one frame to the next only stamp and depth change; the rest is serialised when it does.
    """

    def __init__(self) -> None:
        """Know no frame yet."""
        self._image: tuple[Any, Mould] | None = None
        self._info: tuple[Any, Any, Mould] | None = None

    def image(self, result: DepthResult, encoding: DepthEncoding) -> bytes:
        """Return the depth image (`sensor_msgs/Image`)."""
        depth = result.made.depth
        if encoding == "32FC1":
            values = np.ascontiguousarray(depth, "<f4")
        else:
            values = np.ascontiguousarray(metres_to_millimetres(depth), "<u2")
        height, width = depth.shape
        key = (result.header.frame_id, encoding, width, height)
        if self._image is None or self._image[0] != key:
            empty = Image(
                header=Header(frame_id=result.header.frame_id),
                height=height,
                width=width,
                encoding=encoding,
                step=values.strides[0],
            )
            self._image = key, Mould(serialize_message(empty), has_data=True)
        return self._image[1].cast(result.header.stamp, values.data.cast("B"))

    def camera_info(self, result: DepthResult) -> bytes:
        """Return the camera of the depth image (`sensor_msgs/CameraInfo`)."""
        height, width = result.made.depth.shape
        key = (result.header.frame_id, result.made.view, width, height)
        known = self._info
        if known is None or known[0] is not result.info or known[1] != key:
            fields = camera_info_fields(result.info, result.made.view, width, height)
            roi = RegionOfInterest(**fields.pop("roi"))
            header = Header(frame_id=result.header.frame_id)
            message = CameraInfo(header=header, roi=roi, **fields)
            known = result.info, key, Mould(serialize_message(message), has_data=False)
            self._info = known
        return known[2].cast(result.header.stamp)
