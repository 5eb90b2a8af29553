"""What is published of a frame, each only while somebody listens to it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import (
    CompressedImage,
    Image,
    PointCloud2,
    PointField,
)
from std_msgs.msg import Header, String

from fastdepth import compressed_depth
from fastdepth.camera import Intrinsics
from fastdepth.colour import colourise
from fastdepth.frame import U8Array
from fastdepth.messages import image_fields, metres_to_millimetres, to_rgb
from fastdepth.points import PointMaker
from fastdepth_ros import topics
from fastdepth_ros.node.moulds import DepthMoulds
from fastdepth_ros.node.qos import publish_on
from fastdepth_ros.pipeline import ClosedError, DepthResult
from fastdepth_ros.rig import Rig

_FARTHER = 1.01
"""compressedDepth loses what is not nearer than its depth_max."""
_LOOK_EVERY = 0.1
"""Seconds between two looks at who listens: six questions to the middleware for every frame cost
as much as its camera_info."""


class Outputs:
    """The publishers of depth.

    `publish` is called by the worker alone.
    """

    def __init__(self, node: Node, rig: Rig, tell: Callable[[str, str], None]) -> None:
        """Make the publishers.

        Args:
            node: whose publishers they are.
            rig: what is published.
            tell: called with topic and sentence where a subscription cannot be served.

        Raises:
            QosError: a QoS override is not possible.

        """
        self._node = node
        self._lock = Lock()  # destroying against counting, which another thread does
        self._made: list[Publisher] = []

        def make(topic: topics.Topic, name: str | None = None) -> Publisher:
            publisher = publish_on(node, topic, name or topic.name, tell)
            self._made.append(publisher)
            return publisher

        try:
            self._depth = make(topics.DEPTH_IMAGE)
            self._info = make(topics.DEPTH_INFO)
            beside = f"{self._depth.topic_name}/compressedDepth"  # follows a remap, as its plugin
            self._compressed = make(topics.DEPTH_COMPRESSED, beside)
            self._color = make(topics.DEPTH_COLOR)
            self._points = make(topics.POINTS)
            self._model = make(topics.MODEL)
        except BaseException:
            self.close()
            raise
        self._counted = (self._depth, self._info, self._compressed, self._color, self._points)
        self._cloud = PointMaker()
        self._moulds = DepthMoulds()
        self._heard: frozenset[Publisher] = frozenset()
        self._due = 0.0
        self.use(rig)

    @property
    def depth_topic(self) -> str:
        """Full name of the topic of the depth image."""
        return str(self._depth.topic_name)

    def use(self, rig: Rig) -> None:
        """Publish by other settings from the next frame on, and say so."""
        self._rig = rig
        self._model.publish(String(data=rig.description()))

    def listeners(self) -> int:
        """Return how many subscriptions there are to topics with depth on them."""
        with self._lock:
            if not self._made:
                return 0
            return sum(publisher.get_subscription_count() for publisher in self._counted)

    def has_listeners(self) -> bool:
        """Return whether there is any; for every frame, so it may be a moment late."""
        self._look()
        return bool(self._heard)

    def publish(self, result: DepthResult) -> None:
        """Publish what is listened to; raises what the middleware raises.

        Raises:
            ClosedError: the publishers are destroyed.

        """
        if not self._made:
            raise ClosedError
        self._look()
        rig, heard = self._rig, self._heard
        # Where it is not lazy a last message may be kept for whoever comes later.
        always = not rig.settings.lazy
        if result.info is not None and (always or self._info in heard):
            self._info.publish(self._moulds.camera_info(result))
        if always or self._depth in heard:
            self._depth.publish(self._moulds.image(result, rig.settings.depth_encoding))
        if self._compressed in heard:
            self._compressed.publish(_compressed(result, rig))
        if self._color in heard:
            near, far = rig.depth_range
            rgb = colourise(result.made.depth, near, far)
            self._color.publish(Image(header=_header(result), **_plain(image_fields(rgb))))
        camera = result.made.camera
        if camera is not None and self._points in heard:
            self._points.publish(self._point_cloud(result, camera, rig))

    def close(self) -> None:
        """Destroy the publishers."""
        with self._lock:
            while self._made:
                self._node.destroy_publisher(self._made.pop())

    def _look(self) -> None:
        """See who listens, unless that was done a moment ago."""
        now = monotonic()
        if now < self._due:
            return
        self._due = now + _LOOK_EVERY
        with self._lock:
            counted = self._counted if self._made else ()
            self._heard = frozenset(p for p in counted if p.get_subscription_count())

    def _point_cloud(self, result: DepthResult, camera: Intrinsics, rig: Rig) -> PointCloud2:
        rgb = _seen(result) if rig.settings.points_color else None
        fields = self._cloud.fields(result.made.depth, camera, rgb)
        parts = [PointField(**part) for part in fields.pop("fields")]
        return PointCloud2(header=_header(result), fields=parts, **_plain(fields))


def _compressed(result: DepthResult, rig: Rig) -> CompressedImage:
    depth, farthest = result.made.depth, _FARTHER * rig.depth_range[1]
    if rig.settings.depth_encoding == "32FC1":
        made = compressed_depth.encode(depth, depth_max=farthest)
    else:
        millimetres = metres_to_millimetres(depth)
        made = compressed_depth.encode_millimetres(millimetres, depth_max=farthest)
    return CompressedImage(header=_header(result), format=made.format, data=array("B", made.data))


def _seen(result: DepthResult) -> U8Array:
    """Return the part of the picture that the depth image shows, RGB."""
    return to_rgb(result.pixels._replace(array=result.pixels.array[result.made.view.seen.slices]))


def _header(result: DepthResult) -> Header:
    stamp = result.header.stamp
    return Header(stamp=Time(sec=stamp.sec, nanosec=stamp.nanosec), frame_id=result.header.frame_id)


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields whose data is an array.

    That is what rclpy takes at once in every distribution; Humble's checks other sequences element
    by element.
    """
    return fields | {"data": array("B", fields["data"])}
