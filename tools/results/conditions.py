"""What may be different on a robot: the same frames as another camera would have taken them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.errors import NoTruthError
from fastdepth.frame import F32Array, Frame, U8Array

Change = Callable[[Frame], Frame]

LONGER, SHORTER = 1.25, 0.75  # focal length, of the frame's own
_GAMMA = 2.2
_BORDER = (104, 116, 124)  # about ImageNet's mean, where a wider camera would see more of the room
_MOTION = 15  # pixels


def longer_lens(frame: Frame) -> Frame:
    """Return the centre of the frame, as a camera of 1.25 times the focal length sees it."""
    height, width = frame.image.shape[:2]
    w, h = round(width / LONGER), round(height / LONGER)
    x, y = (width - w) // 2, (height - h) // 2
    return replace(
        frame,
        image=np.ascontiguousarray(frame.image[y : y + h, x : x + w]),
        depth=np.ascontiguousarray(_truth(frame)[y : y + h, x : x + w]),
        intrinsics=frame.intrinsics and frame.intrinsics.crop(x, y, w, h),
    )


def shorter_lens(frame: Frame) -> Frame:
    """Return the frame within a grey border: a camera of 0.75 times the focal length.

    What such a camera would see beyond the frame is not known, so the border has no truth.
    """
    height, width = frame.image.shape[:2]
    w, h = round(width / SHORTER), round(height / SHORTER)
    x, y = (w - width) // 2, (h - height) // 2
    image = np.full((h, w, 3), _BORDER, np.uint8)
    image[y : y + height, x : x + width] = frame.image
    depth = np.full((h, w), np.nan, np.float32)
    depth[y : y + height, x : x + width] = _truth(frame)
    camera = frame.intrinsics
    if camera is not None:
        camera = Intrinsics(w, h, camera.fx, camera.fy, camera.cx + x, camera.cy + y)
    return replace(frame, image=image, depth=depth, intrinsics=camera)


def _truth(frame: Frame) -> F32Array:
    if frame.depth is None or frame.depth.shape != frame.image.shape[:2]:
        msg = f"{frame.name}: expected depth of the image's size"
        raise NoTruthError(msg)
    return frame.depth


def light(red: float, green: float, blue: float) -> Change:
    """Return a change of exposure: factors of linear light, clipped as a sensor clips."""
    factors = np.array([red, green, blue]) ** (1 / _GAMMA)
    levels = np.clip(np.rint(np.arange(256)[:, None] * factors), 0, 255).astype(np.uint8)
    return _on_image(lambda image: cv2.LUT(image, levels[:, None, :]))


def blurred(sigma: float) -> Change:
    """Return a blur by a Gaussian of `sigma` pixels of the frame: out of focus."""
    return _on_image(lambda image: cv2.GaussianBlur(image, (0, 0), sigma))


def moving() -> Change:
    """Return a blur along rows: a turning camera."""
    kernel = np.full((1, _MOTION), 1 / _MOTION, np.float32)
    return _on_image(lambda image: cv2.filter2D(image, -1, kernel))


def noisy(sigma: float) -> Change:
    """Return noise of `sigma` levels, the same on every frame."""
    return _on_image(
        lambda image: np.clip(
            np.rint(image + np.random.default_rng(0).normal(0, sigma, image.shape)), 0, 255
        ).astype(np.uint8)
    )


def _on_image(change: Callable[[U8Array], object]) -> Change:
    return lambda frame: replace(frame, image=np.asarray(change(frame.image), np.uint8))


CONDITIONS: dict[str, Change] = {
    "as recorded": lambda frame: frame,
    "focal length x1.25 (centre cut)": longer_lens,
    "focal length x0.75 (grey border)": shorter_lens,
    "half the light": light(0.5, 0.5, 0.5),
    "twice the light": light(2.0, 2.0, 2.0),
    "warm light (red x1.3, blue x0.7)": light(1.3, 1.0, 0.7),
    "cold light (red x0.7, blue x1.3)": light(0.7, 1.0, 1.3),
    "out of focus (sigma 3 px)": blurred(3.0),
    f"turning ({_MOTION} px along rows)": moving(),
    "noise (sigma 15 levels)": noisy(15.0),
}
