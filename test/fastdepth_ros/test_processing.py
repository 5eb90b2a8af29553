"""What becomes of the network's depth before it is published."""

from __future__ import annotations

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.correction import Correction
from fastdepth.errors import SettingError
from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.frame import U8Array
from fastdepth.geometry import InputGeometry, Rect
from fastdepth.masks import DepthMask
from fastdepth.messages import Pixels
from fastdepth.preprocess import PixelOrder
from fastdepth_ros.processing import DepthMaker, believable
from test.mock_model import mock_card

PIXELS = Pixels(np.zeros((6, 8, 3), np.uint8), "rgb")
CAMERA = Intrinsics(8, 6, 10.0, 10.0, 3.5, 2.5)


class Cropped:
    """A network of 4x4 that sees the 6x6 middle of an 8x6 frame; its depth is given."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values.astype(np.float32)

    def predict(self, image: U8Array, order: PixelOrder, camera: Intrinsics | None) -> Prediction:
        geometry = InputGeometry(8, 6, Rect(1, 0, 6, 6), Rect(0, 0, 4, 4))
        view = None if camera is None else geometry.input_intrinsics(camera)
        return Prediction(self._values, geometry, view, (0.0, 9.0), 1.0, StageSeconds(0, 0, 0))


def test_zero_is_never_published_as_a_distance() -> None:
    values = np.full((4, 4), 2.0)
    values[0] = 0.0
    values[1] = -1.0
    values[2] = np.inf
    depth = DepthMaker(Cropped(values), mask=DepthMask(0.0, 9.0)).make(PIXELS, None).depth
    assert np.isnan(depth[:3]).all()
    assert (depth[3] == 2.0).all()


def test_the_correction_comes_before_the_range() -> None:
    maker = DepthMaker(
        Cropped(np.full((4, 4), 6.0)), mask=DepthMask(0.1, 9.0), correction=Correction(scale=2.0)
    )
    assert np.isnan(maker.make(PIXELS, None).depth).all()
    maker = DepthMaker(
        Cropped(np.full((4, 4), 12.0)), mask=DepthMask(0.1, 9.0), correction=Correction(scale=0.5)
    )
    assert (maker.make(PIXELS, None).depth == 6.0).all()


def test_depth_at_network_size_has_the_networks_camera() -> None:
    made = DepthMaker(Cropped(np.full((4, 4), 2.0)), mask=DepthMask(0.1, 9.0)).make(PIXELS, CAMERA)
    assert made.depth.shape == (4, 4)
    assert made.camera is not None
    assert made.camera.fx == pytest.approx(10 * 4 / 6)
    assert made.view.seen == Rect(1, 0, 6, 6)


def test_depth_at_frame_size_has_the_frames_camera_and_holes_where_nothing_was_seen() -> None:
    maker = DepthMaker(Cropped(np.full((4, 4), 2.0)), mask=DepthMask(0.1, 9.0), size="frame")
    made = maker.make(PIXELS, CAMERA)
    assert made.depth.shape == (6, 8)
    assert np.isnan(made.depth[:, [0, 7]]).all()
    assert (made.depth[:, 1:7] == 2.0).all()
    assert made.camera == CAMERA
    assert made.view.seen == Rect(0, 0, 8, 6)
    assert maker.make(PIXELS, None).camera is None


def test_resizing_comes_before_masking() -> None:
    values = np.full((4, 4), 2.0)
    values[:, 2:] = 20.0  # out of range; a NaN would spread to its neighbours
    maker = DepthMaker(Cropped(values), mask=DepthMask(0.1, 9.0), size="frame")
    row = maker.make(PIXELS, None).depth[3, 1:7]
    assert row[:2].tolist() == [2.0, 2.0]
    assert row[2] == pytest.approx(2.0 + 18.0 / 6)  # halfway, and believable
    assert np.isnan(row[3:]).all()


def test_border_and_edges_are_masked() -> None:
    values = np.full((8, 8), 2.0)
    values[:, 4:] = 4.0
    mask = DepthMask(0.1, 9.0, border=0.125, max_step=0.5)
    depth = DepthMaker(Cropped(values), mask=mask).make(PIXELS, None).depth
    assert np.isnan(depth[[0, 7]]).all()
    assert np.isnan(depth[:, [0, 7, 3, 4]]).all()
    assert np.isfinite(depth[1:7][:, [1, 2, 5, 6]]).all()


def test_the_range_of_the_card_can_only_be_narrowed() -> None:
    card = mock_card(depth_range=(0.5, 10.0))
    assert believable(card, 0.0, 0.0) == (0.5, 10.0)
    assert believable(card, 1.0, 4.0) == (1.0, 4.0)
    assert believable(card, 0.1, 20.0) == (0.5, 10.0)
    with pytest.raises(SettingError, match=r"11 to 0 m.*0\.5 to 10 m"):
        believable(card, 11.0, 0.0)
