import math

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.card import METADATA_KEY
from fastdepth.engines import OnnxRuntimeEngine, default_threads, read_card
from fastdepth.errors import CardError, ImageError, ModelError
from fastdepth.estimator import DepthEstimator
from fastdepth.frame import Frame
from test.mock_model import BIAS, WEIGHTS, build_mock_model, mock_card


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return build_mock_model(tmp_path_factory.mktemp("model") / "mock.onnx")


def picture():
    """Return a 24x32 picture whose channels differ and whose pixels differ by place."""
    image = np.zeros((24, 32, 3), np.uint8)
    image[..., 0] = np.arange(32) * 4
    image[..., 1] = np.arange(24)[:, None] * 5
    image[5, 9] = (250, 10, 90)
    return image


def expected(rgb):
    return BIAS + rgb.astype(np.float64) / 255 @ np.array(WEIGHTS)


def test_depth_is_the_networks_function_of_the_pixels(model):
    prediction = DepthEstimator.load(model).predict(picture())
    np.testing.assert_allclose(prediction.depth(), expected(picture()), atol=1e-5)
    assert prediction.depth().dtype == np.float32
    assert prediction.scale == 1.0
    assert prediction.camera is None


def test_a_bgr_view_of_the_same_picture_gives_the_same_depth(model):
    prediction = DepthEstimator.load(model).predict(picture()[..., ::-1], "bgr")
    np.testing.assert_allclose(prediction.depth(), expected(picture()), atol=1e-5)


def test_depth_follows_the_camera(model):
    camera = Intrinsics(32, 24, 60.0, 45.0, 15.5, 11.5)  # the card says 30, 30
    estimator = DepthEstimator.load(model)
    prediction = estimator.predict_frame(Frame(picture(), None, camera))
    factor = math.sqrt(2.0 * 1.5)
    assert prediction.scale == pytest.approx(factor)
    np.testing.assert_allclose(prediction.values, factor * expected(picture()), rtol=1e-5)
    assert prediction.camera == camera


def test_frames_prepared_ahead_keep_their_own_input(model):
    """In whatever order the network runs on them; also where their memory is used again."""
    estimator = DepthEstimator.load(model)
    camera = Intrinsics(32, 24, 60.0, 45.0, 15.5, 11.5)
    images = [np.roll(picture(), step, axis=1) for step in range(4)]
    for _ in range(2):
        begun = [estimator.begin_frame(Frame(image, None, camera)) for image in images]
        for image, finish in reversed(list(zip(images, begun, strict=True))):
            prediction, same = finish(), estimator.predict_frame(Frame(image, None, camera))
            np.testing.assert_array_equal(prediction.values, same.values)
            assert (prediction.scale, prediction.camera) == (same.scale, same.camera)
            assert prediction.seconds.prepare > 0


def test_the_cameras_scale_can_be_switched_off(model):
    camera = Intrinsics(32, 24, 60.0, 45.0, 15.5, 11.5)
    prediction = DepthEstimator.load(model, camera_aware=False).predict(picture(), camera=camera)
    assert prediction.scale == 1.0
    np.testing.assert_allclose(prediction.values, expected(picture()), atol=1e-5)
    assert prediction.camera == camera


def test_the_depths_camera_is_the_frames_at_network_size(model):
    camera = Intrinsics(64, 48, 60.0, 60.0, 31.0, 20.0)
    prediction = DepthEstimator.load(model).predict(np.zeros((48, 64, 3), np.uint8), camera=camera)
    assert prediction.camera == camera.resize(32, 24)
    assert prediction.scale == pytest.approx(1.0)  # 60 pixels at twice the size are 30 here


def test_depth_out_of_range_is_nan_but_values_keep_it(tmp_path):
    path = build_mock_model(tmp_path / "m.onnx", mock_card(depth_range=(1.0, 3.0)))
    image = picture()
    prediction = DepthEstimator.load(path).predict(image)
    depth, truth = prediction.depth(), expected(image)
    inside = (truth >= 1.0) & (truth <= 3.0)
    assert inside.any()
    assert not inside.all()
    np.testing.assert_array_equal(np.isfinite(depth), inside)
    assert np.isfinite(prediction.values).all()


def test_zero_is_never_a_depth(tmp_path):
    path = build_mock_model(
        tmp_path / "m.onnx", mock_card(depth_range=(0.0, 5.0)), weights=(1, 0, 0), bias=0.0
    )
    prediction = DepthEstimator.load(path).predict(np.zeros((24, 32, 3), np.uint8))
    assert np.isnan(prediction.depth()).all()


def test_a_cropping_model_knows_nothing_of_the_sides(tmp_path):
    path = build_mock_model(tmp_path / "m.onnx", mock_card(width=24, height=24, fit="crop"))
    prediction = DepthEstimator.load(path).predict(np.zeros((48, 64, 3), np.uint8))
    depth = prediction.frame_depth()
    assert depth.shape == (48, 64)
    assert np.isnan(depth[:, :8]).all()
    assert np.isnan(depth[:, 56:]).all()
    assert depth[:, 8:56] == pytest.approx(BIAS)


def test_a_padding_model_delivers_the_frame_without_its_bars(tmp_path):
    path = build_mock_model(tmp_path / "m.onnx", mock_card(width=32, height=32, fit="pad"))
    camera = Intrinsics(64, 48, 60.0, 60.0, 31.0, 20.0)
    image = np.full((48, 64, 3), 255, np.uint8)
    prediction = DepthEstimator.load(path, camera_aware=False).predict(image, camera=camera)
    assert prediction.depth().shape == (24, 32)
    assert prediction.depth() == pytest.approx(BIAS + sum(WEIGHTS))
    assert prediction.camera == camera.resize(32, 24)


def test_a_camera_of_another_size_is_refused(model):
    with pytest.raises(ImageError, match="camera_info"):
        DepthEstimator.load(model).predict(
            picture(), camera=Intrinsics(64, 48, 60.0, 60.0, 31.0, 20.0)
        )


def test_stage_times_are_measured(model):
    seconds = DepthEstimator.load(model).predict(picture()).seconds
    assert seconds.prepare > 0
    assert seconds.infer > 0


def test_predictions_do_not_share_memory(model):
    estimator = DepthEstimator.load(model)
    first = estimator.predict(picture())
    kept = first.values.copy()
    estimator.predict(255 - picture())
    np.testing.assert_array_equal(first.values, kept)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"none\.onnx does not exist"):
        DepthEstimator.load(tmp_path / "none.onnx")


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match="folder"):
        DepthEstimator.load(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5])
def test_a_truncated_file_is_refused(tmp_path, model, keep):
    data = model.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    for load in (DepthEstimator.load, read_card):
        with pytest.raises(ModelError, match=r"cut\.onnx"):
            load(path)


def test_a_file_without_card_is_refused_and_says_how_to_add_one(tmp_path):
    path = build_mock_model(tmp_path / "bare.onnx", with_card=False)
    for load in (DepthEstimator.load, read_card):
        with pytest.raises(CardError, match="fastdepth card"):
            load(path)


def test_the_card_is_read_from_the_file(model):
    assert read_card(model) == mock_card()
    assert METADATA_KEY in OnnxRuntimeEngine(model).metadata


def test_a_card_that_lies_about_the_input_is_found_out(model):
    with pytest.raises(ModelError, match="does not accept"):
        DepthEstimator(OnnxRuntimeEngine(model), mock_card(width=64, height=64))


def test_an_unknown_provider_lists_what_is_there(model):
    with pytest.raises(ModelError, match=r"Warp.*CPUExecutionProvider"):
        DepthEstimator.load(model, providers=["WarpExecutionProvider"])


def test_the_engine_says_what_it_is(model):
    description = OnnxRuntimeEngine(model, threads=1).description
    assert "onnxruntime" in description
    assert "CPU" in description
    assert "1 thread" in description


def test_default_threads_are_within_the_machine():
    assert 1 <= default_threads() <= 4
