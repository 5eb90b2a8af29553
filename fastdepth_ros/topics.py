"""The topics of the node: names, types, QoS and when there is something on them."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Qos(NamedTuple):
    """A QoS profile; every value may be overridden by `qos_overrides` parameters.

    Attributes:
        reliability: a best-effort subscription takes from every publisher, a reliable publisher
            serves every subscription (REP 2003).
        depth: how many messages are kept.
        durability: `transient_local` delivers the last messages to late subscribers too.

    """

    reliability: Literal["best_effort", "reliable"]
    depth: int
    durability: Literal["volatile", "transient_local"] = "volatile"


class Topic(NamedTuple):
    """A topic.

    Attributes:
        name: relative to the node's namespace; may be remapped.
        type: of its messages.
        qos: unless overridden.
        description: what is on it, and when.

    """

    name: str
    type: str
    qos: Qos
    description: str


SENSOR = Qos("best_effort", 5)
DEPTH = Qos("reliable", 5)
LATCHED = Qos("reliable", 1, "transient_local")

IMAGE = Topic(
    "image",
    "sensor_msgs/msg/Image",
    SENSOR,
    "The camera's image, with `image_transport` raw: rgb8, bgr8, rgba8, bgra8, mono8; others "
    "through cv_bridge where it is installed.",
)
COMPRESSED_IMAGE = Topic(
    "image/compressed",
    "sensor_msgs/msg/CompressedImage",
    SENSOR,
    "The same as JPEG or PNG, with `image_transport` compressed; follows a remap of `image`.",
)
CAMERA_INFO = Topic(
    "camera_info",
    "sensor_msgs/msg/CameraInfo",
    SENSOR,
    "The camera of the image, unless `camera_info_policy` is file.",
)
INPUTS = (IMAGE, COMPRESSED_IMAGE, CAMERA_INFO)

DEPTH_IMAGE = Topic(
    "depth/image_rect",
    "sensor_msgs/msg/Image",
    DEPTH,
    "Depth along the optical axis with the image's own header; 32FC1 metres, NaN invalid (or "
    "16UC1 millimetres, 0 invalid: `depth_encoding`).",
)
DEPTH_INFO = Topic(
    "depth/camera_info",
    "sensor_msgs/msg/CameraInfo",
    DEPTH,
    "The camera of the depth image, with the same header; K and P follow its size.",
)
DEPTH_COMPRESSED = Topic(
    "depth/image_rect/compressedDepth",
    "sensor_msgs/msg/CompressedImage",
    DEPTH,
    "The depth image as image_transport's compressedDepth (PNG); follows a remap of "
    "`depth/image_rect`.",
)
DEPTH_COLOR = Topic(
    "depth/image_color",
    "sensor_msgs/msg/Image",
    DEPTH,
    "The depth image in colours (rgb8): one fixed range, near bright, far dark, invalid grey.",
)
POINTS = Topic(
    "depth/points",
    "sensor_msgs/msg/PointCloud2",
    DEPTH,
    "Organised cloud of the depth image's pixels in the optical frame, with `rgb` unless "
    "`points_color` is off; needs camera_info.",
)
MODEL = Topic(
    "depth/model",
    "std_msgs/msg/String",
    LATCHED,
    "JSON: name, version, unit, valid range, engine and the whole model card; latched.",
)
DIAGNOSTICS = Topic(
    "/diagnostics",
    "diagnostic_msgs/msg/DiagnosticArray",
    Qos("reliable", 10),
    "Once a second, in every state.",
)
DEPTH_OUTPUTS = (DEPTH_IMAGE, DEPTH_INFO, DEPTH_COMPRESSED, DEPTH_COLOR, POINTS)
OUTPUTS = (*DEPTH_OUTPUTS, MODEL, DIAGNOSTICS)
