"""Listens to what the node says about itself."""

from __future__ import annotations

from time import monotonic_ns

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from fastdepth_ros.demo.accounting import NodeCounts


class DiagnosticsListener:
    """Keeps the counters of every report of a depth node."""

    def __init__(self, node: Node, topic: str = "/diagnostics") -> None:
        """Subscribe.

        Args:
            node: whose subscription it is.
            topic: full name.

        """
        self._reports: list[tuple[int, NodeCounts]] = []
        self._subscription = node.create_subscription(DiagnosticArray, topic, self._take, 10)

    def since(self, monotonic: int) -> list[NodeCounts]:
        """Return the reports that came after a moment of time.monotonic_ns, oldest first."""
        return [counts for received, counts in list(self._reports) if received > monotonic]

    def latest(self) -> NodeCounts | None:
        """Return the last report, or None if none came."""
        return self._reports[-1][1] if self._reports else None

    def _take(self, message: DiagnosticArray) -> None:
        received = monotonic_ns()
        for status in message.status:
            counts = NodeCounts.from_values({item.key: item.value for item in status.values})
            if counts is not None:
                self._reports.append((received, counts))
