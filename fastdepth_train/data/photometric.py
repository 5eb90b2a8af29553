"""Photometric augmentation of a whole batch, each image with settings of its own.

The settings are drawn with the sample (so that a run can be repeated exactly) and applied to the
batch wherever it lives, CPU or GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

BLUR_RADIUS = 3


@dataclass(frozen=True)
class PhotometricConfig:
    """How far colours may stray; a strength of 0 switches one off.

    Attributes:
        brightness: factor drawn from 1 +- this.
        contrast: factor drawn from 1 +- this, about the image's mean grey.
        saturation: factor drawn from 1 +- this.
        white_balance: factor of each channel drawn from 1 +- this.
        gamma: exponent drawn between 1 / (1 + this) and 1 + this, evenly in its logarithm.
        blur: probability of a Gaussian blur.
        blur_sigma: its largest sigma, input pixels.
        noise: probability of sensor noise.
        noise_sigma: its largest sigma; image values are 0..1.

    """

    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.4
    white_balance: float = 0.08
    gamma: float = 0.25
    blur: float = 0.2
    blur_sigma: float = 1.2
    noise: float = 0.3
    noise_sigma: float = 0.03


class Look(NamedTuple):
    """Settings of one image; in a batch, each is a tensor with one value (or three) an image."""

    brightness: float | Tensor
    contrast: float | Tensor
    saturation: float | Tensor
    white_balance: tuple[float, float, float] | Tensor
    gamma: float | Tensor
    blur: float | Tensor
    noise: float | Tensor
    noise_seed: int | Tensor


NEUTRAL = Look(1.0, 1.0, 1.0, (1.0, 1.0, 1.0), 1.0, 0.0, 0.0, 0)


def draw_look(config: PhotometricConfig, rng: np.random.Generator) -> Look:
    """Draw settings at random. Each draw is made always, so one setting never shifts another."""

    def around_one(spread: float) -> float:
        return float(rng.uniform(1.0 - spread, 1.0 + spread))

    def maybe(probability: float, largest: float) -> float:
        happens = rng.random() < probability
        value = float(rng.uniform(0.0, largest))
        return value if happens else 0.0

    brightness = around_one(config.brightness)
    contrast = around_one(config.contrast)
    saturation = around_one(config.saturation)
    balance = (
        around_one(config.white_balance),
        around_one(config.white_balance),
        around_one(config.white_balance),
    )
    exponent = np.log1p(config.gamma)
    gamma = float(np.exp(rng.uniform(-exponent, exponent)))
    blur = maybe(config.blur, config.blur_sigma)
    noise = maybe(config.noise, config.noise_sigma)
    seed = int(rng.integers(2**31))
    return Look(brightness, contrast, saturation, balance, gamma, blur, noise, seed)


def stack_looks(looks: list[Look]) -> Look:
    """Return the settings of a batch: float32 tensors (B,), (B, 3) for the white balance."""
    columns = dict(zip(Look._fields, zip(*looks, strict=True), strict=True))
    seeds = torch.tensor(columns.pop("noise_seed"), dtype=torch.int64)
    tensors = {name: torch.tensor(c, dtype=torch.float32) for name, c in columns.items()}
    return Look(**tensors, noise_seed=seeds)


def apply_looks(images: Tensor, looks: Look) -> Tensor:
    """Return Bx3xHxW images (float, 0..1) as seen with those settings, again within 0..1."""

    def column(values: object) -> Tensor:
        return torch.as_tensor(values, device=images.device).reshape(len(images), -1, 1, 1)

    x = images * column(looks.white_balance) * column(looks.brightness)
    grey = _grey(x).mean(dim=(2, 3), keepdim=True)
    x = torch.lerp(grey.expand_as(x), x, column(looks.contrast))
    x = torch.lerp(_grey(x).expand_as(x), x, column(looks.saturation))
    # A gradient is not needed, so the floor of the power is only about 0 ** gamma being 0.
    x = x.clamp(0.0, 1.0) ** column(looks.gamma)
    x = _blur(x, torch.as_tensor(looks.blur))
    x = _add_noise(x, torch.as_tensor(looks.noise), torch.as_tensor(looks.noise_seed))
    return x.clamp(0.0, 1.0)


def _grey(images: Tensor) -> Tensor:
    """Return luma (ITU-R BT.601), Bx1xHxW."""
    weights = images.new_tensor([0.299, 0.587, 0.114]).reshape(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def _blur(images: Tensor, sigmas: Tensor) -> Tensor:
    chosen = torch.nonzero(sigmas > 0).flatten()
    if len(chosen) == 0:
        return images
    sigma = sigmas[chosen].to(images.device, torch.float32).reshape(-1, 1)
    offsets = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=images.device)
    kernel = torch.exp(-0.5 * (offsets / sigma.clamp_min(1e-3)) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(3, dim=0)
    # One group a channel of each image: every image is blurred by its own sigma in one call.
    picked = images[chosen.to(images.device)]
    x = picked.reshape(1, -1, *images.shape[2:])
    x = functional.pad(x, (BLUR_RADIUS,) * 4, mode="replicate")
    x = functional.conv2d(x, kernel[:, None, None, :], groups=len(kernel))
    x = functional.conv2d(x, kernel[:, None, :, None], groups=len(kernel))
    result = images.clone()
    result[chosen.to(images.device)] = x.reshape(picked.shape)
    return result


def _add_noise(images: Tensor, sigmas: Tensor, seeds: Tensor) -> Tensor:
    result = images.clone()
    generator = torch.Generator(device=images.device)
    for index in torch.nonzero(sigmas > 0).flatten().tolist():
        generator.manual_seed(int(seeds[index]))
        noise = torch.randn(images.shape[1:], generator=generator, device=images.device)
        result[index] += noise * float(sigmas[index])
    return result
