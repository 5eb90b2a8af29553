import numpy as np
import pytest

from fastdepth.frame import Frame
from fastdepth_ros.demo.scoring import Pair, Scorer, at_frame, pair_up
from test.mock_model import mock_card


def frame(stamp, depth=None, width=8, height=6):
    return Frame(np.zeros((height, width, 3), np.uint8), depth, None, stamp, str(stamp))


def depth(value, height=6, width=8):
    return np.full((height, width), value, np.float32)


def test_a_known_error_gives_known_metrics():
    scorer = Scorer()
    scorer.add(Pair(frame(1, depth(2.0)), depth(2.5)))
    scorer.add(Pair(frame(2, depth(4.0)), depth(3.0)))
    result = scorer.result()
    assert result["mae"] == pytest.approx((0.5 + 1.0) / 2)
    assert result["abs_rel"] == pytest.approx((0.25 + 0.25) / 2)
    assert result["delta1"] == 0.0
    assert result["frames"] == 2
    assert result["coverage"] == 1.0
    assert (result["protocol"], result["align"]) == ("full", "none")


def test_only_measured_pixels_with_a_prediction_count_and_coverage_says_how_many():
    truth, prediction = depth(2.0), depth(2.0)
    truth[0] = np.nan
    prediction[0] = 50.0
    truth[1, :4] = 9.0
    prediction[1] = np.nan
    scorer = Scorer()
    scorer.add(Pair(frame(1, truth), prediction))
    result = scorer.result()
    assert result["mae"] == 0.0
    assert result["coverage"] == pytest.approx(32 / 40)


def test_the_prediction_is_brought_to_the_size_of_the_truth_linearly():
    ramp = np.tile(np.arange(8, dtype=np.float32) + 1, (6, 1))
    columns = (np.arange(16) + 0.5) / 2 - 0.5
    expected = np.clip(columns, 0, 7) + 1
    truth = np.tile(expected, (12, 1)).astype(np.float32)
    scorer = Scorer()
    scorer.add(Pair(frame(1, truth), ramp))
    assert scorer.result()["mae"] == pytest.approx(0.0, abs=1e-6)


def test_frames_without_truth_or_prediction_are_passed_over():
    scorer = Scorer()
    scorer.add(Pair(frame(1), depth(1.0)))
    scorer.add(Pair(frame(2, depth(1.0)), None))
    scorer.add(Pair(frame(3, depth(np.nan)), depth(1.0)))
    assert scorer.frames == 0


def test_a_frame_whose_prediction_is_all_invalid_lowers_coverage_alone():
    scorer = Scorer()
    scorer.add(Pair(frame(1, depth(1.0)), depth(np.nan)))
    scorer.add(Pair(frame(2, depth(1.0)), depth(1.5)))
    assert scorer.result()["frames"] == 1
    assert scorer.result()["coverage"] == 0.5


def test_depth_goes_to_the_frame_of_its_stamp():
    card = mock_card(width=8, height=6)
    depths = [(10, depth(1.0)), (30, depth(3.0)), (40, depth(4.0))]
    pairs = list(pair_up([frame(s) for s in (10, 20, 30, 40, 50)], depths, card))
    found = {p.frame.stamp: None if p.prediction is None else p.prediction[0, 0] for p in pairs}
    assert found == {10: 1.0, 20: None, 30: 3.0, 40: 4.0, 50: None}


def test_depth_that_comes_out_of_order_or_belongs_to_no_frame_is_no_obstacle():
    card = mock_card(width=8, height=6)
    depths = [(5, depth(9.0)), (20, depth(2.0)), (10, depth(1.0)), (30, depth(3.0))]
    pairs = list(pair_up([frame(s) for s in (20, 10, 30)], depths, card))
    assert [p.prediction[0, 0] for p in pairs] == [2.0, 1.0, 3.0]


def test_depth_of_a_cropping_model_covers_the_part_of_the_frame_it_saw():
    card = mock_card(width=4, height=4, fit="crop")
    whole = at_frame(depth(2.0, 4, 4), frame(1, width=16, height=8), card)
    assert whole.shape == (8, 16)
    assert np.isfinite(whole).sum(axis=1).tolist() == [8] * 8
    assert np.isfinite(whole[:, 4:12]).all()
