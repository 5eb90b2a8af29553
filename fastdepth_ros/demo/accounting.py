"""What became of every frame that was played, and how long the others took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LOST_TO_NODE = "lost_before_node"
LOST_FROM_NODE = "lost_after_node"
UNKNOWN = "unaccounted"

_DROPPED = "dropped."


@dataclass(frozen=True, slots=True)
class NodeCounts:
    """The node's own counters, from its diagnostics.

    Attributes:
        received: frames that reached it.
        published: frames that left it as depth.
        dropped: frames that did not leave it, by cause; causes that never occurred are left out.

    """

    received: int
    published: int
    dropped: Mapping[str, int]

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> NodeCounts | None:
        """Read the counters among the values of a diagnostic status; None if they are not there."""
        if "received" not in values or "published" not in values:
            return None
        dropped = {
            key.removeprefix(_DROPPED): int(value)
            for key, value in values.items()
            if key.startswith(_DROPPED) and int(value) > 0
        }
        return cls(int(values["received"]), int(values["published"]), dropped)

    @property
    def in_flight(self) -> int:
        """Frames the node is still working on."""
        return self.received - self.published - sum(self.dropped.values())


def is_settled(reports: Sequence[NodeCounts], frames_in: int, frames_out: int) -> bool:
    """Return whether no further depth will come.

    Args:
        reports: of the node, made after the last frame was played; oldest first.
        frames_in: played.
        frames_out: depth images received.

    """
    if not reports or reports[-1].in_flight > 0:
        return False
    last = reports[-1]
    if last.received >= frames_in and last.published <= frames_out:
        return True
    # Some were lost on the way: nothing moves any more once two reports agree.
    return len(reports) > 1 and reports[-2] == last


def dropped_frames(frames_in: int, frames_out: int, counts: NodeCounts | None) -> dict[str, int]:
    """Return how many frames did not come out as depth, by cause; their sum is in minus out.

    Besides the causes that the node reports there are frames lost in the transport before and after
    it, and `unaccounted` for those nobody knows about (the node was stopped over them, say).
    """
    missing = frames_in - frames_out
    known = dict(counts.dropped) if counts is not None else {}
    if counts is not None:
        lost = {
            LOST_TO_NODE: max(0, frames_in - counts.received),
            LOST_FROM_NODE: max(0, counts.published - frames_out),
        }
        if sum(known.values()) + sum(lost.values()) <= missing:
            known |= {cause: number for cause, number in lost.items() if number}
    rest = missing - sum(known.values())
    if rest:
        known[UNKNOWN] = rest
    return known


def latencies_ms(published: Mapping[int, int], arrivals: Iterable[tuple[int, int]]) -> list[float]:
    """Return the time from publishing a frame to receiving its depth, milliseconds each.

    Args:
        published: stamp of a frame to when it was published, nanoseconds.
        arrivals: (stamp, when it was received) of each depth image, same clock; stamps that were
            never played are left out.

    """
    return [
        (received - published[stamp]) / 1e6 for stamp, received in arrivals if stamp in published
    ]


def summarise_ms(values: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile, rounded to a microsecond."""
    median, p95 = np.percentile(values, (50.0, 95.0))
    return {"median": round(float(median), 3), "p95": round(float(p95), 3)}
