"""What a bag holds: its topics, its messages as they are stored, and where it is damaged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from rosbags.interfaces import Connection, ConnectionExtRosbag1, QosDurability


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic of a bag.

    Attributes:
        name: of the topic.
        type: of its messages, as `package/msg/Name` (also for ROS 1).
        count: of its messages.
        latched: whether it was offered to late subscribers (transient local, or latched in ROS 1).

    """

    name: str
    type: str
    count: int
    latched: bool = False


class RawMessage(NamedTuple):
    """A serialised message.

    Attributes:
        topic: its name.
        type: as `package/msg/Name`.
        time: when it was received, nanoseconds.
        cdr: the message in ROS 2's serialisation (ROS 1 messages are converted).

    """

    topic: str
    type: str
    time: int
    cdr: bytes | memoryview


class Damage(NamedTuple):
    """A part of a bag that cannot be read.

    Attributes:
        start: time of the last message before it, nanoseconds; the bag's start if there is none.
        end: time of the first message after it; the bag's end if there is none.
        reason: what is wrong there.

    """

    start: int
    end: int
    reason: str


def topics_of(connections: Iterable[Connection]) -> list[TopicInfo]:
    """Return the topics of a bag by name; several connections can be of one topic."""
    topics: dict[str, TopicInfo] = {}
    for connection in connections:
        before = topics.get(connection.topic, TopicInfo(connection.topic, connection.msgtype, 0))
        topics[connection.topic] = replace(
            before,
            count=before.count + connection.msgcount,
            latched=before.latched or _latched(connection),
        )
    return [topics[name] for name in sorted(topics)]


def _latched(connection: Connection) -> bool:
    if isinstance(connection.ext, ConnectionExtRosbag1):
        return bool(connection.ext.latching)
    profiles = connection.ext.offered_qos_profiles
    return any(profile.durability == QosDurability.TRANSIENT_LOCAL for profile in profiles)
