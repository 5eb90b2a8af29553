import math

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec, ModelCard
from fastdepth.errors import CardError, ImageError
from fastdepth.geometry import Rect, camera_scale, fit_frame, require_full_size_output


def card(**change):
    return ModelCard(
        "test", "1", InputSpec(224, 224, **change), focal_length=(181.6, 242.4), depth_range=(0, 10)
    )


@pytest.mark.parametrize(
    ("fit", "size", "seen", "content"),
    [
        ("stretch", (640, 480), Rect(0, 0, 640, 480), Rect(0, 0, 224, 224)),
        ("crop", (640, 480), Rect(80, 0, 480, 480), Rect(0, 0, 224, 224)),
        ("crop", (480, 640), Rect(0, 80, 480, 480), Rect(0, 0, 224, 224)),
        ("pad", (640, 480), Rect(0, 0, 640, 480), Rect(0, 28, 224, 168)),
        ("pad", (480, 640), Rect(0, 0, 480, 640), Rect(28, 0, 168, 224)),
        ("pad", (1, 1000), Rect(0, 0, 1, 1000), Rect(111, 0, 1, 224)),
    ],
)
def test_fit(fit, size, seen, content):
    geometry = fit_frame(InputSpec(224, 224, fit=fit), *size)
    assert (geometry.seen, geometry.content) == (seen, content)
    assert geometry.sees_whole_frame == (fit != "crop")


def test_an_empty_frame_is_refused():
    with pytest.raises(ImageError, match="0x480"):
        fit_frame(InputSpec(224, 224), 0, 480)


def test_the_input_camera_sees_what_the_frame_camera_sees():
    camera = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)
    for fit in ("stretch", "crop", "pad"):
        geometry = fit_frame(InputSpec(224, 192, fit=fit), 640, 480)
        view = geometry.input_intrinsics(camera)
        # A point seen at frame pixel (400, 300):
        ray = ((400 - camera.cx) / camera.fx, (300 - camera.cy) / camera.fy)
        seen, content = geometry.seen, geometry.content
        u = (400 - seen.x + 0.5) * content.width / seen.width - 0.5
        v = (300 - seen.y + 0.5) * content.height / seen.height - 0.5
        assert view.fx * ray[0] + view.cx == pytest.approx(u)
        assert view.fy * ray[1] + view.cy == pytest.approx(v)


def test_a_camera_of_another_size_is_refused():
    geometry = fit_frame(InputSpec(224, 224), 640, 480)
    with pytest.raises(ImageError, match=r"320x240.*640x480"):
        geometry.input_intrinsics(Intrinsics(320, 240, 260, 260, 160, 120))


def test_depth_comes_back_to_the_place_it_was_seen():
    geometry = fit_frame(InputSpec(64, 64, fit="crop"), 100, 60)
    depth = np.full((60, 60), 2.0, np.float32)
    depth[:, 30:] = 5.0
    whole = geometry.to_frame(depth)
    assert whole.shape == (60, 100)
    assert np.isnan(whole[:, :20]).all()
    assert np.isnan(whole[:, 80:]).all()
    assert (whole[:, 20:50] == 2.0).all()
    assert (whole[:, 50:80] == 5.0).all()


def test_resized_depth_keeps_pixel_edges():
    # A ramp over pixel centres must stay the same ramp: depth = 1 + (x + 0.5) / width.
    geometry = fit_frame(InputSpec(4, 4), 8, 8)
    ramp = np.tile(1 + (np.arange(4, dtype=np.float32) + 0.5) / 4, (4, 1))
    whole = geometry.to_frame(ramp)
    expected = 1 + (np.arange(8) + 0.5) / 8
    assert whole[0, 1:-1] == pytest.approx(expected[1:-1], abs=1e-6)


def test_camera_scale_is_one_for_the_cards_own_camera():
    assert camera_scale(card(), Intrinsics(224, 224, 181.6, 242.4, 112, 112)) == pytest.approx(1.0)


def test_camera_scale_follows_the_focal_length():
    # Twice the focal length shows the same object at twice the distance equally large.
    assert camera_scale(card(), Intrinsics(224, 224, 363.2, 484.8, 112, 112)) == pytest.approx(2.0)


def test_camera_scale_takes_the_axes_apart():
    scale = camera_scale(card(), Intrinsics(224, 224, 181.6 * 1.21, 242.4, 112, 112))
    assert scale == pytest.approx(math.sqrt(1.21))


def test_padding_needs_an_output_of_input_size():
    require_full_size_output(card(fit="pad"), 224, 224)
    require_full_size_output(card(fit="stretch"), 112, 112)
    with pytest.raises(CardError, match="112x112"):
        require_full_size_output(card(fit="pad"), 112, 112)
