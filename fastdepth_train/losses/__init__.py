"""Losses on depth, masked: a pixel whose ground truth is NaN (or not positive) never counts.

Predictions and truths are Bx1xHxW float32 metres; every function returns a scalar, the mean over
valid pixels of the whole batch, and 0 where none is valid.
"""

from fastdepth_train.losses.config import LossConfig
from fastdepth_train.losses.gradients import edge, gradient_matching
from fastdepth_train.losses.masks import valid
from fastdepth_train.losses.pointwise import berhu, l1, log_l1, silog
from fastdepth_train.losses.ssim import ssim, ssim_map
from fastdepth_train.losses.total import depth_loss

__all__ = [
    "LossConfig",
    "berhu",
    "depth_loss",
    "edge",
    "gradient_matching",
    "l1",
    "log_l1",
    "silog",
    "ssim",
    "ssim_map",
    "valid",
]
