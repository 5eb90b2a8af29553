import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from torch.nn import functional  # noqa: E402
from torchmetrics.functional.image import (  # noqa: E402
    structural_similarity_index_measure as reference,
)

from fastdepth_train.losses import ssim, ssim_map  # noqa: E402
from fastdepth_train.losses.ssim import K1, K2, SIGMA, WINDOW  # noqa: E402

NAN = float("nan")
HALF = WINDOW // 2


def depths(batch=2, height=40, width=48, seed=0):
    """Return smooth truth and a prediction that follows it in part."""
    torch.manual_seed(seed)
    coarse = torch.rand(batch, 1, height // 8, width // 8) * 8 + 1
    truth = functional.interpolate(coarse, size=(height, width), mode="bilinear")
    prediction = 0.9 * truth + 0.3 + 0.2 * torch.randn(batch, 1, height, width)
    return prediction.clamp_min(0.1), truth


def by_hand(x, y, mask, row, column, data_range=10.0):
    """Return SSIM around one pixel from its window, in plain sums."""
    offsets = np.arange(-HALF, HALF + 1)
    weights, xs, ys = [], [], []
    for i in offsets:
        for j in offsets:
            r, c = row + i, column + j
            if 0 <= r < mask.shape[0] and 0 <= c < mask.shape[1] and mask[r, c]:
                weights.append(np.exp(-(i * i + j * j) / (2 * SIGMA**2)))
                xs.append(x[r, c])
                ys.append(y[r, c])
    w, xs, ys = np.array(weights) / np.sum(weights), np.array(xs), np.array(ys)
    mx, my = w @ xs, w @ ys
    vx, vy, cov = w @ (xs - mx) ** 2, w @ (ys - my) ** 2, w @ ((xs - mx) * (ys - my))
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    similar = (2 * mx * my + c1) * (2 * cov + c2)
    return similar / ((mx**2 + my**2 + c1) * (vx + vy + c2))


@pytest.mark.parametrize("data_range", [10.0, 4.0])
def test_without_holes_it_is_the_reference_librarys(data_range):
    # In double precision: the reference loses digits of small variances.
    prediction, truth = (depth.double() for depth in depths())
    similarity, mask = ssim_map(prediction, truth, data_range)
    assert mask.all()
    _, expected = reference(prediction, truth, data_range=data_range, return_full_image=True)
    inside = (..., slice(HALF, -HALF), slice(HALF, -HALF))
    assert expected[inside].std() > 0.02
    torch.testing.assert_close(similarity[inside], expected[inside], rtol=1e-9, atol=1e-9)


def test_holes_and_borders_leave_their_pixels_out():
    prediction, truth = depths(batch=1)
    torch.manual_seed(1)
    truth[torch.rand(truth.shape) < 0.4] = NAN
    truth[..., 10:30, 20:22] = NAN
    similarity, mask = ssim_map(prediction, truth)
    x, y, m = (v[0, 0].double().numpy() for v in (prediction, truth, mask))
    pixels = [tuple(p) for p in np.argwhere(m)[:: m.astype(bool).sum() // 40]]
    corner = np.argwhere(m)[0]
    for row, column in [tuple(corner), *pixels]:
        expected = by_hand(x, y, m.astype(bool), row, column)
        assert similarity[0, 0, row, column] == pytest.approx(expected, abs=1e-4)


def test_the_loss_is_half_the_distance_from_one_over_valid_pixels():
    prediction, truth = depths()
    truth[0, 0, 5:20, 7:9] = NAN
    similarity, mask = ssim_map(prediction, truth)
    expected = ((1 - similarity[mask]) / 2).mean()
    assert ssim(prediction, truth) == pytest.approx(float(expected), rel=1e-5)


def test_equal_maps_cost_nothing_and_opposite_ones_most():
    _, truth = depths()
    assert ssim(truth, truth) == pytest.approx(0.0, abs=1e-6)
    torch.manual_seed(2)
    rough = 5 + torch.randn(1, 1, 32, 32)
    assert ssim(10 - rough, rough) > 0.8


def test_it_measures_structure_and_not_only_the_mean():
    torch.manual_seed(2)
    truth = 5 + torch.randn(1, 1, 32, 32)
    flat = torch.full_like(truth, float(truth.mean()))
    # The mean is right everywhere, and nothing else.
    assert ssim(flat, truth) > 0.3


def test_a_small_relief_far_away_is_not_lost_to_rounding():
    torch.manual_seed(3)
    relief = 0.02 * torch.randn(1, 1, 24, 24)
    x, y = 60 + relief, 60 + relief.flip(3)
    near, _ = ssim_map(x.double(), y.double(), data_range=0.1)
    far, _ = ssim_map(x, y, data_range=0.1)
    torch.testing.assert_close(far, near.float(), atol=5e-3, rtol=0)


def test_mixed_precision_does_not_reach_it():
    prediction, truth = depths()
    plain = ssim(prediction, truth)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ssim(prediction, truth) == plain


def test_its_slope_is_right():
    torch.manual_seed(4)
    truth = 5 + torch.rand(1, 1, 6, 7, dtype=torch.float64)
    truth[0, 0, 2, 3] = NAN
    prediction = (5 + torch.rand_like(truth)).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: ssim(p, truth), (prediction,))
