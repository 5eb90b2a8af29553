"""Accuracy of a model file: by protocol, by depth, under other conditions, on other cameras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fastdepth.camera import Intrinsics
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.breakdown import Breakdown
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.metrics import MetricMean
from fastdepth.protocols import FASTDEPTH_CUT, score
from results.conditions import CONDITIONS, Change

PROTOCOLS = ("fastdepth", "eigen")
NYU_CAMERA = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)


class Measured(NamedTuple):
    """A model on a source: mean metrics, by depth range, and each frame's RMSE by its index."""

    metrics: dict[str, float]
    ranges: list[dict[str, Any]]
    rmse: list[float]


def measure(
    model: Path,
    frames: Iterable[Frame],
    protocol: str,
    *,
    change: Change | None = None,
    camera_aware: bool = True,
) -> Measured:
    """Score a model file on frames with ground truth; nothing is aligned."""
    estimator = DepthEstimator.load(model, threads=1, camera_aware=camera_aware)
    mean, ranges, rmse = MetricMean(), Breakdown(), []
    for frame in frames:
        found = score(protocol, estimator.predict_frame, change(frame) if change else frame)
        mean.add(found.metrics)
        ranges.add(found.pair)
        rmse.append(found.metrics["rmse"])
    return Measured(mean.result(), ranges.ranges(), rmse)


def under_conditions(model: Path, frames: Iterable[Frame]) -> Iterator[dict[str, Any]]:
    """Yield RMSE and delta1 under each condition, with and without the camera's focal length."""
    for name, change in CONDITIONS.items():
        row: dict[str, Any] = {"condition": name}
        for key, aware in (("aware", True), ("unaware", False)):
            found = measure(model, frames, "full", change=change, camera_aware=aware).metrics
            row[key] = {metric: found[metric] for metric in ("rmse", "abs_rel", "delta1")}
        yield row


def predict_golden(model: Path, image: U8Array) -> F32Array:
    """Return the prediction for the golden frame, HxW metres at its own size.

    It is NYU's frame cut and squeezed as the protocol `fastdepth` does, so its camera is known.
    """
    cut = FASTDEPTH_CUT
    camera = NYU_CAMERA.crop(cut.x, cut.y, cut.width, cut.height)
    height, width = image.shape[:2]
    estimator = DepthEstimator.load(model, threads=1)
    return estimator.predict_frame(
        Frame(image, intrinsics=camera.resize(width, height), name="golden")
    ).frame_values()
