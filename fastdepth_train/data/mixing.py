"""Mixed images: blends of two frames for a teacher to label, and frames with a piece of another.

A blend has no ground truth, so it teaches what the teacher computes rather than what the frames
show (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent"). A
pasted piece brings its own depth (Yun et al. 2019, CutMix) and hides what was there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import torch

from fastdepth.frame import U8Array
from fastdepth_train.errors import ConfigError

if TYPE_CHECKING:
    from fastdepth_train.data.dataset import Sample


@dataclass(frozen=True)
class MixConfig:
    """How many samples are mixed.

    Attributes:
        share: of the samples that are blends of two frames.
        alpha: of the symmetric beta distribution of a blend's shares (Zhang et al. 2018, mixup);
            1 draws them evenly, smaller ones leave one image in the fore.
        paste: probability that a sample gets a piece of its neighbour in the batch.
        largest: piece, as a share of the image's area; drawn evenly from 0.

    """

    share: float = 0.0
    alpha: float = 0.8
    paste: float = 0.0
    largest: float = 0.3

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise ConfigError."""
        shares = (self.share, self.paste, self.largest)
        if not (min(shares) >= 0 and max(shares) <= 1 and self.alpha > 0):
            msg = (
                f"mix share={self.share}, alpha={self.alpha}, paste={self.paste}, "
                f"largest={self.largest}; expected shares from 0 to 1, and alpha above 0"
            )
            raise ConfigError(msg)


class Blend(NamedTuple):
    """A second frame, by its index, and the share of the first."""

    partner: int
    share: float


def draw_blend(
    config: MixConfig, partner: Callable[[np.random.Generator], int], rng: np.random.Generator
) -> Blend | None:
    """Draw whether a sample is a blend, and of what; `partner` draws the other frame."""
    if config.share == 0 or rng.random() >= config.share:
        return None
    return Blend(partner(rng), float(rng.beta(config.alpha, config.alpha)))


def blended(first: U8Array, second: U8Array, share: float) -> U8Array:
    """Return the mean of two HxWx3 images, of the first one's size, weighted by its share."""
    if second.shape != first.shape:
        size = (first.shape[1], first.shape[0])
        second = np.asarray(cv2.resize(second, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.addWeighted(first, share, second, 1 - share, 0.0), np.uint8)


def paste(batch: Sample, config: MixConfig) -> Sample:
    """Put rectangles of each sample's neighbour, with their depth, into some of a batch.

    The draw depends on the batch's own seeds alone, so a run can be repeated. The neighbour is
    seen with the light of the sample that it is put into.
    """
    if config.paste == 0:
        return batch
    rng = np.random.default_rng([int(seed) for seed in torch.as_tensor(batch.look.noise_seed)])
    image, depth = batch.image.clone(), batch.depth.clone()
    height, width = image.shape[-2:]
    for number in range(len(image)):
        if rng.random() >= config.paste:
            continue
        share = rng.uniform(0, config.largest)
        aspect = np.exp(rng.uniform(-1, 1))  # up to e times as wide as high, and the reverse
        h = min(height, round(height * np.sqrt(share / aspect)))
        w = min(width, round(width * np.sqrt(share * aspect)))
        top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
        piece = (..., slice(top, top + h), slice(left, left + w))
        other = (number + 1) % len(image)
        image[number][piece] = batch.image[other][piece]
        depth[number][piece] = batch.depth[other][piece]
    return batch._replace(image=image, depth=depth)
