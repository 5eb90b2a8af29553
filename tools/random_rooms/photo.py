"""What a cheap camera makes of light: exposure, white balance, blur, noise, tone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from rooms.textures import U8, picture

from random_rooms.parts import F64, Rng, chance, uniform


def develop(rng: Rng, light: NDArray[np.float32], width: int, height: int) -> U8:
    """Return the sRGB picture (width x height) of linear light of any size."""
    small = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA), np.float64)
    grey = small @ [0.3, 0.6, 0.1]
    # Metered on the middle tones: bright windows and lamps are left to clip.
    middle = float(np.exp(np.log(grey + 0.02).mean()))
    small *= uniform(rng, 0.15, 0.32) / middle
    balance = grey_world(small) ** uniform(rng, 0.0, 0.45)
    small *= balance * np.exp(rng.normal(0, 0.04, 3))
    if chance(rng, 0.4):
        glare = cv2.GaussianBlur(np.minimum(small, 4.0), (0, 0), width / 25)
        small += uniform(rng, 0.02, 0.12) * glare
    v, u = np.mgrid[0:height, 0:width]
    radius2 = ((u / width - 0.5) ** 2 + (v / height - 0.5) ** 2) / 0.5
    small *= (1 - uniform(rng, 0, 0.35) * radius2)[..., None]
    noise = uniform(rng, 0.002, 0.02)
    small += rng.normal(0, 1, small.shape) * noise * np.sqrt(np.maximum(small, 0) + 0.03)
    # A shoulder, so that highlights do not end abruptly.
    knee = uniform(rng, 0.6, 0.9)
    over = np.maximum(small - knee, 0) / (1 - knee)
    small = np.where(small > knee, knee + (1 - knee) * (1 - np.exp(-over)), small)
    tone = np.clip(small, 0, 1) ** (1 / uniform(rng, 1.9, 2.5))
    lift, contrast = uniform(rng, -0.03, 0.03), uniform(rng, 1.0, 1.4)
    tone = (tone - 0.45) * contrast + 0.45 + lift
    mean = tone.mean(-1, keepdims=True)
    tone = mean + (tone - mean) * uniform(rng, 0.6, 1.1)
    sigma = uniform(rng, 0.0, 0.6)
    if sigma > 0.3:
        tone = cv2.GaussianBlur(tone, (0, 0), sigma)
    if chance(rng, 0.05):
        tone = _shaken(rng, tone)
    return picture(tone * 255)


def grey_world(light: F64) -> F64:
    """Return the gains that would make the picture's mean grey."""
    mean = np.minimum(light, 1.0).reshape(-1, 3).mean(0)
    return np.asarray(mean.mean() / (mean + 1e-6))


def _shaken(rng: Rng, tone: F64) -> F64:
    length, angle = int(rng.integers(2, 6)), uniform(rng, 0, np.pi)
    kernel = np.zeros((11, 11))
    for t in np.linspace(-length / 2, length / 2, 21):
        kernel[round(5 + t * np.sin(angle)), round(5 + t * np.cos(angle))] += 1
    return np.asarray(cv2.filter2D(tone, -1, kernel / kernel.sum()))
