"""Takes messages on a thread of its own, past the executor.

rclpy's executor builds its wait set anew for every callback, out of everything the node has, and is
woken several times for each message: at 30 images a second that costs more CPU than all else the
node does besides inference. This thread waits for its few subscriptions alone, in the way of
`rclpy.wait_for_message`; the executor is left with services and the clock. It also goes on
receiving, and counting, while a service call loads another model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node
from rclpy.subscription import Subscription

try:  # what rclpy.wait_for_message is built from; the executor serves where it is not to be had
    from rclpy.impl.implementation_singleton import rclpy_implementation

    _WAIT_SET: Any = rclpy_implementation.WaitSet
except (ImportError, AttributeError):
    _WAIT_SET = None

_EVENTS_EVERY = 0.5  # seconds; to wait for events with every message costs as much as waiting
_LONGEST_WAIT = 500_000_000  # nanoseconds; so that events are looked at where no message comes


class Inlet(NamedTuple):
    """A subscription to serialised messages and what takes them."""

    subscription: Subscription
    take: Callable[[bytes], None]


class Receiver:
    """Serves a few subscriptions until it is stopped."""

    def __init__(self, node: Node, inlets: Sequence[Inlet]) -> None:
        """Take the subscriptions over from the executor, where this rclpy allows that.

        Args:
            node: whose subscriptions they are.
            inlets: in the order in which they are looked at; their `take` is the callback of the
                subscription too.

        """
        self._node = node
        self._context = node.context
        self._inlets = inlets
        # With the executor their events would wake it for every message: the middleware has one
        # condition for both.
        self._events = [e for inlet in inlets for e in inlet.subscription.event_handlers]
        entities = [*(inlet.subscription for inlet in inlets), *self._events]
        self._groups = [(entity, entity.callback_group) for entity in entities]
        self._events_due = 0.0
        self._stopping = False
        self._thread: Thread | None = None
        if _WAIT_SET is None:
            return
        group = _NobodysGroup()
        try:
            self._wake = GuardCondition(lambda: None, group, self._context)
            sizes = (len(inlets), 1, 0, 0, 0, len(self._events))
            self._waits = _WAIT_SET(*sizes, self._context.handle)
        except TypeError:  # another signature
            return
        for entity in entities:
            entity.callback_group = group
        self._thread = Thread(target=self._run, name="depth-receiver", daemon=True)
        self._thread.start()

    @property
    def has_thread(self) -> bool:
        """Whether messages come past the executor."""
        return self._thread is not None

    def stop(self) -> None:
        """Take no more messages; the subscriptions can then be destroyed."""
        if self._thread is None:
            return
        self._stopping = True
        self._wake.trigger()
        self._thread.join()
        self._wake.destroy()

    def _run(self) -> None:
        try:
            while not self._stopping and self._context.ok():
                self._serve()
        except Exception as err:  # noqa: BLE001 - of the C layer
            if self._stopping or not self._context.ok():
                return
            for entity, group in self._groups:
                entity.callback_group = group
            if self._node.executor is not None:
                self._node.executor.wake()
            reason = f"the receiving thread failed ({err}); the executor takes over"
            self._node.get_logger().error(reason)

    def _serve(self) -> None:
        waits = self._waits
        waits.clear_entities()
        for inlet in self._inlets:
            waits.add_subscription(inlet.subscription.handle)
        events = self._events_now()
        for event in events:
            event.add_to_wait_set(waits)
        waits.add_guard_condition(self._wake.handle)
        waits.wait(_LONGEST_WAIT)
        ready = waits.get_ready_entities("subscription")
        for subscription, take in self._inlets:
            if subscription.handle.pointer in ready:
                taken = subscription.handle.take_message(subscription.msg_type, True)
                if taken is not None:
                    take(taken[0])
        for event in events:
            if event.is_ready(waits):
                event.callback(event.take_data())

    def _events_now(self) -> Sequence[Any]:
        """Return the events to be waited for this time."""
        now = monotonic()
        if now < self._events_due:
            return ()
        self._events_due = now + _EVENTS_EVERY
        return self._events


class _NobodysGroup(CallbackGroup):  # type: ignore[misc]  # rclpy has no types
    """Keeps the executor away from what is in it."""

    def can_execute(self, entity: Any) -> bool:
        del entity
        return False

    def beginning_execution(self, entity: Any) -> bool:
        del entity
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""
