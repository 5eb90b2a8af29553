import math

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import ConfigError  # noqa: E402
from fastdepth_train.losses import LossConfig, depth_loss, edge, l1, ssim  # noqa: E402
from fastdepth_train.losses.config import TERMS  # noqa: E402


def grid(*rows):
    return torch.tensor([[rows]])


def test_without_weights_it_is_mae_edges_and_structure():
    torch.manual_seed(0)
    prediction, truth = (torch.rand(2, 1, 16, 16) * 4 + 1 for _ in range(2))
    terms = depth_loss(prediction, truth, LossConfig())
    assert set(terms) == {"loss", "l1", "edge", "ssim"}
    expected = 0.6 * l1(prediction, truth) + 0.2 * edge(prediction, truth) + ssim(prediction, truth)
    assert terms["loss"] == pytest.approx(float(expected), rel=1e-5)


def test_with_a_weight_the_others_are_nothing():
    assert LossConfig(log_l1=1.0).weights == {"log_l1": 1.0}
    recipe = LossConfig(l1=0.2, log_l1=1.0, silog=0.0, gradient=0.5)
    assert recipe.weights == {"l1": 0.2, "log_l1": 1.0, "gradient": 0.5}


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


def test_every_term_has_its_loss():
    torch.manual_seed(0)
    prediction, truth = (torch.rand(1, 1, 16, 16) * 4 + 1 for _ in range(2))
    terms = depth_loss(prediction, truth, LossConfig(**dict.fromkeys(TERMS, 1.0)))
    assert set(terms) == {"loss", *TERMS}
    assert len({float(value) for value in terms.values()}) == 8


@pytest.mark.parametrize(
    ("setting", "other", "term"),
    [
        ("silog_focus", 0.1, "silog"),
        ("gradient_scales", 1, "gradient"),
        ("ssim_range", 2.0, "ssim"),
    ],
)
def test_settings_reach_their_terms(setting, other, term):
    torch.manual_seed(0)
    prediction, truth = (torch.rand(1, 1, 16, 16) * 4 + 1 for _ in range(2))
    usual = depth_loss(prediction, truth, LossConfig(**{term: 1.0}))
    changed = depth_loss(prediction, truth, LossConfig(**{term: 1.0, setting: other}))
    assert abs(float(usual["loss"] - changed["loss"])) > 1e-3


@pytest.mark.parametrize(
    "settings",
    [
        {"l1": 0, "log_l1": 0, "gradient": 0},
        {"l1": -1},
        {"silog_focus": 1.5},
        {"gradient_scales": 0},
        {"ssim_range": 0.0},
        {"ssim": 0.0},
    ],
)
def test_impossible_losses_are_refused(settings):
    with pytest.raises(ConfigError):
        LossConfig(**settings)
