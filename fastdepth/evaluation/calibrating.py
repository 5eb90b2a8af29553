"""Fit a field calibration to a recording, and measure what it gains on other frames of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from fastdepth.calibration import Calibration, FittedOn, Gain, model_name
from fastdepth.correction import Correction, Fit, fit_scale, fit_scale_and_offset
from fastdepth.errors import CalibrationError, NoTruthError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.calibrated import corrected
from fastdepth.evaluation.run import Show
from fastdepth.evaluation.stream import Predicted, predictions
from fastdepth.frame import F32Array, FrameSource
from fastdepth.metrics import METRIC_KEYS, MetricMean, frame_metrics
from fastdepth.protocols import compare

Kind = Literal["scale", "scale-offset"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PROTOCOL = "full"

_PIXELS = 400_000
"""Most pixels a fit looks at."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted calibration.

    Attributes:
        calibration: with its gain on the held-out frames.
        fit: how well it is founded.

    """

    calibration: Calibration
    fit: Fit

    @property
    def helps(self) -> bool:
        """Whether the held-out frames are better with it (AbsRel)."""
        gain = self.calibration.gain
        return gain is not None and gain.after["abs_rel"] < gain.before["abs_rel"]


def calibrate(
    source: FrameSource,
    estimator: DepthEstimator,
    *,
    kind: Kind = "scale",
    share: float = 0.5,
    show: Show = lambda *_: None,
) -> Calibrated:
    """Fit a correction to the first frames of a source and measure it on the rest.

    The first and the last frames of a recording are further apart in time and place than any
    others, so the gain is not that of frames seen before.

    Args:
        source: with ground truth.
        estimator: the model, without calibration.
        kind: what is fitted: a scale, or a scale and an offset in inverse depth.
        share: of the frames, 0..1 exclusive, that is fitted to.
        show: told how many frames are done, of how many.

    Raises:
        CalibrationError: there is too little ground truth in either part, or nothing fits.
        FastDepthError: whatever reading or predicting raises.

    """
    if not 0 < share < 1:
        msg = f"the share of frames to fit to is {share:g}; expected between 0 and 1"
        raise CalibrationError(msg)
    total = len(source)
    fitted_frames = max(1, round(share * total))
    sample = _Sample(max(100, _PIXELS // fitted_frames))
    held_out: _HeldOut | None = None
    fit: Fit | None = None
    items = predictions(source, estimator.begin_frame, PROTOCOL, lambda: False)
    for done, item in enumerate(items, 1):
        try:
            if done <= fitted_frames:
                pair, _ = compare(PROTOCOL, item.prediction, item.frame)
                sample.add(pair.prediction[pair.valid], pair.truth[pair.valid])
            else:
                if held_out is None:
                    fit = sample.fit(kind)
                    held_out = _HeldOut(fit.correction)
                held_out.add(item)
        except NoTruthError:
            pass
        show(done, total)
    if fit is None or held_out is None or not held_out.before.frames:
        msg = (
            f"{source.name} has no ground truth after its first {fitted_frames} frames, so what a "
            "correction gains cannot be measured; record more, or fit to a smaller share"
        )
        raise CalibrationError(msg)
    fitted_on = FittedOn(source.name, model_name(estimator.card), sample.frames, fit.pixels)
    return Calibrated(Calibration(fit.correction, fitted_on, held_out.gain()), fit)


class _Sample:
    """Pixels of many frames, some of each."""

    def __init__(self, each: int) -> None:
        """Start empty.

        Args:
            each: most pixels taken of a frame.

        """
        self.frames = 0
        self._each = each
        self._rng = np.random.default_rng(0)
        self._predicted: list[F32Array] = []
        self._measured: list[F32Array] = []

    def add(self, prediction: F32Array, truth: F32Array) -> None:
        """Take in the valid pixels of a frame."""
        if not truth.size:
            return
        self.frames += 1
        if truth.size > self._each:
            chosen = self._rng.integers(truth.size, size=self._each)
            prediction, truth = prediction[chosen], truth[chosen]
        self._predicted.append(prediction)
        self._measured.append(truth)

    def fit(self, kind: Kind) -> Fit:
        """Fit; raises CalibrationError where there is too little."""
        if not self.frames:
            msg = "the frames to fit to have no ground truth; nothing can be fitted"
            raise CalibrationError(msg)
        fitter = fit_scale if kind == "scale" else fit_scale_and_offset
        return fitter(np.concatenate(self._predicted), np.concatenate(self._measured))


class _HeldOut:
    """Scores frames without and with a correction."""

    def __init__(self, correction: Correction) -> None:
        """Start with no frame."""
        self.before, self.after = MetricMean(), MetricMean()
        self._correction = correction

    def add(self, item: Predicted) -> None:
        """Score a frame; raises NoTruthError where it has no ground truth."""
        both = item.prediction, corrected(item.prediction, self._correction)
        for mean, prediction in zip((self.before, self.after), both, strict=True):
            pair, _ = compare(PROTOCOL, prediction, item.frame)
            mean.add(frame_metrics(*pair))

    def gain(self) -> Gain:
        """Return the figures of both."""
        before, after = self.before.result(), self.after.result()
        return Gain(
            self.before.frames,
            {key: float(before[key]) for key in METRIC_KEYS},
            {key: float(after[key]) for key in METRIC_KEYS},
        )
