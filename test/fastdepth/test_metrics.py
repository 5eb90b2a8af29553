import math

import numpy as np
import pytest

from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.metrics import METRIC_KEYS, MetricMean, frame_metrics


def array(*values):
    return np.array([values], np.float32)


def test_values_by_hand():
    # errors: +1 of 4 (25 %), -1 of 2 (50 %), 0 of 1; the NaN and the zero are no measurements
    truth = array(4, 2, 1, np.nan, 0)
    prediction = array(5, 1, 1, 99, 99)
    m = frame_metrics(prediction, truth)
    logs = [math.log(5 / 4), math.log(1 / 2), 0.0]
    mean_square = sum(v * v for v in logs) / 3
    assert m["rmse"] == pytest.approx(math.sqrt(2 / 3))
    assert m["mae"] == pytest.approx(2 / 3)
    assert m["abs_rel"] == pytest.approx(0.25)
    assert m["sq_rel"] == pytest.approx((1 / 4 + 1 / 2) / 3)
    assert m["log10"] == pytest.approx((math.log10(5 / 4) + math.log10(2)) / 3)
    assert m["rmse_log"] == pytest.approx(math.sqrt(mean_square))
    assert m["silog"] == pytest.approx(100 * math.sqrt(mean_square - (sum(logs) / 3) ** 2))
    assert m["delta1"] == pytest.approx(1 / 3)  # 5/4 is not below 1.25
    assert m["delta2"] == pytest.approx(2 / 3)
    assert m["delta3"] == pytest.approx(2 / 3)
    assert m["accuracy15"] == pytest.approx(1 / 3)
    assert set(m) == set(METRIC_KEYS)


def test_a_perfect_prediction_has_no_error():
    depth = np.linspace(0.5, 9, 100, dtype=np.float32).reshape(10, 10)
    m = frame_metrics(depth, depth)
    shares = ("delta1", "delta2", "delta3", "accuracy15")
    assert all(m[k] == (1.0 if k in shares else 0.0) for k in METRIC_KEYS)


def test_silog_ignores_a_common_scale():
    truth = np.random.default_rng(0).uniform(1, 9, (20, 20)).astype(np.float32)
    assert frame_metrics(truth * 1.3, truth)["silog"] == pytest.approx(0, abs=1e-3)
    assert frame_metrics(truth * 1.3, truth)["rmse_log"] == pytest.approx(math.log(1.3), rel=1e-5)


def test_a_prediction_of_zero_is_wrong_but_finite():
    m = frame_metrics(array(0.0), array(2.0))
    assert m["delta3"] == 0
    assert all(math.isfinite(v) for v in m.values())


def test_truth_and_prediction_are_not_interchangeable():
    assert frame_metrics(array(1.0), array(2.0))["abs_rel"] == pytest.approx(0.5)
    assert frame_metrics(array(2.0), array(1.0))["abs_rel"] == pytest.approx(1.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_is_an_error_not_a_figure(value):
    with pytest.raises(ProtocolError, match="1 predicted"):
        frame_metrics(array(value, 1.0), array(1.0, 1.0))


def test_shapes_must_agree():
    with pytest.raises(ProtocolError, match="shapes"):
        frame_metrics(array(1.0, 1.0), array(1.0))


def test_no_truth_is_its_own_error():
    with pytest.raises(NoTruthError):
        frame_metrics(array(1.0), array(np.nan))


def test_the_mean_is_over_frames_not_pixels():
    mean = MetricMean()
    mean.add(frame_metrics(array(2.0), array(1.0)))
    mean.add(frame_metrics(array(1.0, 1.0, 1.0), array(1.0, 1.0, 1.0)))
    result = mean.result()
    assert result["rmse"] == pytest.approx(0.5)
    assert result["frames"] == 2


def test_the_mean_of_nothing_is_an_error():
    with pytest.raises(ProtocolError, match="no frame"):
        MetricMean().result()
