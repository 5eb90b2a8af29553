"""The evaluation of fastdepth.evaluation, of depth that a node publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fastdepth.card import ModelCard
from fastdepth.estimator import Prediction
from fastdepth.evaluation.options import Options
from fastdepth.evaluation.run import Evaluator, Opened
from fastdepth.evaluation.stream import Predicted
from fastdepth.frame import Frame
from fastdepth_ros.demo.accounting import NodeCounts, dropped_frames
from fastdepth_ros.live.pairs import LivePairs

_RUNNING = ("abs_rel", "rmse", "mae", "delta1")


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs the model, in the node's words."""

    description: str


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model that runs elsewhere.

    Attributes:
        card: its card.
        engine: what runs it.
        notes: what was asked of the engine and could not be had.
        pairs: where its depth arrives.
        file: of the model, as the node calls it.
        calibration: that the node applies, as metrics.json has it (`file`, `scale`, `offset`), or
            None.

    """

    card: ModelCard
    engine: Engine
    notes: tuple[str, ...]
    pairs: LivePairs
    file: str
    calibration: dict[str, Any] | None

    def begin_frame(self, frame: Frame) -> Callable[[], Prediction]:
        """Return what returns the depth that came for a frame."""
        return partial(self.pairs.predict_frame, frame)


class LiveEvaluator(Evaluator):
    """Scores frames as they arrive, by the rules of the offline evaluation."""

    def __init__(
        self, path: Path, options: Options, folder: Path, pairs: LivePairs, described: LiveModel
    ) -> None:
        """Prepare.

        Args:
            path: stands for the source; nothing is read from it.
            options: what to do.
            folder: an existing folder for frames.csv and depth.mcap.
            pairs: yields the frames.
            described: the model that makes the depth.

        """
        self._pairs = pairs
        self._described = described
        self._means: dict[str, float] = {"scored": 0}
        self.node_counts: NodeCounts | None = None
        super().__init__(path, options, folder)

    def running(self) -> dict[str, float]:
        """Return the means so far and how many frames were `scored`; safe on another thread."""
        return self._means

    def live(self) -> dict[str, Any]:
        """Return what only a live run shows: drops by cause, latency, rate, coverage."""
        return live_figures(self._pairs, self.node_counts)

    def _open(self, path: Path) -> Opened:
        del path
        return Opened(self._pairs, self._described, "")  # no file tells a live run from another

    def _take(self, item: Predicted) -> None:
        # Reading includes the wait for the camera, which says nothing.
        super()._take(item._replace(read_seconds=float("nan")))

    def _score(self, item: Predicted) -> dict[str, float]:
        values = super()._score(item)
        before, count = self._means, self._means["scored"] + 1
        means = {"scored": count}
        for key in _RUNNING:
            if key in values:
                mean = before.get(key, values[key])
                means[key] = mean + (values[key] - mean) / count
        self._means = means  # as a whole: another thread reads it
        return values

    def _account(self, total: int, *, stopped: bool) -> bool:
        """Count the images that became no frame; a live run is whole whenever it ends."""
        del total, stopped
        self._skipped.update(self._pairs.counts)
        return False

    def _calibration_figures(self) -> dict[str, Any] | None:
        return self._described.calibration

    def _figures(self, seconds: float, *, partial: bool) -> dict[str, Any]:
        figures = super()._figures(seconds, partial=partial)
        figures["rate"] = None  # that of the camera, not of the evaluation
        figures["live"] = live = self.live()
        figures["findings"] += sentences(live)
        return figures


def live_figures(pairs: LivePairs, counts: NodeCounts | None) -> dict[str, Any]:
    """Return drops by cause, end-to-end latency (ms), rate (Hz) and coverage of a live run."""
    images, latencies = pairs.arrived["image"], list(pairs.latencies)
    depths = len(latencies)
    rate = None
    if pairs.depth_times is not None and pairs.arrived["depth"] > 1:
        first, last = pairs.depth_times
        rate = (pairs.arrived["depth"] - 1) / max(1e-9, (last - first) / 1e9)
    latency = None
    if latencies:
        median, p95, most = np.percentile(latencies, (50, 95, 100))
        latency = {"median": float(median), "p95": float(p95), "max": float(most)}
    return {
        "images": images,
        "depths": depths,
        "dropped": dropped_frames(images, depths, counts),
        "latency_ms": latency,
        "rate_hz": rate,
        "coverage": pairs.compared / pairs.measured if pairs.measured else None,
    }


def sentences(live: Mapping[str, Any]) -> list[str]:
    """Return what a live run showed, in words."""
    lost = ", ".join(f"{count} {cause}" for cause, count in live["dropped"].items())
    dropped = f" (dropped: {lost})" if lost else ""
    text = f"Live, {live['depths']} of {live['images']} images came back as depth{dropped}"
    if live["latency_ms"] is not None:
        latency = live["latency_ms"]
        text += (
            f", {latency['median']:.1f} ms after the image arrived (median; 95 % within "
            f"{latency['p95']:.1f} ms)"
        )
    if live["rate_hz"] is not None:
        text += f", at {live['rate_hz']:.1f} a second"
    said = [f"{text}."]
    if live["coverage"] is not None and live["coverage"] < 1:
        said.append(
            f"The node published depth for {live['coverage']:.1%} of the pixels with ground truth; "
            "the others are not scored."
        )
    return said
