import cv2
import numpy as np
import pytest

from fastdepth.card import InputSpec
from fastdepth.errors import ImageError
from fastdepth.preprocess import Preprocessor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def noise(height=48, width=64, channels=3):
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), dtype=np.uint8)


def reference(rgb, width, height, mean=MEAN, std=STD):
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    values = (small.astype(np.float64) / 255 - mean) / std
    return values.transpose(2, 0, 1)[None]


@pytest.mark.parametrize("order", ["rgb", "bgr", "rgba", "bgra"])
def test_every_order_gives_the_same_rgb_planes(order):
    rgb = noise()
    image = rgb if order.startswith("rgb") else rgb[..., ::-1]
    if order.endswith("a"):
        image = np.dstack([image, np.full(image.shape[:2], 9, np.uint8)])
    tensor, _ = Preprocessor(InputSpec(32, 24, "rgb", MEAN, STD))(image, order)
    assert tensor.shape == (1, 3, 24, 32)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor, reference(rgb, 32, 24), atol=1e-5)


def test_a_bgr_card_gets_bgr_planes_with_its_own_mean():
    rgb = noise()
    spec = InputSpec(32, 24, "bgr", MEAN[::-1], STD[::-1])
    tensor, _ = Preprocessor(spec)(rgb, "rgb")
    np.testing.assert_allclose(tensor, reference(rgb, 32, 24)[:, ::-1], atol=1e-5)


def test_mono_fills_the_three_planes():
    grey = noise(channels=1)[..., 0]
    tensor, _ = Preprocessor(InputSpec(32, 24, "rgb", MEAN, STD))(grey, "mono")
    np.testing.assert_allclose(tensor, reference(np.dstack([grey] * 3), 32, 24), atol=1e-5)


def test_a_strided_view_is_read_by_its_strides():
    rgb = noise()
    padded = np.zeros((48, 80, 3), np.uint8)
    padded[:, :64] = rgb
    view = padded[:, :64]
    assert not view.flags.c_contiguous
    tensor, _ = Preprocessor(InputSpec(32, 24, "rgb", MEAN, STD))(view)
    np.testing.assert_allclose(tensor, reference(rgb, 32, 24), atol=1e-5)


def test_a_read_only_view_is_not_copied_into_an_error():
    rgb = np.frombuffer(noise().tobytes(), np.uint8).reshape(48, 64, 3)
    Preprocessor(InputSpec(32, 24))(rgb)


def test_padding_is_the_mean_colour_also_after_a_frame_without_padding():
    spec = InputSpec(32, 32, "rgb", MEAN, STD, fit="pad")
    preprocess = Preprocessor(spec)
    preprocess(noise(50, 50))
    tensor, geometry = preprocess(noise(25, 50))
    rows, columns = geometry.content.slices
    inside = np.zeros((32, 32), bool)
    inside[rows, columns] = True
    assert (tensor[0, :, ~inside] == 0).all()
    np.testing.assert_allclose(
        tensor[:, :, rows, columns], reference(noise(25, 50), 32, 16), atol=1e-5
    )


def test_crop_takes_the_centre():
    rgb = noise(48, 64)
    tensor, _ = Preprocessor(InputSpec(24, 24, "rgb", MEAN, STD, fit="crop"))(rgb)
    np.testing.assert_allclose(tensor, reference(rgb[:, 8:56], 24, 24), atol=1e-5)


@pytest.mark.parametrize(
    ("image", "order", "word"),
    [
        (np.zeros((4, 4, 3), np.float32), "rgb", "float32"),
        (np.zeros((4, 4), np.uint8), "rgb", "HxWx3"),
        (np.zeros((4, 4, 4), np.uint8), "rgb", "HxWx3"),
        (np.zeros((4, 4, 3), np.uint8), "mono", "HxW"),
        (np.zeros((0, 4, 3), np.uint8), "rgb", "4x0"),
    ],
)
def test_what_is_no_image_is_refused(image, order, word):
    with pytest.raises(ImageError, match=word):
        Preprocessor(InputSpec(32, 24))(image, order)
