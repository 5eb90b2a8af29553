"""A correction of predicted depth, and how it is fitted to measured depth.

A network that is a few percent short on a camera is so everywhere (a scale), and one that presses
far and near together is so in inverse depth (an offset besides):

    1 / corrected = 1 / (scale * depth) + offset

which is the affine map of inverse depth a / depth + b with a = 1 / scale and b = offset (Ranftl et
al. 2020, arXiv 1907.01341, section 5, align predictions so).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import CalibrationError
from fastdepth.frame import F32Array

F64Array = NDArray[np.float64]

MIN_PIXELS = 100
"""A fit of fewer pixels says nothing."""

MIN_SPREAD = 1.3
"""Scale and offset can only be told apart where far depth is at least so many times near depth."""

_TUKEY = 4.685  # 95 % efficient where errors are normal
_MAD_TO_SIGMA = 1.4826
_STEPS = 100
_CONVERGED = 1e-10
_STARTS = 400
_STARTS_PIXELS = 2000


@dataclass(frozen=True, slots=True)
class Correction:
    """1 / corrected = 1 / (scale * depth) + offset.

    Attributes:
        scale: factor of depth.
        offset: of inverse depth, 1 / metre.

    """

    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an impossible correction; raise CalibrationError naming the number."""
        if not (math.isfinite(self.scale) and self.scale > 0):
            msg = f"the correction's scale is {self.scale:g}; expected a positive number"
            raise CalibrationError(msg)
        if not math.isfinite(self.offset):
            msg = f"the correction's offset is {self.offset:g}; expected a finite number (1/m)"
            raise CalibrationError(msg)

    def apply(self, depth: F32Array) -> F32Array:
        """Return corrected depth.

        Args:
            depth: float32 metres of any shape, NaN invalid.

        Returns:
            A new array of that shape, float32 metres. NaN stays NaN; what is no distance (zero,
            negative, infinite) becomes NaN, and so does what the offset would push beyond infinity.

        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            corrected: F32Array = depth * np.float32(self.scale)
            if self.offset != 0.0:
                corrected /= np.float32(1) + np.float32(self.offset) * corrected
            # NaN fails the comparisons, so it stays NaN without a warning.
            good = (depth > 0) & (depth < np.inf) & (corrected > 0) & (corrected < np.inf)
        corrected[~good] = np.nan
        return corrected


class Fit(NamedTuple):
    """A fitted correction and how well it is founded.

    Attributes:
        correction: what was fitted.
        pixels: pairs of prediction and truth that were looked at.
        inliers: share of them, 0..1, that did not count as outliers.

    """

    correction: Correction
    pixels: int
    inliers: float


def fit_scale(prediction: F32Array, truth: F32Array) -> Fit:
    """Fit a scale: least squares of the error of log depth, robust to outliers.

    Starts from the median and reweights by Tukey's biweight, so that up to half the pixels may be
    anything (Huber and Ronchetti 2009, chapters 3 and 7).

    Args:
        prediction: metres, of any shape.
        truth: metres, of the same shape. Pairs in which either is no distance are left out.

    Raises:
        CalibrationError: the shapes differ or there are too few valid pairs.

    """
    predicted, measured = _pairs(prediction, truth)
    error = np.log(measured) - np.log(predicted)
    centre = float(np.median(error))
    weights = np.ones_like(error)
    for _ in range(_STEPS):
        weights = _biweight(error - centre)
        step = float(np.average(error, weights=weights)) - centre
        centre += step
        if abs(step) < _CONVERGED:
            break
    return Fit(Correction(math.exp(centre)), error.size, float(np.mean(weights > 0)))


def fit_scale_and_offset(prediction: F32Array, truth: F32Array) -> Fit:
    """Fit scale and offset: least squares of the error of log depth, robust to outliers.

    The inverse of depth is affine, the error is that of its logarithm, so near and far count alike
    as they do in `fit_scale`. Starts from the best of many exact fits to two pixels each, by the
    median of their errors (Rousseeuw 1984), and goes on by Gauss-Newton steps reweighted by Tukey's
    biweight.

    Args:
        prediction: metres, of any shape.
        truth: metres, of the same shape. Pairs in which either is no distance are left out.

    Raises:
        CalibrationError: the shapes differ, there are too few valid pairs, all depths are about
            the same, or depth does not grow with predicted depth at all.

    """
    predicted, measured = _pairs(prediction, truth)
    near, far = np.percentile(predicted, (5, 95))
    if far < MIN_SPREAD * near:
        msg = (
            f"the predicted depths lie between {near:.2f} and {far:.2f} m; scale and offset can "
            f"only be told apart where the far is at least {MIN_SPREAD:g} times the near; fit the "
            "scale alone or record a scene with more depth"
        )
        raise CalibrationError(msg)
    inverse, log_truth = 1.0 / predicted, np.log(measured)
    a, b = _best_of_two_pixels(inverse, log_truth)
    weights = np.ones_like(inverse)
    for _ in range(_STEPS):
        model = a * inverse + b
        ahead = model > 0
        model = np.where(ahead, model, 1.0)
        error = np.log(model) + log_truth  # of log (1 / corrected) against log (1 / truth)
        weights = _biweight(error, ahead)
        step_a, step_b = _newton_step(inverse / model, 1.0 / model, error, weights)
        # A step must not turn the line over.
        while a + step_a <= 0:
            step_a, step_b = step_a / 2, step_b / 2
        a, b = a + step_a, b + step_b
        if abs(step_a) < _CONVERGED and abs(step_b) < _CONVERGED:
            break
    return Fit(Correction(1.0 / a, b), inverse.size, float(np.mean(weights > 0)))


def _pairs(prediction: F32Array, truth: F32Array) -> tuple[F64Array, F64Array]:
    """Return the pairs in which both are distances."""
    if prediction.shape != truth.shape:
        msg = (
            f"the prediction is of shape {prediction.shape}, the truth of {truth.shape}; "
            "expected the same"
        )
        raise CalibrationError(msg)
    valid = (prediction > 0) & (prediction < np.inf) & (truth > 0) & (truth < np.inf)
    count = int(np.count_nonzero(valid))
    if count < MIN_PIXELS:
        msg = (
            f"only {count} pixels have both a prediction and a measurement; expected at least "
            f"{MIN_PIXELS}"
        )
        raise CalibrationError(msg)
    return prediction[valid].astype(np.float64), truth[valid].astype(np.float64)


def _biweight(error: F64Array, usable: NDArray[np.bool_] | None = None) -> F64Array:
    """Return Tukey's weights, 0..1, for a spread measured by the median absolute error."""
    size = np.abs(error)
    spread = _MAD_TO_SIGMA * float(np.median(size if usable is None else size[usable]))
    # More than half the errors are zero: only the numbers' own precision is left of a spread.
    relative = size / (_TUKEY * max(spread, 1e-9))
    weights = np.where(relative < 1, (1 - np.minimum(relative, 1) ** 2) ** 2, 0.0)
    return weights if usable is None else weights * usable


def _newton_step(
    by_a: F64Array, by_b: F64Array, error: F64Array, weights: F64Array
) -> tuple[float, float]:
    """Solve the weighted normal equations of two unknowns."""
    jacobian = np.stack([by_a, by_b])
    weighted = jacobian * weights
    step = np.linalg.lstsq(weighted @ jacobian.T, -(weighted @ error), rcond=None)[0]
    return float(step[0]), float(step[1])


def _best_of_two_pixels(inverse: F64Array, log_truth: F64Array) -> tuple[float, float]:
    """Return the line through two pixels whose median error over a sample is the least."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(inverse.size, size=(2, _STARTS))
    inverse_truth = np.exp(-log_truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = (inverse_truth[first] - inverse_truth[second]) / (inverse[first] - inverse[second])
        b = inverse_truth[first] - a * inverse[first]
    rising = np.isfinite(a) & np.isfinite(b) & (a > 0)
    if not rising.any():
        msg = (
            "measured depth does not grow with predicted depth; do the prediction and the truth "
            "belong to each other?"
        )
        raise CalibrationError(msg)
    a, b = a[rising], b[rising]
    sample = rng.integers(inverse.size, size=min(inverse.size, _STARTS_PIXELS))
    model = a[:, None] * inverse[sample] + b[:, None]
    ahead = model > 0
    error = np.abs(np.log(np.where(ahead, model, 1.0)) + log_truth[sample])
    best = int(np.argmin(np.median(np.where(ahead, error, np.inf), axis=1)))
    return float(a[best]), float(b[best])
