"""The one function that makes a network input from a camera frame."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from fastdepth.card import InputSpec
from fastdepth.errors import ImageError
from fastdepth.frame import F32Array, U8Array
from fastdepth.geometry import InputGeometry, fit_frame

PixelOrder = Literal["rgb", "bgr", "rgba", "bgra", "mono"]

_INTERPOLATION = {
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
}
_CHANNELS = {"rgb": 3, "bgr": 3, "rgba": 4, "bgra": 4, "mono": 1}


class Preprocessor:
    """Makes input tensors as one card describes, reusing its buffer.

    Not for use by two threads at once: the returned tensor is the buffer, valid until the next
    call.
    """

    def __init__(self, spec: InputSpec) -> None:
        """Prepare for the input that `spec` describes."""
        self.spec = spec
        self._tensor = np.zeros((1, 3, spec.height, spec.width), np.float32)
        self._small: U8Array | None = None
        self._geometry: InputGeometry | None = None
        self._padded = False
        # One multiply and one add a pixel do the division by 255, the mean and the deviation.
        self._gain = [1.0 / (255.0 * s) for s in spec.std]
        self._bias = [-m / s for m, s in zip(spec.mean, spec.std, strict=True)]

    def __call__(self, image: U8Array, order: PixelOrder = "rgb") -> tuple[F32Array, InputGeometry]:
        """Turn a frame into the input tensor.

        Args:
            image: HxWxC uint8 (HxW for `mono`); rows may be strided, so a view into a message
                serves without a copy.
            order: what the channels of `image` are.

        Returns:
            The 1x3xHxW float32 tensor and the geometry that leads back to the frame.

        Raises:
            ImageError: the array is not an image of this kind or is empty.

        """
        _check_image(image, order)
        spec = self.spec
        height, width = image.shape[:2]
        geometry = self._fit(width, height)
        seen, content = geometry.seen, geometry.content
        # Into the last frame's memory, which OpenCV takes where size and channels are the same.
        small = self._small = cv2.resize(
            image[seen.slices],
            (content.width, content.height),
            dst=self._small,
            interpolation=_INTERPOLATION[spec.interpolation],
        )
        is_whole = (content.width, content.height) == (spec.width, spec.height)
        if not is_whole or self._padded:
            self._tensor.fill(0.0)  # zero is the mean colour
            self._padded = not is_whole
        planes = [small] * 3 if order == "mono" else self._planes(small, order)
        rows, columns = content.slices
        for plane, out, gain, bias in zip(
            planes, self._tensor[0], self._gain, self._bias, strict=True
        ):
            # In one pass over the pixels: plane * gain + plane * 0 + bias.
            target = out[rows, columns]
            cv2.addWeighted(plane, gain, plane, 0.0, bias, dst=target, dtype=cv2.CV_32F)
        return self._tensor, geometry

    def _fit(self, width: int, height: int) -> InputGeometry:
        known = self._geometry
        if known is None or (known.frame_width, known.frame_height) != (width, height):
            known = self._geometry = fit_frame(self.spec, width, height)
        return known

    def _planes(self, image: U8Array, order: PixelOrder) -> list[U8Array]:
        planes = list(cv2.split(image))[:3]
        return planes if order[:3] == self.spec.channel_order else planes[::-1]


def _check_image(image: U8Array, order: PixelOrder) -> None:
    channels = _CHANNELS[order]
    shape_ok = image.ndim == 2 if channels == 1 else image.ndim == 3 and image.shape[2] == channels
    if image.dtype != np.uint8 or not shape_ok:
        want = "HxW" if channels == 1 else f"HxWx{channels}"
        msg = (
            f"the image is {image.dtype} of shape {image.shape}; expected uint8 {want} for {order}"
        )
        raise ImageError(msg)
    if image.size == 0:
        msg = f"the image is {image.shape[1]}x{image.shape[0]} pixels; expected at least 1x1"
        raise ImageError(msg)
