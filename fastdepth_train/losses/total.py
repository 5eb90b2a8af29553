"""The loss of a training step: the weighted sum of its terms."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from fastdepth_train.losses.config import LossConfig
from fastdepth_train.losses.gradients import edge, gradient_matching
from fastdepth_train.losses.pointwise import berhu, l1, log_l1, silog
from fastdepth_train.losses.ssim import ssim

_LOSSES: dict[str, Callable[[Tensor, Tensor, LossConfig], Tensor]] = {
    "l1": lambda p, t, _: l1(p, t),
    "edge": lambda p, t, _: edge(p, t),
    "ssim": lambda p, t, c: ssim(p, t, c.ssim_range),
    "berhu": lambda p, t, _: berhu(p, t),
    "log_l1": lambda p, t, _: log_l1(p, t),
    "silog": lambda p, t, c: silog(p, t, c.silog_focus),
    "gradient": lambda p, t, c: gradient_matching(p, t, c.gradient_scales),
}


def depth_loss(prediction: Tensor, truth: Tensor, config: LossConfig) -> dict[str, Tensor]:
    """Return each term that counts, unweighted, and their weighted sum as `loss`."""
    terms: dict[str, Tensor] = {}
    total = prediction.new_zeros(())
    for name, weight in config.weights.items():
        terms[name] = _LOSSES[name](prediction, truth, config)
        total = total + weight * terms[name]
    return {"loss": total, **terms}
