"""Losses on how the error changes from pixel to pixel: they keep edges sharp, surfaces smooth."""

from __future__ import annotations

import torch
from torch import Tensor

from fastdepth_train.losses.masks import masked_mean
from fastdepth_train.losses.pointwise import error_of, log_error_of


def edge(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return how far the gradients of depth are apart, in metres a pixel.

    The mean over pairs of valid neighbours of |dx prediction - dx truth|, plus the same along y
    (Alhashim and Wonka 2018, equation 3).
    """
    return _variation(*error_of(prediction, truth))


def gradient_matching(prediction: Tensor, truth: Tensor, scales: int = 4) -> Tensor:
    """Return how much the log error varies between neighbours, summed over scales.

    The multi-scale gradient term of MegaDepth (Li and Snavely 2018, section 4.2): at each scale,
    every second row and column of the last, the mean of |dx e| plus that of |dy e| over pairs of
    valid neighbours.
    """
    error, mask = log_error_of(prediction, truth)
    total = error.new_zeros(())
    for scale in range(scales):
        step = 2**scale
        total = total + _variation(error[..., ::step, ::step], mask[..., ::step, ::step])
    return total


def _variation(error: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of |dx error| plus that of |dy error| over pairs of valid neighbours."""
    total = error.new_zeros(())
    for axis in (2, 3):
        size = error.shape[axis] - 1
        pairs = mask.narrow(axis, 0, size) & mask.narrow(axis, 1, size)
        difference = (error.narrow(axis, 1, size) - error.narrow(axis, 0, size)).abs()
        total = total + masked_mean(torch.where(pairs, difference, 0.0), pairs)
    return total
