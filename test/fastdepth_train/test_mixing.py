"""Blends of images: deterministic, alike for teacher and student, without ground truth."""

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.data.dataset import Sample  # noqa: E402
from fastdepth_train.data.mixing import MixConfig, mix  # noqa: E402
from fastdepth_train.data.photometric import NEUTRAL, stack_looks  # noqa: E402
from fastdepth_train.errors import ConfigError  # noqa: E402


def batch(count=6, seed=0):
    # Image n is n * 40 everywhere, so a blend's shares can be read off.
    images = torch.arange(count).mul(40).to(torch.uint8).reshape(-1, 1, 1, 1)
    looks = stack_looks([NEUTRAL._replace(noise_seed=seed + n) for n in range(count)])
    depth = torch.full((count, 1, 4, 6), 2.0)
    return Sample(
        images.expand(-1, 3, 4, 6).clone(), depth, looks, images.expand(-1, 3, 8, 12).clone()
    )


def test_the_first_samples_are_blended_and_lose_their_depth():
    plain, mixed = batch(), mix(batch(), MixConfig(0.5))
    assert torch.isnan(mixed.depth[:3]).all()
    assert torch.equal(mixed.depth[3:], plain.depth[3:])
    assert torch.equal(mixed.image[3:], plain.image[3:])
    assert not torch.equal(mixed.image[:3], plain.image[:3])
    assert mixed.image.dtype == torch.uint8
    # Only the first three take part in it.
    assert int(mixed.image[:3].max()) <= 80


def test_teacher_and_student_see_the_same_blend():
    mixed = mix(batch(), MixConfig(1.0))
    assert torch.equal(mixed.image[:, 0, 0, 0], mixed.teacher[:, 0, 0, 0])
    assert torch.equal(mix(batch()._replace(teacher=None), MixConfig(1.0)).image, mixed.image)


def test_a_blend_depends_on_the_batch_s_seeds_alone():
    torch.manual_seed(1)
    first = mix(batch(), MixConfig(1.0))
    torch.manual_seed(2)
    assert torch.equal(mix(batch(), MixConfig(1.0)).image, first.image)
    assert not torch.equal(mix(batch(seed=9), MixConfig(1.0)).image, first.image)


def test_without_a_share_nothing_changes():
    for share in (0.0, 0.1):
        assert torch.equal(mix(batch(), MixConfig(share)).image, batch().image)
        assert torch.equal(mix(batch(), MixConfig(share)).depth, batch().depth)


@pytest.mark.parametrize("wrong", [{"share": -0.1}, {"share": 1.1}, {"alpha": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match="mix share"):
        MixConfig(**wrong)
