"""QoS that can be overridden, and a word where it does not fit."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription

from fastdepth.errors import SettingError
from fastdepth_ros.topics import Qos, Topic

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

OVERRIDABLE = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)


class QosError(SettingError):
    """A QoS override is not possible."""


def message_type(topic: Topic) -> Any:
    """Return the class of a topic's messages."""
    package, _, name = topic.type.rpartition("/")
    return getattr(import_module(package.replace("/", ".")), name)


def publish_on(node: Node, topic: Topic, name: str, tell: Callable[[str, str], None]) -> Publisher:
    """Make a publisher.

    Args:
        node: whose publisher it is.
        topic: what it is for.
        name: of the topic.
        tell: called with the full name of the topic and a sentence where a subscription cannot be
            served.

    Raises:
        QosError: an override is not possible.

    """
    events = PublisherEventCallbacks(
        incompatible_qos=lambda event: tell(name, _remedy(node, name, "publisher", event))
    )
    return _made(
        name,
        lambda: node.create_publisher(
            message_type(topic),
            name,
            profile(topic.qos),
            event_callbacks=events,
            qos_overriding_options=QoSOverridingOptions(OVERRIDABLE),
        ),
    )


def subscribe_to(
    node: Node,
    topic: Topic,
    name: str,
    take: Callable[[bytes], None],
    tell: Callable[[str, str], None],
) -> Subscription:
    """Make a subscription to serialised messages.

    Args:
        node: whose subscription it is.
        topic: what it is for.
        name: of the topic.
        take: called with each serialised message.
        tell: called with the full name of the topic and a sentence where nothing can come from a
            publisher.

    Raises:
        QosError: an override is not possible.

    """
    events = SubscriptionEventCallbacks(
        incompatible_qos=lambda event: tell(name, _remedy(node, name, "subscription", event))
    )
    return _made(
        name,
        lambda: node.create_subscription(
            message_type(topic),
            name,
            take,
            profile(topic.qos),
            event_callbacks=events,
            qos_overriding_options=QoSOverridingOptions(OVERRIDABLE),
            raw=True,
        ),
    )


def profile(qos: Qos) -> QoSProfile:
    """Return the profile for rclpy."""
    return QoSProfile(
        depth=qos.depth,
        reliability=ReliabilityPolicy[qos.reliability.upper()],
        durability=DurabilityPolicy[qos.durability.upper()],
    )


def _made(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (ParameterException, InvalidQosOverridesError, RuntimeError, ValueError) as err:
        # rclpy says so by a plain RuntimeError; those of the C layer are subclasses.
        if isinstance(err, RuntimeError) and type(err) is not RuntimeError:
            raise
        msg = f"the QoS of {name} cannot be overridden so: {' '.join(str(err).split())}"
        raise QosError(msg) from err


_MENDING = {
    ("publisher", "RELIABILITY"): "reliable",
    ("publisher", "DURABILITY"): "transient_local",
    ("subscription", "RELIABILITY"): "best_effort",
    ("subscription", "DURABILITY"): "volatile",
}


def _remedy(node: Node, name: str, entity: str, event: Any) -> str:
    """Return what does not fit and which parameter mends it."""
    resolved = node.resolve_topic_name(name)
    policy = qos_policy_name_from_kind(event.last_policy_kind)
    what = (
        f"a subscription to {resolved} asks for a {policy} that this node does not offer, so it "
        "gets nothing"
        if entity == "publisher"
        else f"a publisher on {resolved} offers a {policy} that this node does not take, so "
        "nothing comes from it"
    )
    mending = _MENDING.get((entity, policy))
    if mending is None:
        return f"{what}; change its QoS"
    parameter = f"qos_overrides.{resolved}.{entity}.{policy.lower()}:={mending}"
    return f"{what}; change its QoS, or start this node with -p {parameter}"
