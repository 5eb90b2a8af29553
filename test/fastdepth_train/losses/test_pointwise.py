import math

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.losses import berhu, l1, log_l1, silog  # noqa: E402

NAN = float("nan")


def grid(*rows):
    return torch.tensor([[rows]])


def test_l1_is_the_mean_over_valid_pixels():
    prediction = grid([1.0, 2.0], [3.0, 9.0])
    truth = grid([1.5, 2.0], [1.0, NAN])
    assert l1(prediction, truth) == pytest.approx((0.5 + 0.0 + 2.0) / 3)


def test_zero_and_infinite_truth_are_no_measurement():
    prediction = grid([1.0, 2.0, 7.0, 4.0])
    truth = grid([0.0, 3.0, math.inf, -1.0])
    assert l1(prediction, truth) == pytest.approx(1.0)
    assert log_l1(prediction, truth) == pytest.approx(math.log(1.5))


def test_log_l1_counts_ratios():
    prediction = grid([1.0, 4.0, 5.0])
    truth = grid([2.0, 2.0, NAN])
    assert log_l1(prediction, truth) == pytest.approx(math.log(2))


def test_silog_forgives_a_common_factor_in_part():
    truth = grid([1.0, 2.0, 4.0])
    # All off by the factor e: the error is 1 everywhere, so sqrt(1 - focus).
    assert silog(truth * math.e, truth, focus=0.85) == pytest.approx(math.sqrt(0.15), rel=1e-5)
    # Errors +ln 2, -ln 2: the mean is 0.
    assert silog(grid([2.0, 1.0]), grid([1.0, 2.0])) == pytest.approx(math.log(2), rel=1e-5)


def test_silog_is_the_mean_over_images_that_have_truth():
    prediction = torch.cat([grid([2.0, 2.0]), grid([3.0, 3.0]), grid([1.0, 2.0])])
    truth = torch.cat([grid([1.0, 1.0]), grid([NAN, NAN]), grid([1.0, 2.0])])
    expected = (math.log(2) * math.sqrt(1 - 0.85) + 0.0) / 2
    assert silog(prediction, truth) == pytest.approx(expected, abs=1e-5)


def test_a_prediction_of_zero_is_finite_in_the_logarithm():
    value = log_l1(torch.zeros(1, 1, 1, 2), grid([1.0, 1.0]))
    assert value == pytest.approx(math.log(1000), rel=1e-5)


def test_berhu_by_hand():
    # Errors 0.1, 0.2, 1.0: c = 0.2, so the last is (1 + 0.04) / 0.4. The invalid pixel sets no c.
    prediction = grid([1.1, 1.8, 3.0, 50.0])
    truth = grid([1.0, 2.0, 2.0, NAN])
    assert berhu(prediction, truth) == pytest.approx((0.1 + 0.2 + 2.6) / 3, rel=1e-5)


def test_berhu_of_a_perfect_prediction_has_a_finite_slope():
    prediction = torch.ones(1, 1, 2, 2, requires_grad=True)
    value = berhu(prediction, torch.ones(1, 1, 2, 2))
    value.backward()
    assert value == 0
    assert torch.isfinite(prediction.grad).all()
