import math

import numpy as np
import pytest

from fastdepth.errors import SettingError
from fastdepth.masks import DepthMask

NAN = np.float32(np.nan)


def scene(rows=48, columns=64, value=2.0):
    return np.full((rows, columns), value, np.float32)


def masked(depth, **settings):
    """Return which pixels a mask takes that were there before."""
    result = DepthMask(**settings).apply(depth)
    kept = np.isfinite(result)
    np.testing.assert_array_equal(result[kept], depth[kept])
    return np.isfinite(depth) & ~kept


def test_nothing_is_masked_unless_asked_for():
    depth = scene()
    mask = DepthMask()
    assert mask.is_off
    assert mask.apply(depth) is depth
    assert not DepthMask(border=0.1).is_off


def test_depth_outside_the_range_is_masked_and_its_ends_are_kept():
    depth = np.array([[0.24, 0.25, 5.0, 8.0, 8.01, NAN]], np.float32)
    taken = masked(depth, near=0.25, far=8.0)
    assert taken.tolist() == [[True, False, False, False, True, False]]


def test_infinity_is_beyond_any_range():
    depth = np.array([[1.0, np.inf]], np.float32)
    assert np.isnan(DepthMask(far=100.0).apply(depth)).tolist() == [[False, True]]


def test_the_border_is_a_share_of_each_side():
    depth = scene(40, 100)
    taken = masked(depth, border=0.05)
    expected = np.ones((40, 100), bool)
    expected[2:38, 5:95] = False
    np.testing.assert_array_equal(taken, expected)


def test_both_sides_of_a_step_are_masked_and_no_more():
    depth = scene()
    depth[:, 30:] = 2.5
    expected = np.zeros(depth.shape, bool)
    expected[:, 29:31] = True
    np.testing.assert_array_equal(masked(depth, max_step=0.1), expected)
    assert not masked(depth, max_step=0.3).any()  # 2.5 is 25 % more than 2


def test_a_step_between_rows_is_found_anywhere():
    for row in range(1, 100):
        depth = scene(100, 8)
        depth[row:] = 3.0
        expected = np.zeros(depth.shape, bool)
        expected[row - 1 : row + 1] = True
        np.testing.assert_array_equal(masked(depth, max_step=0.1), expected)


def test_a_flying_pixel_is_masked_with_its_neighbours():
    depth = scene()
    depth[10, 20] = 3.0
    expected = np.zeros(depth.shape, bool)
    expected[9:12, 20] = expected[10, 19:22] = True
    np.testing.assert_array_equal(masked(depth, max_step=0.1), expected)


def test_a_step_is_a_share_of_the_nearer_depth():
    for near in (0.5, 5.0):
        depth = scene(value=near)
        depth[:, 30:] = near * 1.12
        assert masked(depth, max_step=0.1).any()
        assert not masked(depth, max_step=0.13).any()


def test_the_slope_at_a_soft_edge_is_masked_and_the_surfaces_stay():
    depth = scene()
    depth[:, 20:30] = np.linspace(2, 5, 10, dtype=np.float32)
    depth[:, 30:] = 5.0
    taken = masked(depth, max_step=0.05)
    assert taken[:, 20:30].all()
    assert not taken[:, :20].any()
    assert not taken[:, 31:].any()


def test_a_gentle_slope_stays():
    depth = np.tile(np.geomspace(1, 3, 64, dtype=np.float32), (48, 1))
    assert not masked(depth, max_step=0.05).any()


@pytest.mark.filterwarnings("error")
def test_the_edge_of_a_hole_is_no_step():
    depth = scene()
    depth[5:9, 5:9] = NAN
    assert not masked(depth, max_step=0.01).any()


def test_an_edge_is_one_also_where_its_far_side_is_out_of_range():
    depth = scene()
    depth[:, 30:] = 9.0
    taken = masked(depth, max_step=0.1, far=8.0)
    assert taken[:, 29:].all()
    assert not taken[:, :29].any()


def test_the_input_is_not_changed():
    depth = scene()
    depth[:, 30:] = 9.0
    before = depth.copy()
    DepthMask(0.1, 5.0, 0.1, 0.1).apply(depth)
    np.testing.assert_array_equal(depth, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"near": -0.1}, "range"),
        ({"near": 3.0, "far": 3.0}, "range"),
        ({"far": math.nan}, "range"),
        ({"border": 0.5}, "border is 0.5"),
        ({"border": -0.1}, "border is -0.1"),
        ({"border": math.nan}, "border is nan"),
        ({"max_step": -1.0}, "max_step is -1"),
        ({"max_step": math.inf}, "max_step is inf"),
        ({"max_step": math.nan}, "max_step is nan"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        DepthMask(**settings)
