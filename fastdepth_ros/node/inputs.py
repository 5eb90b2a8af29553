"""What the node subscribes to while it is active."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from fastdepth_ros import topics
from fastdepth_ros.cdr import read_compressed, read_image, split_stamp
from fastdepth_ros.node.qos import subscribe_to
from fastdepth_ros.node.receiver import Inlet, Receiver
from fastdepth_ros.pipeline import DepthPipeline
from fastdepth_ros.settings import Settings


class Topics(NamedTuple):
    """Full names of what is subscribed to; the camera_info's is empty where there is none."""

    image: str
    camera_info: str


class Inputs:
    """The subscriptions to image and camera_info, served by a thread of their own."""

    def __init__(
        self,
        node: Node,
        pipeline: DepthPipeline,
        settings: Settings,
        tell: Callable[[str, str], None],
    ) -> None:
        """Subscribe.

        Args:
            node: whose subscriptions they are.
            pipeline: gets the messages.
            settings: which topics, and how they are read.
            tell: called with topic and sentence where nothing can come from a publisher.

        Raises:
            QosError: a QoS override is not possible.

        """
        self._node = node
        self._pipeline = pipeline
        self._last: tuple[bytes, Any] | None = None
        self._inlets: list[Inlet] = []
        has_info = settings.camera_info_policy != "file"
        image, name, take = topics.IMAGE, topics.IMAGE.name, self._take_image
        if settings.image_transport == "compressed":
            name = f"{node.resolve_topic_name(name)}/compressed"  # follows a remap, as its plugin
            image, take = topics.COMPRESSED_IMAGE, self._take_compressed
        try:
            if has_info:  # first, so that it is there when its image comes
                info = subscribe_to(
                    node, topics.CAMERA_INFO, topics.CAMERA_INFO.name, self._take_info, tell
                )
                self._inlets.append(Inlet(info, self._take_info))
            self._image: Subscription = subscribe_to(node, image, name, take, tell)
            self._inlets.append(Inlet(self._image, take))
        except BaseException:
            self._destroy()
            raise
        self.topics = Topics(
            str(self._image.topic_name),
            str(self._inlets[0].subscription.topic_name) if has_info else "",
        )
        self._receiver = Receiver(node, self._inlets)

    def close(self) -> None:
        """Take no more messages and unsubscribe."""
        self._receiver.stop()
        self._destroy()

    def _destroy(self) -> None:
        while self._inlets:
            self._node.destroy_subscription(self._inlets.pop().subscription)

    def _take_image(self, cdr: bytes) -> None:
        self._pipeline.receive(read_image(cdr))

    def _take_compressed(self, cdr: bytes) -> None:
        self._pipeline.receive(read_compressed(cdr))

    def _take_info(self, cdr: bytes) -> None:
        """Hand on a camera_info; the same object as long as nothing but its stamp changes."""
        split = split_stamp(cdr)
        if split is None:
            return
        stamp, rest = split
        if self._last is None or self._last[0] != rest:
            try:
                self._last = rest, deserialize_message(cdr, CameraInfo)
            except Exception as err:  # noqa: BLE001 - of the C layer
                self._node.get_logger().warning(f"a camera_info cannot be read: {err}")
                return
        self._pipeline.cameras.add(stamp, self._last[1])
