"""Cameras that are mounted on their side or upside down.

A network has learnt that floors are below: it is shown the picture turned upright, and its depth is
turned back. Depth is along the optical axis, about which the picture turns, so its values stay.
Turns are clockwise, by quarters, as seen in the picture.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any, Literal, Protocol, TypeVar, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.errors import SettingError
from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.frame import U8Array
from fastdepth.geometry import InputGeometry, Rect
from fastdepth.preprocess import PixelOrder

Turn = Literal[0, 90, 180, 270]
TURNS: tuple[Turn, ...] = get_args(Turn)

Scalar = TypeVar("Scalar", bound=np.generic)

_CODES = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class _Estimator(Protocol):
    @property
    def card(self) -> ModelCard: ...

    def predict(
        self, image: U8Array, order: PixelOrder, camera: Intrinsics | None
    ) -> Prediction: ...


class TurnedEstimator:
    """An estimator for a camera whose pictures have to be turned to be upright.

    Takes pictures and cameras as they come and delivers predictions of them as they came.
    """

    def __init__(self, estimator: _Estimator, turn: int) -> None:
        """Wrap an estimator.

        Args:
            estimator: predicts for upright pictures (`DepthEstimator` does).
            turn: degrees clockwise by which a picture has to be turned to be upright.

        Raises:
            SettingError: `turn` is not 0, 90, 180 or 270.

        """
        self._estimator = estimator
        self._turn = _known(turn)
        self._back = _known((360 - turn) % 360)

    def predict(
        self, image: U8Array, order: PixelOrder = "rgb", camera: Intrinsics | None = None
    ) -> Prediction:
        """Predict metric depth for one frame, as `DepthEstimator.predict` does."""
        start = perf_counter()
        upright = turn_image(image, self._turn)
        upright_camera = None if camera is None else turn_camera(camera, self._turn)
        turned = perf_counter()
        prediction = self._estimator.predict(upright, order, upright_camera)
        predicted = perf_counter()
        geometry, view = prediction.geometry, prediction.camera
        spec = self._estimator.card.input
        values = turn_image(prediction.values, self._back)
        geometry = InputGeometry(
            image.shape[1],
            image.shape[0],
            _turn_rect(geometry.seen, geometry.frame_width, geometry.frame_height, self._back),
            _turn_rect(geometry.content, spec.width, spec.height, self._back),
        )
        seconds = prediction.seconds
        return replace(
            prediction,
            values=values,
            geometry=geometry,
            camera=None if view is None else turn_camera(view, self._back),
            seconds=StageSeconds(
                seconds.prepare + turned - start,
                seconds.infer,
                seconds.finish + perf_counter() - predicted,
            ),
        )


def turn_image(image: NDArray[Scalar], turn: Turn) -> NDArray[Scalar]:
    """Turn HxW or HxWxC pixels clockwise; not copied where `turn` is 0."""
    if turn == 0:
        return image
    turned: NDArray[Any] = cv2.rotate(image, _CODES[turn])
    return turned


def turn_camera(camera: Intrinsics, turn: Turn) -> Intrinsics:
    """Return the camera of an image turned clockwise."""
    width, height = camera.width, camera.height
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    if turn == 90:
        return Intrinsics(height, width, fy, fx, height - 1 - cy, cx)
    if turn == 180:
        return Intrinsics(width, height, fx, fy, width - 1 - cx, height - 1 - cy)
    if turn == 270:
        return Intrinsics(height, width, fy, fx, cy, width - 1 - cx)
    return camera


def _turn_rect(rect: Rect, width: int, height: int, turn: Turn) -> Rect:
    """Return where a rectangle of an image of width x height lies when that is turned."""
    right, bottom = width - rect.x - rect.width, height - rect.y - rect.height
    if turn == 90:
        return Rect(bottom, rect.x, rect.height, rect.width)
    if turn == 180:
        return Rect(right, bottom, rect.width, rect.height)
    if turn == 270:
        return Rect(rect.y, right, rect.height, rect.width)
    return rect


def _known(turn: int) -> Turn:
    for known in TURNS:
        if turn == known:
            return known
    msg = f"a picture can be turned by {', '.join(map(str, TURNS))} degrees, not by {turn}"
    raise SettingError(msg)
