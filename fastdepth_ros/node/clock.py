"""The time of the node, for every frame."""

from __future__ import annotations

from time import monotonic, time_ns

from rclpy.node import Node

_LOOK_EVERY = 0.2  # seconds


class NodeClock:
    """Tells the time of a node's clock without rclpy's way there while it is the system's own.

    That way takes longer than all the counting and timing of a frame. Whether time is simulated may
    change with the parameter `use_sim_time`, so it is looked at again and again.
    """

    def __init__(self, node: Node) -> None:
        """Take the clock of a node."""
        self._clock = node.get_clock()
        self._is_simulated = True
        self._due = 0.0

    def now(self) -> int:
        """Return the time, nanoseconds; 0 from a simulated clock before its first message."""
        steady = monotonic()
        if steady >= self._due:
            self._due = steady + _LOOK_EVERY
            self._is_simulated = self._clock.ros_time_is_active
        return int(self._clock.now().nanoseconds) if self._is_simulated else time_ns()
