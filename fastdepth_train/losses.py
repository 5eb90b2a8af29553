"""Losses on depth, masked: a pixel whose ground truth is NaN (or not positive) never counts.

Predictions and truths are Bx1xHxW float32 metres; every function returns a scalar, the mean over
valid pixels of the whole batch, and 0 where none is valid.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fastdepth_train.errors import ConfigError

# Logarithms see no prediction below this (metres): a ReLU output can be exactly zero.
LOG_FLOOR = 1e-3


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; a term of weight 0 is not computed.

    Attributes:
        l1: of the absolute error, metres.
        log_l1: of the absolute error of the natural logarithm.
        silog: of the scale-invariant log error.
        silog_focus: how much of the mean log error SILog forgives, 0 to 1.
        gradient: of multi-scale gradient matching in the logarithm.
        gradient_scales: how many scales, each half the last.

    """

    l1: float = 0.2
    log_l1: float = 1.0
    silog: float = 0.0
    silog_focus: float = 0.85
    gradient: float = 0.5
    gradient_scales: int = 4

    def __post_init__(self) -> None:
        """Refuse a loss that cannot teach; raise ConfigError."""
        weights = (self.l1, self.log_l1, self.silog, self.gradient)
        if min(weights) < 0 or max(weights) <= 0:
            msg = f"loss weights are {weights}; expected none below 0 and at least one above"
            raise ConfigError(msg)
        if not 0 <= self.silog_focus <= 1 or self.gradient_scales < 1:
            msg = (
                f"silog_focus is {self.silog_focus} and gradient_scales {self.gradient_scales}; "
                "expected a share in 0..1 and at least one scale"
            )
            raise ConfigError(msg)


def depth_loss(prediction: Tensor, truth: Tensor, config: LossConfig) -> dict[str, Tensor]:
    """Return each term of non-zero weight, unweighted, and their weighted sum as `loss`."""
    terms: dict[str, Tensor] = {}
    total = prediction.new_zeros(())
    if config.l1:
        terms["l1"] = l1(prediction, truth)
        total = total + config.l1 * terms["l1"]
    if config.log_l1:
        terms["log_l1"] = log_l1(prediction, truth)
        total = total + config.log_l1 * terms["log_l1"]
    if config.silog:
        terms["silog"] = silog(prediction, truth, config.silog_focus)
        total = total + config.silog * terms["silog"]
    if config.gradient:
        terms["gradient"] = gradient_matching(prediction, truth, config.gradient_scales)
        total = total + config.gradient * terms["gradient"]
    return {"loss": total, **terms}


def valid(truth: Tensor) -> Tensor:
    """Return where ground truth is a measurement: finite and above zero (bool)."""
    return torch.isfinite(truth) & (truth > 0)


def l1(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error in metres."""
    mask = valid(truth)
    error = torch.where(mask, prediction - truth, 0.0).abs()
    return error.sum() / mask.sum().clamp_min(1)


def log_l1(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the mean absolute error of the natural logarithm."""
    error, mask = _log_error(prediction, truth)
    return error.abs().sum() / mask.sum().clamp_min(1)


def silog(prediction: Tensor, truth: Tensor, focus: float = 0.85) -> Tensor:
    """Return the scale-invariant log error, sqrt(mean(e^2) - focus * mean(e)^2).

    Eigen, Puhrsch and Fergus 2014, equation 4, per image; with the root of BTS (Lee et al. 2019,
    equation 4). The mean over the images that have a valid pixel.
    """
    error, mask = _log_error(prediction, truth)
    count = mask.sum(dim=(1, 2, 3))
    divisor = count.clamp_min(1)
    mean = error.sum(dim=(1, 2, 3)) / divisor
    mean_square = error.square().sum(dim=(1, 2, 3)) / divisor
    # The floor keeps the root's slope finite where the prediction is perfect.
    root = (mean_square - focus * mean.square()).clamp_min(1e-12).sqrt()
    counted = count > 0
    return torch.where(counted, root, 0.0).sum() / counted.sum().clamp_min(1)


def gradient_matching(prediction: Tensor, truth: Tensor, scales: int = 4) -> Tensor:
    """Return how much the log error varies between neighbours, summed over scales.

    The multi-scale gradient term of MegaDepth (Li and Snavely 2018, section 4.2): at each scale,
    every second row and column of the last, the mean of |dx e| plus that of |dy e| over pairs of
    valid neighbours. It keeps depth edges sharp and surfaces smooth.
    """
    error, mask = _log_error(prediction, truth)
    total = error.new_zeros(())
    for scale in range(scales):
        step = 2**scale
        e, m = error[..., ::step, ::step], mask[..., ::step, ::step]
        for axis in (2, 3):
            size = e.shape[axis] - 1
            pairs = m.narrow(axis, 0, size) & m.narrow(axis, 1, size)
            difference = (e.narrow(axis, 1, size) - e.narrow(axis, 0, size)).abs()
            total = total + torch.where(pairs, difference, 0.0).sum() / pairs.sum().clamp_min(1)
    return total


def _log_error(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return log(prediction) - log(truth), 0 where invalid, and the mask of valid pixels."""
    mask = valid(truth)
    # NaN is replaced before the logarithm: a masked NaN would still poison the gradient.
    safe = torch.where(mask, truth, 1.0)
    error = torch.log(prediction.clamp_min(LOG_FLOOR)) - torch.log(safe)
    return torch.where(mask, error, 0.0), mask
