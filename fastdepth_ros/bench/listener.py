"""Who listens to the nodes: when each depth image came, and what the nodes say of themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from fastdepth.bench.timing import Spread
from fastdepth_ros.cdr import split_stamp
from fastdepth_ros.node.receiver import Inlet, Receiver

_WINDOW = 128  # frames of which the node tells the latency


class Latency(NamedTuple):
    """A distribution of latencies, milliseconds.

    Attributes:
        median: of all.
        p95: 95 % are below it.
        p99: 99 % are below it.
        samples: how many.

    """

    median: float
    p95: float
    p99: float
    samples: int


def latency(milliseconds: Sequence[float]) -> Latency | None:
    """Return the distribution of some latencies; None where there are none."""
    if not milliseconds:
        return None
    median, p95, p99 = np.percentile(milliseconds, (50, 95, 99)).tolist()
    return Latency(median, p95, p99, len(milliseconds))


class Ear:
    """Listens to one node: to its depth and camera_info as bytes, and to its diagnostics.

    Attributes:
        ages: of the depth images when they came, milliseconds since the stamp of their image.
        values: the newest diagnostics.
        reports: how many of them came.

    """

    def __init__(self, node: Node, namespace: str) -> None:
        """Subscribe; diagnostics come by the executor of `node`, depth past it.

        Args:
            node: of this process.
            namespace: of the depth node.

        """
        self.ages: list[float] = []
        self.values: Mapping[str, str] = {}
        self.reports = 0
        self.first: float | None = None
        self._node = node
        depth = node.create_subscription(
            Image, f"{namespace}/depth/image_rect", self._take, 10, raw=True
        )
        info = node.create_subscription(
            CameraInfo, f"{namespace}/depth/camera_info", _ignore, 10, raw=True
        )
        self._said = node.create_subscription(
            DiagnosticArray, f"{namespace}/diagnostics", self._hear, 10
        )
        self._depths = (depth, info)
        self._receiver = Receiver(node, [Inlet(depth, self._take), Inlet(info, _ignore)])

    @property
    def is_active(self) -> bool:
        """Whether the node has said that it is at work."""
        return self.values.get("state") == "active"

    def counted(self) -> tuple[int, int, dict[str, int]]:
        """Return what the node has counted: received, published, and dropped by cause."""
        values = self.values
        dropped = {
            key.removeprefix("dropped."): int(value)
            for key, value in values.items()
            if key.startswith("dropped.") and int(value)
        }
        return int(values.get("received", 0)), int(values.get("published", 0)), dropped

    def processing(self) -> Latency | None:
        """Return the latency from receipt to publication, of the node's last 128 frames."""
        try:
            median, p95, p99 = (
                float(self.values[f"latency_{part}_ms"]) for part in ("median", "p95", "p99")
            )
            published = int(self.values["published"])
        except (KeyError, ValueError):
            return None
        return Latency(median, p95, p99, min(_WINDOW, published))

    def close(self) -> None:
        """Unsubscribe."""
        self._receiver.stop()
        for subscription in (*self._depths, self._said):
            self._node.destroy_subscription(subscription)

    def _take(self, cdr: bytes) -> None:
        now = time.time_ns()
        split = split_stamp(cdr)
        if split is not None:
            if self.first is None:
                self.first = 1e-9 * now
            self.ages.append(1e-6 * (now - split[0]))

    def _hear(self, message: DiagnosticArray) -> None:
        self.values = {pair.key: pair.value for pair in message.status[0].values}
        self.reports += 1


def _ignore(_cdr: bytes) -> None:
    pass


def spread_dict(values: Spread | Latency | None) -> dict[str, float] | None:
    """Return what goes into JSON."""
    return None if values is None else values._asdict()
