"""Mixed images: blends of two views, for a teacher to label.

A blend has no ground truth, so it teaches what the teacher computes rather than what the frames
show: few frames then carry much of a teacher that has seen many (Beyer et al. 2022, "Knowledge
distillation: a good teacher is patient and consistent").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fastdepth_train.data.dataset import Sample
from fastdepth_train.errors import ConfigError


@dataclass(frozen=True)
class MixConfig:
    """How much of a batch is blended.

    Attributes:
        share: of the samples.
        alpha: of the symmetric beta distribution of a blend's shares (Zhang et al. 2018, mixup);
            1 draws them evenly, smaller ones leave one image in the fore.

    """

    share: float = 0.0
    alpha: float = 0.8

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise ConfigError."""
        if not (0 <= self.share <= 1 and self.alpha > 0):
            msg = f"mix share={self.share}, alpha={self.alpha}; expected 0 to 1, and above 0"
            raise ConfigError(msg)


def mix(batch: Sample, config: MixConfig) -> Sample:
    """Blend the first samples of a batch with each other; they have no depth after that.

    The draw depends on the batch's own seeds alone, so a run can be repeated.
    """
    count = round(len(batch.image) * config.share)
    if count < 2:
        return batch
    rng = np.random.default_rng([int(seed) for seed in torch.as_tensor(batch.look.noise_seed)])
    shares = torch.from_numpy(rng.beta(config.alpha, config.alpha, count).astype(np.float32))
    partners = torch.from_numpy(rng.permutation(count))
    depth = batch.depth.clone()
    depth[:count] = torch.nan
    teacher = None if batch.teacher is None else _blend(batch.teacher, shares, partners)
    return batch._replace(image=_blend(batch.image, shares, partners), depth=depth, teacher=teacher)


def _blend(images: Tensor, shares: Tensor, partners: Tensor) -> Tensor:
    share = shares.to(images.device).reshape(-1, 1, 1, 1)
    first = images[: len(share)].float()
    mixed = first * share + first[partners.to(images.device)] * (1 - share)
    return torch.cat([mixed.round().to(images.dtype), images[len(share) :]])
