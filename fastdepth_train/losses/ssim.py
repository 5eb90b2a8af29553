"""Structural similarity of depth maps that have holes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from fastdepth_train.losses.masks import masked_mean, valid

# The window and the constants of Wang et al. 2004, section III.B.
WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def ssim(prediction: Tensor, truth: Tensor, data_range: float = 10.0) -> Tensor:
    """Return the mean of (1 - SSIM) / 2 over valid pixels: 0 for equal maps, 1 at most."""
    similarity, mask = ssim_map(prediction, truth, data_range)
    return masked_mean(torch.where(mask, (1 - similarity) / 2, 0.0), mask)


def ssim_map(prediction: Tensor, truth: Tensor, data_range: float = 10.0) -> tuple[Tensor, Tensor]:
    """Return SSIM around every pixel (Wang et al. 2004, equation 13), and the mask of valid pixels.

    Means, variances and covariance are those of the window's valid pixels, under its 11x11 Gaussian
    scaled to a sum of 1; what lies outside the image is not valid. The map means something where
    the mask is true.

    Args:
        prediction: Bx1xHxW metres.
        truth: of the same shape; NaN where unmeasured.
        data_range: difference of the largest and the smallest depth that occur, metres.

    """
    mask = valid(truth)
    weight = mask.to(prediction.dtype)
    count = weight.sum(dim=(1, 2, 3), keepdim=True).clamp_min(1)
    measured = torch.where(mask, truth, 0.0)
    # Depth is taken from the image's mean: a variance that is small beside the square of the depth
    # would be lost to rounding.
    origin = measured.sum(dim=(1, 2, 3), keepdim=True) / count
    x = torch.where(mask, prediction - origin, 0.0)
    y = torch.where(mask, truth - origin, 0.0)
    # Mixed precision would round the sums to a few digits.
    with torch.autocast(prediction.device.type, enabled=False):
        blurred = _blur(torch.cat((weight, x, y, x * x, y * y, x * y), dim=1))
    coverage, *sums = torch.split(blurred, 1, dim=1)
    # Where mask is true, the coverage is at least the weight of the window's middle.
    coverage = torch.where(mask, coverage, 1.0)
    mean_x, mean_y, square_x, square_y, product = (total / coverage for total in sums)
    variances = square_x - mean_x.square() + square_y - mean_y.square()
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + origin, mean_y + origin
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x.square() + mean_y.square() + c1)
    return luminance * (2 * covariance + c2) / (variances + c2), mask


def _blur(maps: Tensor) -> Tensor:
    """Sum each channel under the Gaussian window, with zeros outside."""
    offsets = torch.arange(WINDOW, dtype=maps.dtype, device=maps.device) - WINDOW // 2
    line = torch.exp(-offsets.square() / (2 * SIGMA**2))
    line = (line / line.sum()).expand(maps.shape[1], 1, 1, WINDOW)
    half = WINDOW // 2
    # Depthwise convolutions of a CPU are several times faster so.
    maps = maps.contiguous(memory_format=torch.channels_last)
    rows = functional.conv2d(maps, line, padding=(0, half), groups=len(line))
    return functional.conv2d(rows, line.transpose(2, 3), padding=(half, 0), groups=len(line))
