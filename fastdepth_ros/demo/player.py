"""Plays a bag over DDS at the speed it was recorded: bytes from the bag, bytes to the wire."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from threading import Event
from time import monotonic_ns
from typing import Any, NamedTuple

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

from fastdepth.bags import BagReader, Damage, RawMessage, TopicInfo
from fastdepth.errors import ImageError
from fastdepth.messages import decode_compressed, image_fields, to_rgb
from fastdepth_ros.demo.session import message_class

# Reliable is understood by reliable and by best-effort subscribers alike.
PLAY_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)

CLOCK = "/clock"
_TICK = 25_000_000  # nanoseconds between two times on /clock while no message is due

_COMPRESSED = "sensor_msgs/msg/CompressedImage"
# Late subscribers get this many latched messages at most (of /tf_static, say, from many nodes).
_MOST_LATCHED = 1000


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
    """Publishes topics of a bag, under their own names unless told otherwise."""

    def __init__(
        self,
        node: Node,
        reader: BagReader,
        topics: Collection[str],
        *,
        rate: float = 1.0,
        start: float = 0.0,
        clock: bool = False,
        remaps: Mapping[str, str] | None = None,
        decompress: bool = False,
        qos: QoSProfile = PLAY_QOS,
        on_damage: Callable[[Damage], None] | None = None,
    ) -> None:
        """Make a publisher for each topic; nothing is published yet.

        Args:
            node: whose publishers they are.
            reader: an open bag.
            topics: of the bag.
            rate: seconds of the bag played in one second.
            start: seconds of the bag to leave out at its beginning; of them, latched topics alone
                are published, at once.
            clock: publish the bag's time on /clock, before each message and between them.
            remaps: names to publish under, by topic of the bag.
            decompress: publish a CompressedImage as the Image it holds, under the name without
                `/compressed` (as image_transport's republish does).
            qos: of the publishers; latched topics are latched again.
            on_damage: told of each damaged part of the bag, after which playing goes on; damage is
                an error if None.

        Raises:
            FastDepthError: the messages of a topic are of a type that is not installed.
            ValueError: the rate is not positive.

        """
        if not rate > 0:
            msg = f"the rate is {rate}; expected a positive number"
            raise ValueError(msg)
        self._reader = reader
        self._rate = rate
        self._start = reader.start + round(start * 1e9)
        self._on_damage = on_damage
        self._begun: tuple[int, int] | None = None
        self._clock = node.create_publisher(Clock, CLOCK, PLAY_QOS) if clock else None
        self._outlets: dict[str, _Outlet] = {}
        for topic in map(reader.topic, topics):
            name = wire_name((remaps or {}).get(topic.name, topic.name))
            kind, convert = message_class(topic.type), _serialised
            if decompress and topic.type == _COMPRESSED:
                name, kind = name.removesuffix("/compressed"), Image
                convert = self._decompressed
            publisher = node.create_publisher(kind, name, _latching(qos, topic))
            self._outlets[topic.name] = _Outlet(publisher, convert)

    @property
    def wire_topics(self) -> dict[str, str]:
        """Topic of the bag to the full name it is published under."""
        return {name: outlet.publisher.topic_name for name, outlet in self._outlets.items()}

    def subscribers(self) -> dict[str, int]:
        """Return how many subscribers each topic has by now, by the name it is published under."""
        publishers = [outlet.publisher for outlet in self._outlets.values()]
        return {each.topic_name: each.get_subscription_count() for each in publishers}

    def has_subscribers(self) -> bool:
        """Return whether every topic has a subscriber by now."""
        return all(count > 0 for count in self.subscribers().values())

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
        self._begun = None
        if self._start > self._reader.start:
            self._publish_latched()
        played = list(self._outlets)
        for message in self._reader.raw(played, start=self._start, on_damage=self._on_damage):
            publisher, convert = self._outlets[message.topic]
            ready = convert(message)
            if self._begun is None:
                self._begun = (message.time, monotonic_ns())
            due = self._begun[1] + round((message.time - self._begun[0]) / self._rate)
            if not self._wait(due, message.time, stop):
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

    def _wait(self, due: int, time: int, stop: Event) -> bool:
        """Wait until a time of the bag is due, telling the time; return False where stopped."""
        clock = self._clock
        if clock is None:
            return not stop.wait(max(0, due - monotonic_ns()) / 1e9)
        while (left := due - monotonic_ns()) > 0:
            if stop.wait(min(left, _TICK) / 1e9):
                return False
            # What is not published yet is in the future: a late wakeup shall not tell of it.
            clock.publish(_clock(min(self.bag_time(monotonic_ns()), time)))
        clock.publish(_clock(time))
        return not stop.is_set()

    def _publish_latched(self) -> None:
        """Publish what late subscribers to the bag's beginning would still have got."""
        latched = [name for name in self._outlets if self._reader.topic(name).latched]
        if not latched:
            return
        for message in self._reader.raw(latched, stop=self._start, on_damage=self._on_damage):
            publisher, convert = self._outlets[message.topic]
            publisher.publish(convert(message))

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


def _latching(qos: QoSProfile, topic: TopicInfo) -> QoSProfile:
    """Return the QoS of a topic: that of all, for late subscribers too if it was latched."""
    if not topic.latched:
        return qos
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=max(1, min(topic.count, _MOST_LATCHED)),
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def _clock(time: int) -> Clock:
    message = Clock()
    message.clock.sec, message.clock.nanosec = divmod(time, 1_000_000_000)
    return message


def _serialised(raw: RawMessage) -> bytes:
    return bytes(raw.cdr)
