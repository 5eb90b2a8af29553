"""The node's own way from a serialised image to pixels, and from depth to a serialised image.

`fastdepth bench pipeline` looks for this module by its name.
"""

from __future__ import annotations

from typing import Any

import cv2
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fastdepth.bench.pipeline import Kind, MessagePath
from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, U8Array
from fastdepth.geometry import Rect
from fastdepth.messages import Pixels
from fastdepth_ros.cdr import read_compressed, read_image
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.node.decoder import ImageDecoder
from fastdepth_ros.node.moulds import DepthMoulds
from fastdepth_ros.pipeline import DepthResult
from fastdepth_ros.processing import MadeDepth


def open_path(picture: U8Array, kind: Kind) -> MessagePath:
    """Return what the node does with the messages of a camera that shows this picture.

    Args:
        picture: HxWx3 RGB.
        kind: how its images come.

    """
    keep_memory()  # as the node does
    height, width = picture.shape[:2]
    header = Header(frame_id="camera")
    if kind == "raw":
        image = Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width)
        image.data = picture.tobytes()
        data = serialize_message(image)
    else:
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        jpeg = CompressedImage(header=header, format="rgb8; jpeg compressed bgr8")
        jpeg.data = cv2.imencode(".jpg", bgr)[1].tobytes()
        data = serialize_message(jpeg)
    info = _camera_info(header, width, height)
    moulds = DepthMoulds()

    def write(message: Any, pixels: Pixels, prediction: Prediction, depth: F32Array) -> object:
        view = prediction.geometry
        if depth.shape != prediction.values.shape:
            view = type(view)(width, height, Rect(0, 0, width, height), view.content)
        made = MadeDepth(depth, prediction.camera, view, prediction)
        result = DepthResult(message.header, pixels, made, info)
        return moulds.image(result, "32FC1"), moulds.camera_info(result)

    return MessagePath(
        "serialised ROS messages, read and written as the node does",
        data,
        read_image if kind == "raw" else read_compressed,
        ImageDecoder(),
        write,
    )


def _camera_info(header: Header, width: int, height: int) -> CameraInfo:
    f, cx, cy = 0.9 * width, (width - 1) / 2, (height - 1) / 2
    info = CameraInfo(header=header, height=height, width=width, d=[0.0] * 5)
    info.k = [f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0]
    info.p = [f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return info
