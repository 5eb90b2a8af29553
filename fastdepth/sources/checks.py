"""Read a whole source once, and report everything that is wrong with it together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fastdepth.errors import FastDepthError, SourceError
from fastdepth.frame import Frame, IndexedSource

# What a typical (median) depth of a frame in metres may be: from a hand before the camera to a
# street. Millimetres taken for metres are far above it, metres taken for millimetres far below.
PLAUSIBLE_METRES = (0.1, 80.0)
# Rounding a resized frame to whole pixels changes its shape by less than this.
_SAME_SHAPE = 0.02
_SHOWN = 5

# What can be wrong with a frame, and how it is said.
FAULTS = {
    "unreadable": "cannot be read",
    "mismatching": "have image, depth and camera that do not fit together",
    "impossible": "have depth that is zero, negative or infinite instead of NaN",
    "without_depth": "have no depth",
    "all_invalid": "have depth without one valid pixel",
}


class Fault(NamedTuple):
    """What is wrong with a frame.

    Attributes:
        kind: one of FAULTS.
        number: of the frame, its index.
        detail: which frame, and what exactly.

    """

    kind: str
    number: int
    detail: str


class FrameFacts(NamedTuple):
    """What a check keeps of a frame.

    Attributes:
        fault: what is wrong with it, if anything.
        name: of the frame.
        median: of its valid depth, metres; NaN where there is none.
        valid: share of the depth's pixels that are valid.

    """

    fault: Fault | None
    name: str = ""
    median: float = float("nan")
    valid: float = 0.0


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        source: name of the source.
        frames: how many were read.
        faults: all of them, in the order of the frames.
        warnings: what is strange, but may be right.
        median_depth: median over the frames of their median depths, metres; NaN if none has any.
        valid_share: mean share of valid pixels, of the frames that have depth.

    """

    source: str
    frames: int
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]
    median_depth: float
    valid_share: float

    @property
    def counts(self) -> Counter[str]:
        """How many frames have a fault of each kind."""
        return Counter(fault.kind for fault in self.faults)

    def bad_indices(self, allow: Collection[str] = ()) -> list[int]:
        """Return the frames that cannot be used, but for faults that are allowed."""
        return [fault.number for fault in self.faults if fault.kind not in allow]

    def lines(self) -> list[str]:
        """Return the report as text: counts, and the first frames of each kind."""
        bad = len(self.faults)
        lines = [f"{self.source}: {self.frames} frames read, {bad} of them bad"]
        for kind, count in self.counts.items():
            lines.append(f"  {count} {FAULTS[kind]}:")
            of_kind = [fault.detail for fault in self.faults if fault.kind == kind]
            lines += [f"    {detail}" for detail in of_kind[:_SHOWN]]
            if count > _SHOWN:
                lines.append(f"    and {count - _SHOWN} more")
        return lines + [f"  warning: {warning}" for warning in self.warnings]


def check_source(
    source: IndexedSource,
    *,
    allow: Collection[str] = (),
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> CheckReport:
    """Read every frame of a source and say what is wrong with it, before anyone relies on it.

    Args:
        source: of frames with depth.
        allow: faults (of FAULTS) that are reported, but are no reason to refuse the source.
        threads: how many read in parallel; 0 takes the cores there are, 8 at most.
        progress: called with the number of frames read and of all.

    Returns:
        The report, with warnings where depth seems to be in another unit than metres.

    Raises:
        SourceError: there are no frames, or faults that are not allowed; it is the report's text.
        ValueError: a fault to allow is none of FAULTS.

    """
    unknown = set(allow) - set(FAULTS)
    if unknown:
        text = f"no faults {sorted(unknown)}; expected some of {sorted(FAULTS)}"
        raise ValueError(text)
    if not len(source):
        text = f"{source.name} has no frames"
        raise SourceError(text)
    facts = []
    executor = ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1), "check")
    try:
        for found in executor.map(lambda index: check_frame(source, index), range(len(source))):
            facts.append(found)
            if progress is not None:
                progress(len(facts), len(source))
    finally:
        executor.shutdown(cancel_futures=True)
    report = _report(source.name, facts)
    if report.bad_indices(allow):
        raise SourceError("\n".join([*report.lines(), "mend these frames or leave them out"]))
    return report


def check_frame(source: IndexedSource, index: int) -> FrameFacts:
    """Read a frame of a source and say what is wrong with it."""
    try:
        frame = source[index]
    except FastDepthError as err:
        return FrameFacts(Fault("unreadable", index, str(err)))
    kind, detail = _fault(frame)
    fault = Fault(kind, index, f"{frame.name}{detail and ': '}{detail}") if kind else None
    if frame.depth is None:
        return FrameFacts(fault, frame.name)
    valid = frame.depth[np.isfinite(frame.depth) & (frame.depth > 0)]
    median = float(np.median(valid)) if valid.size else float("nan")
    return FrameFacts(fault, frame.name, median, valid.size / max(1, frame.depth.size))


def _fault(frame: Frame) -> tuple[str, str]:
    """Return what is wrong with a frame (empty: nothing) and the details."""
    height, width = frame.image.shape[:2]
    camera, depth = frame.intrinsics, frame.depth
    if camera is not None and (camera.width, camera.height) != (width, height):
        return (
            "mismatching",
            f"image {width}x{height}, camera of {camera.width}x{camera.height}",
        )
    if depth is None:
        return "without_depth", ""
    if depth.ndim != 2 or not depth.size or not _same_shape(frame.image.shape, depth.shape):
        return "mismatching", f"image {width}x{height}, depth of shape {depth.shape}"
    known = depth[~np.isnan(depth)]
    if not known.size:
        return "all_invalid", ""
    impossible = int(np.count_nonzero(~(np.isfinite(known) & (known > 0))))
    return ("impossible", f"{impossible} pixels") if impossible else ("", "")


def _same_shape(image: tuple[int, ...], depth: tuple[int, ...]) -> bool:
    return abs(image[1] * depth[0] / (image[0] * depth[1]) - 1.0) <= _SAME_SHAPE


def _report(name: str, facts: list[FrameFacts]) -> CheckReport:
    measured = [one for one in facts if one.valid > 0]
    medians = [one.median for one in measured]
    low, high = PLAUSIBLE_METRES
    strange = [one for one in measured if not low <= one.median <= high]
    warnings = []
    if strange:
        shown = ", ".join(f"{one.name} {one.median:.3g} m" for one in strange[:_SHOWN])
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        warnings.append(
            f"{len(strange)} of {len(measured)} frames have a median depth outside {low:g} to "
            f"{high:g} m, is it in metres? {shown}{more}"
        )
    return CheckReport(
        name,
        len(facts),
        tuple(one.fault for one in facts if one.fault is not None),
        tuple(warnings),
        float(np.median(medians)) if medians else float("nan"),
        float(np.mean([one.valid for one in measured])) if measured else 0.0,
    )
