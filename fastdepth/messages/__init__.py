"""Decode and fill ROS messages by field, without ROS.

The same code serves the messages of rclpy (in the node) and of rosbags (in a bag, ROS 2 or ROS 1):
only the fields are looked at, never the class.
"""

from fastdepth.messages.cameras import camera_from_info, camera_info_fields, intrinsics_fields
from fastdepth.messages.compressed import decode_compressed, decode_compressed_depth
from fastdepth.messages.images import (
    COLOUR_ENCODINGS,
    DEPTH_ENCODINGS,
    Pixels,
    decode_depth,
    decode_image,
    depth_fields,
    depth_mm_fields,
    image_fields,
    metres_to_millimetres,
    stamp_ns,
    to_rgb,
)

__all__ = [
    "COLOUR_ENCODINGS",
    "DEPTH_ENCODINGS",
    "Pixels",
    "camera_from_info",
    "camera_info_fields",
    "decode_compressed",
    "decode_compressed_depth",
    "decode_depth",
    "decode_image",
    "depth_fields",
    "depth_mm_fields",
    "image_fields",
    "intrinsics_fields",
    "metres_to_millimetres",
    "stamp_ns",
    "to_rgb",
]
