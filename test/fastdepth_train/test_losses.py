import math

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import ConfigError  # noqa: E402
from fastdepth_train.losses import (  # noqa: E402
    LossConfig,
    depth_loss,
    gradient_matching,
    l1,
    log_l1,
    silog,
)

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


def test_gradient_matching_by_hand():
    # Log errors: row 0: 0, 1, 1; row 1: 0, 3, invalid.
    error = torch.tensor([[0.0, 1.0, 1.0], [0.0, 3.0, 0.0]])
    truth = torch.full((2, 3), 2.0)
    prediction = (truth * torch.exp(error))[None, None]
    truth[1, 2] = NAN
    truth = truth[None, None]
    vertical = (0.0 + 2.0) / 2
    horizontal = (1.0 + 0.0 + 3.0) / 3
    assert gradient_matching(prediction, truth, scales=1) == pytest.approx(vertical + horizontal)
    # At the second scale row 0 has the columns 0 and 2, and there is no second row.
    assert gradient_matching(prediction, truth, scales=2) == pytest.approx(
        vertical + horizontal + 1.0
    )


def test_gradient_matching_ignores_a_common_factor():
    truth = torch.rand(2, 1, 16, 16) + 1
    assert gradient_matching(truth * 3, truth) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("loss", [l1, log_l1, silog, gradient_matching])
def test_invalid_pixels_give_no_gradient_and_no_nan(loss):
    torch.manual_seed(0)
    prediction = (torch.rand(2, 1, 8, 8) + 1).requires_grad_()
    truth = torch.rand(2, 1, 8, 8) + 1
    truth[0, 0, 2:5, 3] = NAN
    loss(prediction, truth).backward()
    assert torch.isfinite(prediction.grad).all()
    assert (prediction.grad[0, 0, 2:5, 3] == 0).all()
    assert prediction.grad.abs().sum() > 0


@pytest.mark.parametrize("loss", [l1, log_l1, silog, gradient_matching])
def test_a_batch_without_truth_costs_nothing(loss):
    prediction = torch.ones(1, 1, 4, 4, requires_grad=True)
    value = loss(prediction, torch.full((1, 1, 4, 4), NAN))
    assert value == 0
    value.backward()
    assert (prediction.grad == 0).all()


def test_a_prediction_of_zero_is_finite_in_the_logarithm():
    value = log_l1(torch.zeros(1, 1, 1, 2), grid([1.0, 1.0]))
    assert value == pytest.approx(math.log(1000), rel=1e-5)


def test_terms_are_weighted_and_named():
    prediction, truth = grid([1.0, 2.0]), grid([2.0, 2.0])
    config = LossConfig(l1=2.0, log_l1=3.0, silog=0.0, gradient=0.0)
    terms = depth_loss(prediction, truth, config)
    assert set(terms) == {"loss", "l1", "log_l1"}
    assert terms["loss"] == pytest.approx(2 * 0.5 + 3 * math.log(2) / 2)
    every = depth_loss(prediction, truth, LossConfig(l1=1, log_l1=1, silog=1, gradient=1))
    total = sum(float(v) for k, v in every.items() if k != "loss")
    assert len(every) == 5
    assert every["loss"] == pytest.approx(total)


@pytest.mark.parametrize(
    "settings",
    [
        {"l1": 0, "log_l1": 0, "gradient": 0},
        {"l1": -1},
        {"silog_focus": 1.5},
        {"gradient_scales": 0},
    ],
)
def test_impossible_losses_are_refused(settings):
    with pytest.raises(ConfigError):
        LossConfig(**settings)
