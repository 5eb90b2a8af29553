"""What the project wants to reach, and whether one run of the benchmarks shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from fastdepth.bench.report import Table

Verdict = Literal["met", "not met", "not measured"]


class Aim(NamedTuple):
    """Something to be reached.

    Attributes:
        key: in the `aims` of its section.
        section: of the document (`model`, `pipeline`, `node`, `train`).
        words: what it says.
        limit: the value that may be reached but not passed.
        at_least: the value must not be below the limit, instead of not above it.
        unit: of the value.
        obstacle: the section of docs/performance.md (the anchor of its heading) that shows by
            measurement what stands in the way where the aim is not met.

    """

    key: str
    section: str
    words: str
    limit: float
    at_least: bool = False
    unit: str = "x"
    obstacle: str = ""


class Judged(NamedTuple):
    """An aim and what was measured of it."""

    aim: Aim
    value: float | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return {**self.aim._asdict(), "value": self.value, "verdict": self.verdict}


_FLOOR = "where-the-time-of-the-default-model-goes"
_TINY_8_BITS = "what-8-bits-do-for-the-tiny-model"
_NODE = "where-the-nodes-time-goes"
_LATENCY = "latency-under-load"
_MEMORY = "start-and-memory"
_CAMERAS = "one-process-a-camera-or-one-process-for-all"

AIMS = (
    Aim(
        "float_over_original", "model", "default float model: one-thread time of the original", 0.45
    ),
    Aim("float_over_pruned", "model", "default float model: time of fastdepth-pruned", 1.0),
    Aim(
        "float_over_floor",
        "model",
        "default float model: over the arithmetic floor",
        1.3,
        obstacle=_FLOOR,
    ),
    Aim(
        "int8_over_original",
        "model",
        "8-bit default: time of the original",
        0.30,
        obstacle=_FLOOR,
    ),
    Aim("tiny_over_original", "model", "tiny: time of the original", 0.15, obstacle=_FLOOR),
    Aim(
        "tiny_int8_over_original",
        "model",
        "tiny in 8 bits: time of the original",
        0.10,
        obstacle=_TINY_8_BITS,
    ),
    Aim(
        "cpu_over_inference",
        "node",
        "node: CPU a frame over bare inference (VGA, raw)",
        1.10,
        obstacle=_NODE,
    ),
    Aim(
        "latency_over_inference",
        "node",
        "node: median latency, receipt to publishing, over bare inference (30 Hz)",
        1.2,
        obstacle=_NODE,
    ),
    Aim(
        "latency_p95_over_median",
        "node",
        "node: p95 latency over the median at 70 % load",
        1.5,
        obstacle=_LATENCY,
    ),
    Aim(
        "avoidable_copies",
        "node",
        "node: copies of the input image that could be avoided",
        0,
        unit="",
        obstacle=_NODE,
    ),
    Aim(
        "first_depth_s",
        "node",
        "node: process start to first depth, warm page cache",
        2.0,
        unit="s",
        obstacle=_MEMORY,
    ),
    Aim("resident_mb", "node", "node: resident memory", 200.0, unit="MB", obstacle=_MEMORY),
    Aim(
        "cameras_cost_growth",
        "node",
        "node: CPU a frame with more cameras, over one camera",
        1.1,
        obstacle=_CAMERAS,
    ),
    Aim(
        "cameras_latency_bound",
        "node",
        "node: worst p95 latency with full cores, in frames",
        3.0,
        obstacle=_CAMERAS,
    ),
    Aim(
        "end_to_end",
        "train",
        "training: end to end over the bare step",
        0.90,
        at_least=True,
        obstacle="training",
    ),
)


def judge(document: Mapping[str, Any]) -> list[Judged]:
    """Return every aim with what a document says of it."""
    judged = []
    for aim in AIMS:
        value = document.get(aim.section, {}).get("aims", {}).get(aim.key)
        judged.append(Judged(aim, value, _verdict(aim, value)))
    return judged


def aims_table(judged: list[Judged], *, links: bool = False) -> Table:
    """Return the table of aims.

    Args:
        judged: the aims.
        links: in docs/performance.md: let what is not met lead to what stands in its way.

    """
    rows = []
    for aim, value, verdict in judged:
        sign = ">=" if aim.at_least else "<="
        measured = "" if value is None else f"{value:.3g} {aim.unit}".rstrip()
        said: str = verdict
        if links and verdict != "met" and aim.obstacle:
            said = f"{verdict}: [what stands in its way](#{aim.obstacle})"
        rows.append((aim.words, f"{sign} {aim.limit:g} {aim.unit}".rstrip(), measured, said))
    return Table("Aims", ("aim", "limit", "measured", ""), rows)


def _verdict(aim: Aim, value: float | None) -> Verdict:
    if value is None:
        return "not measured"
    reached = value >= aim.limit if aim.at_least else value <= aim.limit
    return "met" if reached else "not met"
