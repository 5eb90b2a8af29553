"""Losses that compare a prediction with the truth pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from fastdepth_train.losses.masks import masked_mean, valid

# Logarithms see no prediction below this (metres): a ReLU output can be exactly zero.
LOG_FLOOR = 1e-3
# Share of the largest error above which berHu is quadratic (Laina et al. 2016, section 3.4).
BERHU_SHARE = 0.2


def error_of(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return prediction - truth in metres, 0 where invalid, and the mask of valid pixels."""
    mask = valid(truth)
    # Chosen before it is computed with: a masked NaN would still poison the gradient.
    error = torch.where(mask, prediction, 0.0) - torch.where(mask, truth, 0.0)
    return error, mask


def log_error_of(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return log(prediction) - log(truth), 0 where invalid, and the mask of valid pixels."""
    mask = valid(truth)
    chosen = torch.where(mask, prediction, 1.0).clamp_min(LOG_FLOOR)
    return torch.log(chosen) - torch.log(torch.where(mask, truth, 1.0)), mask


def l1(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error in metres."""
    error, mask = error_of(prediction, truth)
    return masked_mean(error.abs(), mask)


def berhu(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean reverse Huber loss in metres (Laina et al. 2016, equation 1).

    An error e is |e| up to c, and (e^2 + c^2) / 2c above, where c is a fifth of the largest |e| of
    the batch.
    """
    error, mask = error_of(prediction, truth)
    size = error.abs()
    # The floor keeps the branch that is not taken finite where the prediction is perfect.
    threshold = (BERHU_SHARE * size.detach().amax()).clamp_min(1e-6)
    squared = (size.square() + threshold.square()) / (2 * threshold)
    return masked_mean(torch.where(mask & (size > threshold), squared, size), mask)


def log_l1(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error of the natural logarithm."""
    error, mask = log_error_of(prediction, truth)
    return masked_mean(error.abs(), mask)


def silog(prediction: Tensor, truth: Tensor, focus: float = 0.85) -> Tensor:
    """Return the scale-invariant log error, sqrt(mean(e^2) - focus * mean(e)^2).

    Eigen, Puhrsch and Fergus 2014, equation 4, per image; with the root of BTS (Lee et al. 2019,
    equation 4). The mean over the images that have a valid pixel.
    """
    error, mask = log_error_of(prediction, truth)
    count = mask.sum(dim=(1, 2, 3))
    divisor = count.clamp_min(1)
    mean = error.sum(dim=(1, 2, 3)) / divisor
    mean_square = error.square().sum(dim=(1, 2, 3)) / divisor
    # The floor keeps the root's slope finite where the prediction is perfect.
    root = (mean_square - focus * mean.square()).clamp_min(1e-12).sqrt()
    counted = count > 0
    return masked_mean(torch.where(counted, root, 0.0), counted)
