"""Sums of per-pixel depth errors, from which every metric follows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastdepth.frame import F32Array

F64Array = NDArray[np.float64]

# Logarithms see no prediction below this: a ReLU head can deliver exactly zero.
LOG_FLOOR = 1e-3

SUMS = (
    "pixels",
    "error",
    "abs",
    "square",
    "rel",
    "sq_rel",
    "log",
    "abs_log",
    "square_log",
    "delta1",
    "delta2",
    "delta3",
    "accuracy15",
)
"""What is summed, in the order of the last axis of the sums."""

_BLOCK = 16384  # pixels: all intermediate values of a block stay in the processor's cache


def error_sums(prediction: F32Array, truth: F32Array) -> F64Array:
    """Add up the errors of pixels.

    Args:
        prediction: N depths, metres, finite.
        truth: N depths, metres, above zero.

    Returns:
        len(SUMS) float64.

    """
    sums = np.zeros(len(SUMS))
    for first in range(0, prediction.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        p, g = prediction[block].astype(np.float64), truth[block].astype(np.float64)
        error, log, ratio = p - g, np.log(np.maximum(p, LOG_FLOOR) / g), _ratio(p, g)
        size = np.abs(error)
        rel = size / g
        sums += np.array(
            (
                p.size,
                error.sum(),
                size.sum(),
                _dot(error, error),
                rel.sum(),
                _dot(rel, size),
                log.sum(),
                np.abs(log).sum(),
                _dot(log, log),
                np.count_nonzero(ratio < 1.25),
                np.count_nonzero(ratio < 1.25**2),
                np.count_nonzero(ratio < 1.25**3),
                np.count_nonzero(rel < 0.15),
            )
        )
    return sums


def grouped_error_sums(
    prediction: F32Array, truth: F32Array, group: NDArray[np.uint8], groups: int
) -> F64Array:
    """Add up the errors of pixels by group.

    Args:
        prediction: N depths, metres, finite.
        truth: N depths, metres, above zero.
        group: which group each pixel belongs to, below `groups`.
        groups: how many groups there are, 256 at most.

    Returns:
        groups x len(SUMS) float64.

    """
    sums = np.zeros((groups, len(SUMS)))
    order = np.argsort(group, kind="stable")
    prediction, truth, group = prediction[order], truth[order], group[order]
    for first in range(0, prediction.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        p, g = prediction[block].astype(np.float64), truth[block].astype(np.float64)
        error, log, ratio = p - g, np.log(np.maximum(p, LOG_FLOOR) / g), _ratio(p, g)
        size = np.abs(error)
        rel = size / g
        shares = (ratio < 1.25, ratio < 1.25**2, ratio < 1.25**3, rel < 0.15)
        table = np.stack(
            (
                np.ones_like(p),
                error,
                size,
                error * error,
                rel,
                rel * size,
                log,
                np.abs(log),
                log * log,
                *shares,
            )
        )
        part = group[block]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(part)) + 1))
        sums[part[starts]] += np.add.reduceat(table, starts, axis=1).T
    return sums


def _dot(one: F64Array, other: F64Array) -> float:
    """Return the inner product on this thread alone: BLAS would start one for each core."""
    return float(np.einsum("i,i->", one, other))


def _ratio(p: F64Array, g: F64Array) -> F64Array:
    """Return the larger of p / g and g / p; infinite where p is not above zero."""
    with np.errstate(divide="ignore"):
        ratio: F64Array = np.maximum(p / g, np.where(p > 0, g / p, np.inf))
    return ratio


def metrics_of(sums: F64Array) -> dict[str, float]:
    """Return the metrics of such sums (METRIC_KEYS of fastdepth.metrics).

    Args:
        sums: len(SUMS) float64, of one pixel at least.

    """
    mean = dict(zip(SUMS, (sums / sums[0]).tolist(), strict=True))
    return {
        "rmse": math.sqrt(mean["square"]),
        "mae": mean["abs"],
        "abs_rel": mean["rel"],
        "sq_rel": mean["sq_rel"],
        "log10": mean["abs_log"] / math.log(10.0),
        "rmse_log": math.sqrt(mean["square_log"]),
        # Rounding can push the variance of a constant a hair below zero.
        "silog": 100.0 * math.sqrt(max(0.0, mean["square_log"] - mean["log"] ** 2)),
        "delta1": mean["delta1"],
        "delta2": mean["delta2"],
        "delta3": mean["delta3"],
        "accuracy15": mean["accuracy15"],
    }


def bias_of(sums: F64Array) -> float:
    """Return the mean error in metres, positive where the prediction is too far."""
    return float(sums[1] / sums[0])
