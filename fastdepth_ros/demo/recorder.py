"""Records topics into a bag as bytes, with the moment each message arrived."""

from __future__ import annotations

import struct
from collections.abc import Callable
from threading import Lock
from time import monotonic_ns
from typing import NamedTuple

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from fastdepth.bags import BagWriter
from fastdepth_ros.demo.session import message_class

# A deep queue: a recorder that is held up for a moment shall lose nothing.
RECORD_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.RELIABLE
)


class Arrival(NamedTuple):
    """A recorded message.

    Attributes:
        stamp: of its header, nanoseconds.
        received: nanoseconds of time.monotonic_ns.

    """

    stamp: int
    received: int


class Recorder:
    """Writes into one bag from several threads."""

    def __init__(self, writer: BagWriter, bag_time: Callable[[int], int]) -> None:
        """Record into an open bag.

        Args:
            writer: of the bag.
            bag_time: turns time.monotonic_ns into the time that is written for a message.

        """
        self._writer = writer
        self._bag_time = bag_time
        self._lock = Lock()
        self._arrivals: dict[str, list[Arrival]] = {}
        self._subscriptions: list[tuple[Node, Subscription]] = []
        self._stopped = False

    def subscribe(self, node: Node, topic: str, kind: str, qos: QoSProfile = RECORD_QOS) -> None:
        """Record a topic whose messages begin with a header, from now on.

        Args:
            node: whose subscription it is.
            topic: full name.
            kind: message type, sensor_msgs/msg/Image say.
            qos: of the subscription.

        """
        arrivals = self._arrivals.setdefault(topic, [])

        def take(cdr: bytes) -> None:
            received = monotonic_ns()
            with self._lock:
                if self._stopped:
                    return
                self._writer.write_raw(topic, kind, self._bag_time(received), cdr)
            arrivals.append(Arrival(header_stamp(cdr), received))

        made = node.create_subscription(message_class(kind), topic, take, qos, raw=True)
        self._subscriptions.append((node, made))

    def stop(self) -> None:
        """Record nothing more of the subscribed topics; `write` goes on working."""
        with self._lock:
            self._stopped = True

    def write(self, topic: str, kind: str, time: int, cdr: bytes | memoryview) -> None:
        """Write one message."""
        with self._lock:
            self._writer.write_raw(topic, kind, time, cdr)

    def arrivals(self, topic: str) -> list[Arrival]:
        """Return what has arrived on a subscribed topic so far."""
        return list(self._arrivals[topic])

    def has_publishers(self) -> bool:
        """Return whether every subscription has a publisher by now."""
        return all(_publishers(node, s) > 0 for node, s in self._subscriptions)


def header_stamp(cdr: bytes | memoryview) -> int:
    """Return the stamp (nanoseconds) of a serialised message that begins with a std_msgs/Header.

    CDR starts with four bytes that tell the byte order (DDSI-RTPS 2.5, 10.2); the header follows
    with its stamp: int32 seconds, uint32 nanoseconds.
    """
    order = "<" if cdr[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", cdr, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def _publishers(node: Node, subscription: Subscription) -> int:
    if hasattr(subscription, "get_publisher_count"):
        return int(subscription.get_publisher_count())
    return int(node.count_publishers(subscription.topic_name))  # Humble knows the graph alone
