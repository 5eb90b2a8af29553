"""Which pixels count."""

from __future__ import annotations

import torch
from torch import Tensor


def valid(truth: Tensor) -> Tensor:
    """Return where ground truth is a measurement: finite and above zero (bool)."""
    return torch.isfinite(truth) & (truth > 0)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of `values` where `mask`, 0 where there is none; they are 0 outside."""
    return values.sum() / mask.sum().clamp_min(1)
