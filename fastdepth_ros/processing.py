"""From pixels to the depth that is published: network, correction, size, what is made invalid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.correction import Correction
from fastdepth.errors import SettingError
from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, U8Array
from fastdepth.geometry import InputGeometry, Rect
from fastdepth.masks import DepthMask
from fastdepth.messages import Pixels
from fastdepth.preprocess import PixelOrder
from fastdepth_ros.settings import DepthSize

_ABOVE_ZERO = 1e-6  # metres; 0 is no distance, whatever the card says


class Estimator(Protocol):
    """What is needed of a model (fastdepth.estimator.DepthEstimator has it)."""

    def predict(self, image: U8Array, order: PixelOrder, camera: Intrinsics | None) -> Prediction:
        """Predict metric depth for one frame."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MadeDepth:
    """Depth of one frame.

    Attributes:
        depth: HxW float32 metres, NaN where it may not be believed.
        camera: of the depth image; None where the frame's is unknown.
        view: whose `seen` is what the depth image shows of the frame.
        prediction: what it was made from.

    """

    depth: F32Array
    camera: Intrinsics | None
    view: InputGeometry
    prediction: Prediction


class DepthMaker:
    """Makes depth of frames; not for use by two threads at once."""

    def __init__(
        self,
        estimator: Estimator,
        *,
        mask: DepthMask,
        correction: Correction | None = None,
        size: DepthSize = "network",
    ) -> None:
        """Put together what is done with every frame.

        Args:
            estimator: of frames as they come (turned already where the camera is).
            mask: what becomes invalid; its range is the one that may be believed.
            correction: of a field calibration.
            size: of the depth.

        """
        self._estimator = estimator
        self._correction = correction
        self._size = size
        self._mask = replace(mask, near=max(mask.near, _ABOVE_ZERO))

    @property
    def depth_range(self) -> tuple[float, float]:
        """Nearest and farthest depth, metres, that is not made invalid."""
        return self._mask.near, self._mask.far

    def make(self, pixels: Pixels, camera: Intrinsics | None) -> MadeDepth:
        """Return the depth of a frame.

        Args:
            pixels: of the frame.
            camera: of the frame, or None if unknown.

        Raises:
            ImageError: the pixels are no image, or the camera is of another size.

        """
        prediction = self._estimator.predict(pixels.array, pixels.order, camera)
        if self._correction is not None:
            prediction = replace(prediction, values=self._correction.apply(prediction.values))
        if self._size == "network":
            depth = self._mask.apply(prediction.values)
            return MadeDepth(depth, prediction.camera, prediction.geometry, prediction)
        depth = self._mask.apply(prediction.frame_values())
        height, width = depth.shape
        view = replace(prediction.geometry, seen=Rect(0, 0, width, height))
        return MadeDepth(depth, camera, view, prediction)


def believable(card: ModelCard, near: float, far: float) -> tuple[float, float]:
    """Return the range of the model card, narrowed to near..far (0: as the card says).

    Raises:
        SettingError: nothing is left of it.

    """
    nearest, farthest = card.depth_range
    narrowed = max(nearest, near), min(farthest, far or farthest)
    if narrowed[0] >= narrowed[1]:
        msg = (
            f"no depth is both {near:g} to {far:g} m (min_depth, max_depth) and {nearest:g} to "
            f"{farthest:g} m, which the model card says may be believed"
        )
        raise SettingError(msg)
    return narrowed
