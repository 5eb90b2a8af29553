"""Augmentation must keep metres true: what a zoom, a turn or another camera does to depth."""

import math

import cv2
import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec, ModelCard
from fastdepth.geometry import camera_scale
from fastdepth.protocols import nearest

pytest.importorskip("torch")

from fastdepth_train.data.geometric import (
    GeometricConfig,
    View,
    depth_factor,
    draw_view,
    view_matrix,
    view_of,
    view_of_depth,
)

SIZE = (224, 224)
CAMERA = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)
CANONICAL = (518.858 * 224 / 640, 519.470 * 224 / 480)


def look(image, depth, view, size=SIZE):
    return view_of(image, view, InputSpec(*size)), view_of_depth(depth, view, size)


def test_the_plain_view_is_what_the_core_makes_of_the_frame():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (480, 640, 3), np.uint8)
    depth = rng.integers(500, 9000, (480, 640), np.uint16)
    seen, truth = look(image, depth, View())
    core = cv2.resize(image, SIZE, interpolation=cv2.INTER_LINEAR)
    # OpenCV's warp works in steps of 1/32 pixel, so noise may differ by some levels.
    assert np.abs(seen.astype(int) - core).mean() < 2
    # At a tie between two pixels either is nearest; 224 of 480 has some.
    same = truth == nearest(depth.astype(np.float32), *SIZE)
    assert same.mean() > 0.5
    ramp = np.broadcast_to(np.arange(640, dtype=np.uint16) * 10, (480, 640)).copy()
    _, truth = look(image, ramp, View())
    centres = ((np.arange(224) + 0.5) * 640 / 224 - 0.5) * 10
    assert np.abs(truth - centres).max() <= 5.0


@pytest.mark.parametrize("zoom", [1.0, 1.25, 1.5, 2.0])
def test_a_zoom_divides_depth(zoom):
    factor = depth_factor(View(zoom), CAMERA, SIZE, CANONICAL)
    assert factor == pytest.approx(1 / zoom, rel=1e-6)
    assert depth_factor(View(zoom), None, SIZE, CANONICAL) == pytest.approx(1 / zoom)


@pytest.mark.parametrize("focal", [400.0, 518.858, 700.0])
@pytest.mark.parametrize("zoom", [1.0, 1.3])
@pytest.mark.parametrize("flip", [False, True])
def test_an_object_keeps_its_true_width(focal, zoom, flip):
    """A board 0.8 m wide at 3 m, measured in the view with the canonical camera, is 0.8 m wide."""
    width, metres = 0.8, 3.0
    camera = Intrinsics(640, 480, focal, focal, 319.5, 239.5)
    half = width / 2 / metres * focal
    image = np.zeros((480, 640, 3), np.uint8)
    columns = np.abs(np.arange(640) - 300.0) <= half
    image[:, columns] = 255
    depth = np.full((480, 640), round(metres * 1000), np.uint16)
    view = View(zoom, flip=flip)
    seen, truth = look(image, depth, view)
    canonical = (focal * 224 / 640 * 1.1, focal * 224 / 480 * 1.1)
    label = truth[112, 112] / 1000 * depth_factor(view, camera, SIZE, canonical)
    pixels = (seen[112, :, 0] / 255.0).sum()
    # Both axes of this camera differ from the canonical one by the same factor.
    assert pixels * label / canonical[0] == pytest.approx(width, rel=0.015)


def test_the_estimator_undoes_the_factor_of_a_camera():
    card = ModelCard("m", "1", InputSpec(*SIZE), CANONICAL, (0.1, 10.0))
    other = Intrinsics(640, 480, 610.0, 590.0, 320, 240)
    factor = depth_factor(View(), other, SIZE, CANONICAL)
    assert factor * camera_scale(card, other.resize(*SIZE)) == pytest.approx(1.0)


def test_a_flip_mirrors_image_and_depth_alike():
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (96, 128, 3), np.uint8)
    depth = rng.integers(500, 9000, (96, 128), np.uint16)
    seen, truth = look(image, depth, View(flip=True), (128, 96))
    assert np.array_equal(seen, image[:, ::-1])
    assert np.array_equal(truth, depth[:, ::-1])


def test_a_turn_keeps_right_angles_of_the_scene():
    view = View(zoom=1.2, rotation=math.radians(5), flip=True)
    matrix = view_matrix(view, (640, 480), SIZE)
    square = np.diag([640 / 224, 480 / 224]) @ matrix[:, :2]
    assert square @ square.T == pytest.approx(np.eye(2) * 1.2**2)
    assert np.linalg.det(square) < 0


def test_a_turn_goes_clockwise_about_the_window_s_centre():
    image = np.zeros((101, 101, 3), np.uint8)
    image[50, 50] = image[50, 90] = 255
    depth = np.ones((101, 101), np.uint16)
    seen, _ = look(image, depth, View(rotation=math.radians(90)), (101, 101))
    # What lay to the right now lies below (rows count downwards).
    assert seen[50, 50, 0] > 200
    assert seen[90, 50, 0] > 200


def test_depth_is_never_mixed_nor_invented():
    rng = np.random.default_rng(2)
    image = np.zeros((480, 640, 3), np.uint8)
    depth = rng.choice(np.array([0, 2000, 7000], np.uint16), (480, 640))
    _, truth = look(image, depth, View(1.37, math.radians(4), 0.05, -0.03, True))
    assert set(np.unique(truth)) == {0, 2000, 7000}
    full = np.full((480, 640), 3000, np.uint16)
    image[:] = 90
    seen, truth = look(image, full, View(1.0, math.radians(5)))
    outside = truth == 0
    assert 0.01 < outside.mean() < 0.1
    # Corners that the turn uncovers: no depth, and in the image the edge goes on.
    assert outside[0, 0] or outside[0, -1]
    assert (seen == 90).all()


def test_depth_of_another_resolution_stays_aligned():
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, 320:] = 255
    small = np.full((120, 160), 1000, np.uint16)
    small[:, 80:] = 4000
    seen, truth = look(image, small, View(1.5, 0.0, 0.1, 0.0))
    border_seen = int(np.argmax(seen[112, :, 0] > 127))
    border_truth = int(np.argmax(truth[112] > 2000))
    assert abs(border_seen - border_truth) <= 1


def test_drawn_views_stay_within_frame_and_settings():
    config = GeometricConfig(zoom=(1.0, 1.6), rotation=5.0, flip=0.5)
    rng = np.random.default_rng(0)
    views = [draw_view(config, rng) for _ in range(500)]
    zooms = np.array([v.zoom for v in views])
    assert 1.0 <= zooms.min() < 1.05
    assert 1.55 < zooms.max() <= 1.6
    assert max(abs(v.rotation) for v in views) <= math.radians(5)
    assert 0.4 < np.mean([v.flip for v in views]) < 0.6
    for view in views:
        assert abs(view.x) + 0.5 / view.zoom <= 0.5 + 1e-9
        assert abs(view.y) + 0.5 / view.zoom <= 0.5 + 1e-9
    assert max(abs(v.x) for v in views) > 0.1


def test_a_view_for_an_input_of_means_is_the_mean_of_its_area():
    """At a fifth of the size nine pixels in ten would not count without it."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (480, 640, 3), np.uint8)
    kept = cv2.resize(image, (320, 240), interpolation=cv2.INTER_AREA)  # as the store keeps it
    seen = view_of(kept, View(), InputSpec(128, 96, interpolation="area"))
    mean = cv2.resize(image, (128, 96), interpolation=cv2.INTER_AREA)
    single = view_of(kept, View(), InputSpec(128, 96))
    error = np.abs(seen.astype(int) - mean).mean()
    assert error < 6
    assert error < np.abs(single.astype(int) - mean).mean() / 2
