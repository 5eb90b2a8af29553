"""Depth metrics, per frame and averaged over frames.

Formulas: Eigen, Puhrsch and Fergus 2014 (arXiv 1406.2283, section 4.1) for abs_rel, sq_rel, rmse,
rmse_log and the delta thresholds; Saxena et al. for log10; silog as the KITTI depth benchmark
prints it, 100 * sqrt(mean(e^2) - mean(e)^2) of the log error e.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastdepth.error_sums import error_sums, metrics_of
from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.frame import F32Array

METRIC_KEYS = (
    "rmse",
    "mae",
    "abs_rel",
    "sq_rel",
    "log10",
    "rmse_log",
    "silog",
    "delta1",
    "delta2",
    "delta3",
    "accuracy15",
)

HIGHER_IS_BETTER = frozenset({"delta1", "delta2", "delta3", "accuracy15"})


def valid_truth(truth: F32Array) -> NDArray[np.bool_]:
    """Return where ground truth is a measurement: finite and above zero."""
    valid: NDArray[np.bool_] = np.isfinite(truth) & (truth > 0)
    return valid


def frame_metrics(
    prediction: F32Array, truth: F32Array, valid: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Score one frame.

    Args:
        prediction: HxW float32 metres, finite wherever `valid`.
        truth: HxW float32 metres; NaN and zero are no measurement.
        valid: HxW pixels to score; all with a measurement if None.

    Returns:
        Every metric of METRIC_KEYS. rmse and mae in metres, sq_rel in metres, silog in percent of
        the logarithm, delta1..3 and accuracy15 shares in 0..1, the rest without unit.

    Raises:
        NoTruthError: no pixel is valid.
        ProtocolError: the shapes differ, or a prediction on a valid pixel is not finite.

    """
    if prediction.shape != truth.shape:
        msg = f"prediction is {prediction.shape}, ground truth {truth.shape}; expected equal shapes"
        raise ProtocolError(msg)
    if valid is None:
        valid = valid_truth(truth)
    p, g = prediction[valid], truth[valid]
    require_pixels(p)
    return metrics_of(error_sums(p, g))


def require_pixels(prediction: F32Array) -> None:
    """Check the predictions on a frame's valid pixels.

    Raises:
        NoTruthError: there are none.
        ProtocolError: one is not a finite number.

    """
    if prediction.size == 0:
        msg = "no valid ground-truth pixel"
        raise NoTruthError(msg)
    if not np.isfinite(prediction).all():
        count = np.count_nonzero(~np.isfinite(prediction))
        msg = f"{count} predicted depths are not finite numbers"
        raise ProtocolError(msg)


class MetricMean:
    """The mean over frames of per-frame metrics."""

    def __init__(self) -> None:
        """Start with no frame."""
        self._sums = dict.fromkeys(METRIC_KEYS, 0.0)
        self.frames = 0

    def add(self, metrics: dict[str, float]) -> None:
        """Take in one frame's metrics (as `frame_metrics` returns them)."""
        for key in METRIC_KEYS:
            self._sums[key] += metrics[key]
        self.frames += 1

    def result(self) -> dict[str, float | int]:
        """Return the means and the number of `frames`.

        Raises:
            ProtocolError: no frame was added.

        """
        if self.frames == 0:
            msg = "no frame could be scored; does the source have ground truth?"
            raise ProtocolError(msg)
        return {k: s / self.frames for k, s in self._sums.items()} | {"frames": self.frames}
