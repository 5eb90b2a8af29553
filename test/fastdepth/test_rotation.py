import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SettingError
from fastdepth.estimator import DepthEstimator
from fastdepth.points import PointMaker
from fastdepth.rotation import TurnedEstimator, turn_camera, turn_image
from test.mock_model import BIAS, WEIGHTS, build_mock_model, mock_card

CAMERA = Intrinsics(32, 24, 60.0, 45.0, 14.0, 9.5)


def picture(height=24, width=32):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)


def expected(rgb):
    return BIAS + rgb.astype(np.float64) / 255 @ np.array(WEIGHTS)


def test_images_turn_clockwise():
    image = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    assert turn_image(image, 0) is image
    assert turn_image(image, 90).tolist() == [[4, 1], [5, 2], [6, 3]]
    assert turn_image(image, 180).tolist() == [[6, 5, 4], [3, 2, 1]]
    assert turn_image(image, 270).tolist() == [[3, 6], [2, 5], [1, 4]]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_cameras_follow_their_image(turn):
    """A point seen at a marked pixel is seen at the mark in the turned image too."""
    point = np.array([0.12, -0.05, 0.9])
    image = np.zeros((24, 32), np.uint8)
    image[7, 22] = 1
    np.testing.assert_allclose(CAMERA.matrix() @ point / point[2], [22, 7.0, 1], atol=1e-9)
    # Turning the picture clockwise turns x to y and y to -x.
    angle = np.deg2rad(turn)
    turned_point = [
        np.cos(angle) * point[0] - np.sin(angle) * point[1],
        np.sin(angle) * point[0] + np.cos(angle) * point[1],
        point[2],
    ]
    camera = turn_camera(CAMERA, turn)
    turned = turn_image(image, turn)
    assert (camera.height, camera.width) == turned.shape
    pixel = camera.matrix() @ turned_point / point[2]
    rows, columns = np.nonzero(turned)
    np.testing.assert_allclose(pixel[:2], [columns[0], rows[0]], atol=1e-9)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_four_quarters_lead_back(turn):
    camera, image = CAMERA, picture()
    for _ in range(4):
        camera, image = turn_camera(camera, turn), turn_image(image, turn)
    assert camera == CAMERA
    np.testing.assert_array_equal(image, picture())


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_depth_comes_back_as_the_picture_came(tmp_path, turn):
    size = {"width": 24, "height": 32} if turn in {90, 270} else {}
    model = DepthEstimator.load(build_mock_model(tmp_path / "m.onnx", mock_card(**size)))
    prediction = TurnedEstimator(model, turn).predict(picture(), "rgb", CAMERA)
    np.testing.assert_allclose(prediction.values, prediction.scale * expected(picture()), rtol=1e-5)
    assert prediction.camera == CAMERA
    assert prediction.scale == pytest.approx((60 * 45 / 30 / 30) ** 0.5)
    geometry = prediction.geometry
    assert (geometry.frame_width, geometry.frame_height) == (32, 24)
    np.testing.assert_array_equal(prediction.frame_depth(), prediction.depth())


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_model_sees_the_picture_upright(tmp_path, turn):
    seen = []

    class Watching(DepthEstimator):
        def predict(self, image, order="rgb", camera=None):
            seen.append((image, order, camera))
            return super().predict(image, order, camera)

    model = Watching.load(build_mock_model(tmp_path / "m.onnx"))
    TurnedEstimator(model, turn).predict(picture()[..., ::-1], "bgr", CAMERA)
    image, order, camera = seen[0]
    assert order == "bgr"
    np.testing.assert_array_equal(image, turn_image(picture()[..., ::-1], turn))
    assert camera == turn_camera(CAMERA, turn)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_part_that_was_not_seen_stays_where_it_is(tmp_path, turn):
    """A cropping model leaves out the long sides; odd sizes show a shift by one."""
    card = mock_card(width=24, height=24, fit="crop")
    model = DepthEstimator.load(build_mock_model(tmp_path / "m.onnx", card))
    prediction = TurnedEstimator(model, turn).predict(np.zeros((47, 64, 3), np.uint8))
    straight = model.predict(np.zeros((47, 64, 3), np.uint8))
    unseen = np.isnan(prediction.frame_depth())
    assert unseen.shape == (47, 64)
    assert not unseen[:, 9:55].any()
    assert unseen[:, :8].all()
    assert unseen[:, 56:].all()
    assert unseen.sum() == np.isnan(straight.frame_depth()).sum()
    assert prediction.camera is None


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_padding_model_delivers_the_frame_without_its_bars(tmp_path, turn):
    card = mock_card(width=32, height=32, fit="pad")
    model = DepthEstimator.load(build_mock_model(tmp_path / "m.onnx", card))
    prediction = TurnedEstimator(model, turn).predict(picture(), "rgb", CAMERA)
    assert prediction.depth().shape == (24, 32)
    assert prediction.camera == CAMERA
    content = prediction.geometry.content
    assert (content.width, content.height) == (32, 24)
    assert prediction.geometry.input_intrinsics(CAMERA) == CAMERA


def test_a_point_is_the_same_with_and_without_a_turn(tmp_path):
    model = DepthEstimator.load(
        build_mock_model(tmp_path / "m.onnx", mock_card(width=32, height=32))
    )
    image = picture(32, 32)
    camera = Intrinsics(32, 32, 40.0, 50.0, 14.0, 18.5)
    clouds = [
        PointMaker().points(prediction.depth(), prediction.camera)
        for prediction in (
            TurnedEstimator(model, turn).predict(image, "rgb", camera) for turn in (0, 90, 180)
        )
    ]
    np.testing.assert_allclose(clouds[1], clouds[0], rtol=1e-5)
    np.testing.assert_allclose(clouds[2], clouds[0], rtol=1e-5)


@pytest.mark.parametrize("turn", [45, -90, 360, 1])
def test_another_angle_is_refused(turn, tmp_path):
    model = DepthEstimator.load(build_mock_model(tmp_path / "m.onnx"))
    with pytest.raises(SettingError, match=f"not by {turn}"):
        TurnedEstimator(model, turn)
