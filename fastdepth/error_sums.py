"""Sums of per-pixel depth errors, from which every metric follows; pixels may be in groups.

One pass over the pixels serves a frame's metrics, depth ranges and image regions alike.
"""

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
"""What is summed, in the order of the last axis of `error_sums`."""

_BLOCK = 16384  # pixels: all intermediate values of a block stay in the processor's cache


def error_sums(
    prediction: F32Array, truth: F32Array, group: NDArray[np.uint8] | None = None, groups: int = 1
) -> F64Array:
    """Add up the errors of pixels by group.

    Args:
        prediction: N depths, metres, finite.
        truth: N depths, metres, above zero.
        group: which group each pixel belongs to, below `groups`; all to the first if None.
        groups: how many groups there are, 256 at most.

    Returns:
        groups x len(SUMS) float64.

    """
    sums = np.zeros((groups, len(SUMS)))
    if group is not None:
        order = np.argsort(group, kind="stable")
        prediction, truth, group = prediction[order], truth[order], group[order]
    table = np.ones((len(SUMS), _BLOCK))
    for first in range(0, prediction.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        rows = table[:, : prediction[block].size]
        _fill(rows, prediction[block].astype(np.float64), truth[block].astype(np.float64))
        if group is None:
            sums[0] += rows.sum(axis=1)
            continue
        part = group[block]
        starts = np.concatenate(([0], np.flatnonzero(np.diff(part)) + 1))
        sums[part[starts]] += np.add.reduceat(rows, starts, axis=1).T
    return sums


def _fill(rows: F64Array, p: F64Array, g: F64Array) -> None:
    """Fill the table of one block; the first row, `pixels`, stays one."""
    _, error, size, square, rel, sq_rel, log, abs_log, square_log, *shares = rows
    np.subtract(p, g, out=error)
    np.abs(error, out=size)
    np.multiply(error, error, out=square)
    np.divide(size, g, out=rel)
    np.multiply(rel, size, out=sq_rel)
    np.divide(np.maximum(p, LOG_FLOOR), g, out=log)
    np.log(log, out=log)
    np.abs(log, out=abs_log)
    np.multiply(log, log, out=square_log)
    # The powers of 1.25 have few bits, so these products of float32 values are exact.
    for row, limit in zip(shares[:3], (1.25, 1.25**2, 1.25**3), strict=True):
        row[:] = (p < limit * g) & (g < limit * p)
    shares[3][:] = rel < 0.15


def metrics_of(sums: F64Array) -> dict[str, float]:
    """Return the metrics of a row of `error_sums` (METRIC_KEYS of fastdepth.metrics).

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
