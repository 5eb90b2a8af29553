"""What holds for every loss: pixels without ground truth do not exist."""

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.losses import (  # noqa: E402
    berhu,
    edge,
    gradient_matching,
    l1,
    log_l1,
    silog,
    ssim,
    valid,
)

LOSSES = [berhu, edge, gradient_matching, l1, log_l1, silog, ssim]
NAN, INF = float("nan"), float("inf")
every_loss = pytest.mark.parametrize("loss", LOSSES)


def batch():
    """Return a prediction and a truth with a block, single pixels and a whole row unmeasured."""
    torch.manual_seed(0)
    truth = torch.rand(2, 1, 16, 16) * 4 + 1
    truth[0, 0, 2:5, 3:9] = NAN
    truth[0, 0, 11, 11] = 0.0
    truth[1, 0, 7] = INF
    truth[1, 0, 0, 0] = -1.0
    return torch.rand(2, 1, 16, 16) * 4 + 1, truth


def slope(loss, prediction, truth):
    leaf = prediction.clone().requires_grad_()
    value = loss(leaf, truth)
    value.backward()
    return value.detach(), leaf.grad


def test_what_is_valid():
    _, truth = batch()
    assert int((~valid(truth)).sum()) == 3 * 6 + 1 + 16 + 1
    assert valid(torch.tensor([1e-3])).all()


@every_loss
@pytest.mark.parametrize("wrong", [0.0, 1e-20, 1e6, -5.0, NAN, INF, -INF])
def test_no_prediction_there_changes_anything(loss, wrong):
    prediction, truth = batch()
    value, gradient = slope(loss, prediction, truth)
    changed = torch.where(valid(truth), prediction, wrong)
    value_after, gradient_after = slope(loss, changed, truth)
    assert value > 0
    assert torch.equal(value_after, value)
    assert torch.equal(gradient_after, gradient)
    assert (gradient[~valid(truth)] == 0).all()
    assert gradient.abs().sum() > 0


@every_loss
def test_no_kind_of_invalid_truth_differs_from_another(loss):
    prediction, truth = batch()
    expected = loss(prediction, truth)
    for kind in (NAN, INF, -INF, 0.0, -3.0):
        assert torch.equal(loss(prediction, torch.where(valid(truth), truth, kind)), expected)


@every_loss
def test_every_valid_pixel_counts(loss):
    prediction, truth = batch()
    before = loss(prediction, truth)
    for place in valid(truth).nonzero()[::9].tolist():
        changed = prediction.clone()
        # Far above its neighbours: within a slope, a gradient's sum would stay.
        changed[tuple(place)] += 30.0
        assert loss(changed, truth) != before, place


@every_loss
def test_a_batch_without_truth_costs_nothing(loss):
    prediction = torch.ones(1, 1, 4, 4, requires_grad=True)
    value = loss(prediction, torch.full((1, 1, 4, 4), NAN))
    assert value == 0
    value.backward()
    assert (prediction.grad == 0).all()


@every_loss
def test_one_image_without_truth_leaves_the_other(loss):
    prediction, truth = batch()
    lonely = truth.clone()
    lonely[0] = NAN
    torch.testing.assert_close(loss(prediction, lonely), loss(prediction[1:], truth[1:]))


@every_loss
def test_one_valid_pixel_is_enough(loss):
    truth = torch.full((1, 1, 8, 8), NAN)
    truth[0, 0, 3, 4] = 2.0
    value, gradient = slope(loss, torch.full((1, 1, 8, 8), 3.0), truth)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


@every_loss
def test_a_perfect_prediction_costs_nothing(loss):
    _, truth = batch()
    value, gradient = slope(loss, torch.where(valid(truth), truth, 1.0), truth)
    assert value == pytest.approx(0.0, abs=2e-6)
    assert torch.isfinite(gradient).all()


@every_loss
def test_it_teaches(loss):
    prediction, truth = batch()
    guess = prediction.clone().requires_grad_()
    optimizer = torch.optim.Adam([guess], lr=0.05)
    first = float(loss(guess, truth).detach())
    for _ in range(60):
        optimizer.zero_grad()
        loss(guess, truth).backward()
        optimizer.step()
    assert float(loss(guess, truth).detach()) < first / 2
