import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.data.photometric import (  # noqa: E402
    NEUTRAL,
    PhotometricConfig,
    apply_looks,
    draw_look,
    stack_looks,
)


@pytest.fixture(name="images")
def _images():
    torch.manual_seed(0)
    return torch.rand(2, 3, 16, 20) * 0.5 + 0.2


def change(images, **settings):
    """Apply settings to the second image only."""
    return apply_looks(images, stack_looks([NEUTRAL, NEUTRAL._replace(**settings)]))


def test_a_neutral_look_changes_nothing(images):
    assert torch.allclose(change(images), images, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"brightness": 1.2},
        {"contrast": 0.5},
        {"saturation": 0.0},
        {"white_balance": (1.1, 1.0, 0.9)},
        {"gamma": 1.3},
        {"blur": 1.0},
        {"noise": 0.05, "noise_seed": 3},
    ],
)
def test_each_setting_changes_its_own_image_alone(images, settings):
    result = change(images, **settings)
    assert torch.allclose(result[0], images[0], atol=1e-6)
    assert (result[1] - images[1]).abs().max() > 0.01
    assert result.min() >= 0
    assert result.max() <= 1
    # A batch of one gives the same: nothing leaks between images.
    alone = apply_looks(images[1:], stack_looks([NEUTRAL._replace(**settings)]))
    assert torch.allclose(alone[0], result[1], atol=1e-6)


def test_values_by_hand(images):
    assert torch.allclose(change(images, brightness=1.1)[1], images[1] * 1.1, atol=1e-6)
    assert torch.allclose(change(images, gamma=2.0)[1], images[1] ** 2, atol=1e-6)
    balanced = change(images, white_balance=(1.1, 1.0, 0.9))[1]
    assert torch.allclose(balanced[0], images[1, 0] * 1.1, atol=1e-6)
    assert torch.allclose(balanced[2], images[1, 2] * 0.9, atol=1e-6)
    grey = change(images, saturation=0.0)[1]
    luma = 0.299 * images[1, 0] + 0.587 * images[1, 1] + 0.114 * images[1, 2]
    assert torch.allclose(grey, luma.expand(3, -1, -1), atol=1e-6)
    flat = change(images, contrast=0.0)[1]
    assert torch.allclose(flat, luma.mean().expand_as(flat), atol=1e-6)


def test_blur_keeps_flat_parts_and_spreads_a_point_as_a_gaussian():
    images = torch.full((2, 3, 15, 15), 0.3)
    assert torch.allclose(change(images, blur=1.2), images, atol=1e-6)
    images[1, 0, 7, 7] = 0.9
    blurred = change(images, blur=0.8)[1]
    assert torch.allclose(blurred[1:], images[1, 1:], atol=1e-6)
    assert float(blurred[0].sum()) == pytest.approx(float(images[1, 0].sum()), rel=1e-5)
    side, centre = float(blurred[0, 7, 8]) - 0.3, float(blurred[0, 7, 7]) - 0.3
    assert side / centre == pytest.approx(np.exp(-0.5 / 0.8**2), rel=1e-4)


def test_noise_has_its_strength_and_is_repeated_by_its_seed():
    images = torch.full((2, 3, 64, 64), 0.5)
    first = change(images, noise=0.03, noise_seed=5)[1]
    assert float((first - 0.5).std()) == pytest.approx(0.03, rel=0.05)
    assert torch.equal(first, change(images, noise=0.03, noise_seed=5)[1])
    assert not torch.equal(first, change(images, noise=0.03, noise_seed=6)[1])


def test_looks_are_drawn_within_the_settings():
    config = PhotometricConfig(brightness=0.3, gamma=0.25, blur=0.2, noise=0.5)
    rng = np.random.default_rng(0)
    looks = [draw_look(config, rng) for _ in range(400)]
    brightness = [look.brightness for look in looks]
    assert 0.7 <= min(brightness) < 0.75
    assert 1.25 < max(brightness) <= 1.3
    assert all(0.8 <= look.gamma <= 1.25 for look in looks)
    assert 0.14 < np.mean([look.blur > 0 for look in looks]) < 0.26
    assert 0.42 < np.mean([look.noise > 0 for look in looks]) < 0.58
    off = PhotometricConfig(0, 0, 0, 0, 0, 0, 0, 0, 0)
    look = draw_look(off, rng)
    assert look._replace(noise_seed=0) == NEUTRAL
