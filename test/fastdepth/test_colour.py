import numpy as np
import pytest

from fastdepth.colour import (
    NO_DEPTH,
    colourise,
    colourise_error,
    depth_colours,
    error_colours,
    metric_range,
)

MAPS = ["inferno", "magma", "turbo", "viridis"]


@pytest.mark.parametrize("colour_map", MAPS)
def test_depth_can_be_read_back_from_the_colours(colour_map):
    near, far = 0.5, 8.0
    depth = np.linspace(near, far, 500, dtype=np.float32).reshape(20, 25)

    painted = colourise(depth, near, far, colour_map)

    table = depth_colours(colour_map).astype(np.int32)
    distance = np.abs(painted[:, :, None, :].astype(np.int32) - table).sum(axis=-1)
    assert distance.min(axis=-1).max() == 0
    read = near + distance.argmin(axis=-1) * (far - near) / 255
    np.testing.assert_allclose(read, depth, atol=2 * (far - near) / 255)


def test_near_is_bright_and_warm_far_is_dark_and_cool():
    near, middle, far = depth_colours("inferno")[[20, 128, 235]].astype(int)
    assert near.sum() > middle.sum() > far.sum()
    assert near[0] > near[2] + 50  # red over blue
    assert far[2] > far[0]


@pytest.mark.parametrize("colour_map", ["inferno", "magma", "viridis"])
def test_brightness_falls_steadily_with_distance(colour_map):
    luminance = depth_colours(colour_map) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.all(np.diff(luminance) < 0.5)
    assert luminance[0] - luminance[255] > 150


def test_the_same_distance_has_the_same_colour_in_every_picture():
    flat = np.full((2, 2), 2.0, np.float32)
    varied = np.array([[2.0, 0.1], [9.0, np.nan]], np.float32)
    np.testing.assert_array_equal(colourise(flat, 0, 10)[0, 0], colourise(varied, 0, 10)[0, 0])


def test_depth_outside_the_range_has_the_colour_of_its_end():
    depth = np.array([[0.2, 1.0, 4.0, 1e30]], np.float32)
    painted = colourise(depth, 1.0, 4.0)
    np.testing.assert_array_equal(painted[0, 0], painted[0, 1])
    np.testing.assert_array_equal(painted[0, 2], painted[0, 3])
    np.testing.assert_array_equal(painted[0, [0, 3]], depth_colours()[[0, 255]])


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_pixel_without_depth_is_grey_and_grey_is_no_depth(hole):
    painted = colourise(np.array([[1.0, hole]], np.float32), 0.0, 5.0)
    assert tuple(painted[0, 1]) == NO_DEPTH
    for colour_map in MAPS:
        off = np.abs(depth_colours(colour_map).astype(int) - NO_DEPTH).max(axis=1)
        assert off.min() > 8
    assert np.abs(error_colours().astype(int) - NO_DEPTH).max(axis=1).min() > 8


def test_a_colourised_picture_is_the_callers_own():
    colourise(np.ones((2, 2), np.float32), 0.0, 5.0)[:] = 0
    assert depth_colours()[51].any()
    with pytest.raises(ValueError, match="read-only"):
        depth_colours()[0] = 0


@pytest.mark.parametrize(("near", "far"), [(2.0, 2.0), (3.0, 1.0), (np.nan, 1.0), (0.0, np.inf)])
def test_an_impossible_range_is_refused(near, far):
    with pytest.raises(ValueError, match="colour range"):
        colourise(np.ones((2, 2), np.float32), near, far)


def test_errors_are_blue_too_near_red_too_far_and_pale_where_right():
    error = np.array([[-0.5, 0.0, 0.5, np.nan, -9.0]], np.float32)
    near, right, far, unknown, farther = colourise_error(error, 0.5)[0].astype(int)
    assert near[2] > near[0] + 50
    assert far[0] > far[2] + 50
    assert right.min() > 240
    assert tuple(unknown) == NO_DEPTH
    np.testing.assert_array_equal(farther, near)


def test_error_limit_must_be_positive():
    with pytest.raises(ValueError, match="colour range"):
        colourise_error(np.zeros((2, 2), np.float32), 0.0)


def test_the_range_of_a_set_is_round_and_ignores_outliers_and_holes():
    depth = np.linspace(1.2, 3.9, 1000, dtype=np.float32).reshape(25, 40)
    outlier = np.full((2, 2), np.nan, np.float32)
    outlier[0, 0] = 60.0
    assert metric_range([depth, outlier]) == (1.0, 4.0)


def test_the_range_of_a_flat_wall_is_not_empty():
    assert metric_range([np.full((4, 4), 2.0, np.float32)]) == (2.0, 2.5)


def test_the_range_without_any_depth_is_a_rooms():
    assert metric_range([]) == (0.0, 10.0)
    assert metric_range([np.full((2, 2), np.nan, np.float32)]) == (0.0, 10.0)
