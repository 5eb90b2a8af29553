"""Plays a bag over DDS at the speed it was recorded: bytes from the bag, bytes to the wire."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from threading import Event
from time import monotonic_ns
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from fastdepth.bags import BagReader, RawMessage
from fastdepth.errors import ImageError
from fastdepth.messages import decode_compressed, image_fields, to_rgb
from fastdepth_ros.demo.session import message_class

# Reliable is understood by reliable and by best-effort subscribers alike.
PLAY_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)

_COMPRESSED = "sensor_msgs/msg/CompressedImage"


class Played(NamedTuple):
    """A message of the bag and when it was published.

    Attributes:
        message: as it is in the bag.
        published: just before it was published, nanoseconds of time.monotonic_ns.

    """

    message: RawMessage
    published: int


class _Outlet(NamedTuple):
    publisher: Publisher
    convert: Callable[[RawMessage], Any]


class Player:
    """Publishes topics of a bag under their own names."""

    def __init__(
        self,
        node: Node,
        reader: BagReader,
        topics: Collection[str],
        *,
        rate: float = 1.0,
        decompress: bool = False,
        qos: QoSProfile = PLAY_QOS,
    ) -> None:
        """Make a publisher for each topic; nothing is published yet.

        Args:
            node: whose publishers they are.
            reader: an open bag.
            topics: of the bag.
            rate: seconds of the bag played in one second.
            decompress: publish a CompressedImage as the Image it holds, under the name without
                `/compressed` (as image_transport's republish does).
            qos: of the publishers.

        Raises:
            FastDepthError: the messages of a topic are of a type that is not installed.
            ValueError: the rate is not positive.

        """
        if not rate > 0:
            msg = f"the rate is {rate}; expected a positive number"
            raise ValueError(msg)
        self._reader = reader
        self._rate = rate
        self._begun: tuple[int, int] | None = None
        self._outlets: dict[str, _Outlet] = {}
        for topic in map(reader.topic, topics):
            name, kind, convert = wire_name(topic.name), message_class(topic.type), _serialised
            if decompress and topic.type == _COMPRESSED:
                name, kind = name.removesuffix("/compressed"), Image
                convert = self._decompressed
            self._outlets[topic.name] = _Outlet(node.create_publisher(kind, name, qos), convert)

    @property
    def wire_topics(self) -> dict[str, str]:
        """Topic of the bag to the full name it is published under."""
        return {name: outlet.publisher.topic_name for name, outlet in self._outlets.items()}

    def has_subscribers(self) -> bool:
        """Return whether every topic has a subscriber by now."""
        return all(o.publisher.get_subscription_count() > 0 for o in self._outlets.values())

    def play(self, stop: Event | None = None) -> Iterator[Played]:
        """Publish every message when it is due, and yield it right after.

        What is late (the consumer of this iterator was slow, say) is published at once.

        Args:
            stop: ends the playing when set.

        Raises:
            BagError: the bag is damaged.
            ImageError: a picture that is to be decompressed is damaged.

        """
        stop = stop or Event()
        for message in self._reader.raw(list(self._outlets)):
            publisher, convert = self._outlets[message.topic]
            ready = convert(message)
            now = monotonic_ns()
            if self._begun is None:
                self._begun = (message.time, now)
            due = self._begun[1] + round((message.time - self._begun[0]) / self._rate)
            if stop.wait(max(0, due - now) / 1e9):
                return
            published = monotonic_ns()
            publisher.publish(ready)
            yield Played(message, published)

    def bag_time(self, monotonic: int) -> int:
        """Return the time on the bag's clock (nanoseconds) at a moment of time.monotonic_ns.

        Raises:
            ValueError: nothing has been played yet.

        """
        if self._begun is None:
            msg = "the bag's clock starts with the first message played"
            raise ValueError(msg)
        return self._begun[0] + round((monotonic - self._begun[1]) * self._rate)

    def _decompressed(self, raw: RawMessage) -> Image:
        compressed = self._reader.decode(raw)
        try:
            fields = image_fields(to_rgb(decode_compressed(compressed)))
        except ImageError as err:
            msg = f"{self._reader.path}: message on {raw.topic} at {raw.time} ns: {err}"
            raise ImageError(msg) from err
        image = Image(**(fields | {"data": array("B", fields["data"])}))
        image.header.frame_id = compressed.header.frame_id
        image.header.stamp.sec = compressed.header.stamp.sec
        image.header.stamp.nanosec = compressed.header.stamp.nanosec
        return image


def wire_name(topic: str) -> str:
    """Return the full name of a topic of a bag; ROS 1 bags leave the leading slash out."""
    return topic if topic.startswith("/") else f"/{topic}"


def _serialised(raw: RawMessage) -> bytes:
    return bytes(raw.cdr)
