"""Blends and pasted pieces: deterministic, and with the right ground truth or none."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastdepth.card import InputSpec  # noqa: E402
from fastdepth.sources import MixedSource  # noqa: E402
from fastdepth_train.data.dataset import AugmentConfig, Sample, TrainingSet  # noqa: E402
from fastdepth_train.data.geometric import GeometricConfig  # noqa: E402
from fastdepth_train.data.mixing import MixConfig, blended, paste  # noqa: E402
from fastdepth_train.data.photometric import NEUTRAL, stack_looks  # noqa: E402
from fastdepth_train.data.sources import Frames  # noqa: E402
from fastdepth_train.data.store import FrameStore  # noqa: E402
from fastdepth_train.errors import ConfigError  # noqa: E402
from test.fastdepth_train.frames import ListSource, room  # noqa: E402

SPEC = InputSpec(96, 72)


def training_set(mix, count=6):
    source = ListSource([room(i) for i in range(count)])
    frames = Frames((source,), (True,), MixedSource((source,)), source)
    store = FrameStore(frames, 1.0)
    plain = AugmentConfig(enabled=False)
    return TrainingSet(store, SPEC, (76.8, 76.8), plain, seed=3, teacher=SPEC, mix=mix)


def test_a_blend_is_the_weighted_mean_of_two_images_of_any_size():
    first, second = np.full((4, 6, 3), 100, np.uint8), np.full((8, 12, 3), 200, np.uint8)
    assert (blended(first, second, 0.75) == 125).all()
    assert blended(first, second, 0.75).shape == first.shape


def test_blended_samples_have_no_depth_and_the_teacher_sees_the_same_blend():
    data = training_set(MixConfig(1.0))
    for index in range(6):
        sample = data[0, index]
        assert torch.isnan(sample.depth).all()
        assert torch.equal(sample.image, sample.teacher.image)
    changed = [
        not torch.equal(data[0, n].image, training_set(MixConfig())[0, n].image) for n in range(6)
    ]
    assert sum(changed) >= 4  # a frame may be blended with itself


@pytest.mark.parametrize("sees", ["frame", "view"])
def test_the_teacher_sees_the_whole_frame_or_what_the_student_sees(sees):
    source = ListSource([room(i) for i in range(3)])
    store = FrameStore(Frames((source,), (True,), MixedSource((source,)), source), 1.0)
    zoomed = AugmentConfig(geometric=GeometricConfig(zoom=(1.4, 1.5), flip=1.0))
    data = TrainingSet(store, SPEC, (76.8, 76.8), zoomed, seed=3, teacher=SPEC, teacher_sees=sees)
    for index in range(3):
        sample = data[0, index]
        same = torch.equal(sample.image, sample.teacher.image)
        untouched = torch.allclose(
            sample.teacher.sight, torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]), atol=1e-6
        )
        assert same == untouched == (sees == "view")
        zoom = float(sample.teacher.zoom)
        assert zoom == 1 if sees == "view" else 1.4 <= zoom <= 1.5


def test_only_the_share_of_samples_is_blended():
    data = training_set(MixConfig(0.5))
    blends = [bool(torch.isnan(data[e, n].depth).all()) for e in range(40) for n in range(6)]
    assert 0.4 < np.mean(blends) < 0.6
    assert not any(torch.isnan(training_set(MixConfig())[e, 0].depth).all() for e in range(9))
    assert torch.equal(data[7, 2].image, training_set(MixConfig(0.5))[7, 2].image)


def batch(count=6, seed=0):
    # Image n is n * 40 and its depth n + 1 everywhere, so pieces can be told apart.
    values = torch.arange(count).reshape(-1, 1, 1, 1)
    looks = stack_looks([NEUTRAL._replace(noise_seed=seed + n) for n in range(count)])
    images = (values * 40).to(torch.uint8).expand(-1, 3, 24, 32).clone()
    return Sample(images, (values + 1.0).expand(-1, 1, 24, 32).clone(), looks)


def test_a_pasted_piece_brings_its_own_depth():
    pasted = paste(batch(), MixConfig(paste=1.0, largest=0.3))
    shares = []
    for number in range(6):
        other = (number + 1) % 6
        values = set(pasted.image[number].unique().tolist())
        assert values <= {number * 40, other * 40}
        piece = pasted.image[number, 0] == other * 40
        assert torch.equal(pasted.depth[number, 0] == other + 1.0, piece)
        shares.append(float(piece.float().mean()))
    assert 0.02 < max(shares) <= 0.35


def test_pieces_depend_on_the_batch_s_seeds_alone():
    config = MixConfig(paste=0.5)
    torch.manual_seed(1)
    first = paste(batch(), config)
    torch.manual_seed(2)
    assert torch.equal(paste(batch(), config).image, first.image)
    assert not torch.equal(paste(batch(seed=9), config).image, first.image)
    assert torch.equal(paste(batch(), MixConfig()).image, batch().image)


@pytest.mark.parametrize("wrong", [{"share": -0.1}, {"share": 1.1}, {"alpha": 0.0}, {"paste": 2.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match="mix share"):
        MixConfig(**wrong)
