import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastdepth.card import InputSpec  # noqa: E402
from fastdepth.preprocess import Preprocessor  # noqa: E402
from fastdepth.sources import MixedSource  # noqa: E402
from fastdepth_train.data.checking import check_frames  # noqa: E402
from fastdepth_train.data.dataset import (  # noqa: E402
    AugmentConfig,
    EpochSampler,
    TrainingSet,
    collate,
    finish,
)
from fastdepth_train.data.geometric import View  # noqa: E402
from fastdepth_train.data.photometric import NEUTRAL  # noqa: E402
from fastdepth_train.data.sources import Frames  # noqa: E402
from fastdepth_train.data.store import FrameStore, to_millimetres  # noqa: E402
from test.fastdepth_train.frames import ListSource, room  # noqa: E402

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Of the size of the frames, so that the plain view resamples nothing.
SPEC = InputSpec(96, 72, mean=MEAN, std=STD)
# What `room` has at that size.
FOCAL = (76.8, 76.8)


def frames_of(source, *unlabelled):
    parts = (source, *unlabelled)
    return Frames(parts, (True, *(False for _ in unlabelled)), MixedSource(parts), source)


def training_set(count=4, *, spec=SPEC, augment=True, seed=0):
    store = FrameStore(frames_of(ListSource([room(i) for i in range(count)])), 1.0)
    return TrainingSet(store, spec, FOCAL, AugmentConfig(enabled=augment), seed=seed)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_a_plain_sample_is_what_the_core_feeds_the_deployed_network(order):
    spec = dataclasses.replace(SPEC, channel_order=order)
    data = training_set(spec=spec, augment=False)
    batch = finish(collate([data[0, 2], data[0, 1]]), spec, photometric=False)
    tensor, _ = Preprocessor(spec)(room(2).image)
    assert batch.image.dtype == torch.float32
    assert np.abs(batch.image[0].numpy() - tensor[0]).max() < 1e-5
    truth = room(2).depth
    found = batch.depth[0, 0].numpy()
    assert np.array_equal(np.isnan(found), np.isnan(truth))
    # Kept in millimetres.
    assert np.nanmax(np.abs(found - truth)) <= 0.00051


def test_a_zoomed_sample_has_smaller_depth_and_no_new_measurements():
    data = training_set(augment=False)
    wall = data.sample(0, View(zoom=1.5), NEUTRAL).depth
    assert float(wall.nan_to_num().max()) == pytest.approx(5.0 / 1.5, rel=1e-3)
    original = room(0).depth
    share = 1 / 1.5
    inside = np.isnan(original[12:60, 16:80]).mean()
    assert float(torch.isnan(wall).float().mean()) == pytest.approx(inside, abs=0.05 * share)


def test_samples_depend_on_seed_epoch_and_index_alone():
    def fingerprint(data, key):
        sample = data[key]
        return float(sample.image.double().sum()), sample.look

    first, again = training_set(), training_set()
    again[3, 2]  # other reads in between change nothing
    assert fingerprint(first, (5, 1)) == fingerprint(again, (5, 1))
    assert fingerprint(first, (5, 1)) != fingerprint(first, (6, 1))
    assert first[5, 1].look != first[5, 2].look
    assert fingerprint(first, (5, 1)) != fingerprint(training_set(seed=1), (5, 1))


def test_the_sampler_visits_every_frame_once_in_an_order_of_its_epoch():
    draw = frames_of(ListSource([room(i) for i in range(20)])).mix.epoch
    sampler = EpochSampler(draw, 20, seed=4)
    first = list(sampler)
    assert sorted(first) == [(0, i) for i in range(20)]
    assert first == list(EpochSampler(draw, 20, seed=4))
    sampler.set_epoch(1)
    second = list(sampler)
    assert {epoch for epoch, _ in second} == {1}
    assert [i for _, i in second] != [i for _, i in first]


def test_millimetres_mark_what_is_no_measurement():
    depth = np.array([[1.2344, np.nan, 0.0, -1.0, np.inf, 70.0, 65.0]], np.float32)
    assert to_millimetres(depth).tolist() == [[1234, 0, 0, 0, 0, 0, 65000]]


class Counting(ListSource):
    def __init__(self, frames):
        super().__init__(frames)
        self.reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


def test_frames_stay_in_memory_within_the_budget():
    size = 96 * 72 * (3 + 2)
    source = Counting([room(i) for i in range(4)])
    store = FrameStore(frames_of(source), 2.5 * size / 2**30)
    for _ in range(3):
        for index in range(4):
            assert np.array_equal(store[index].image, room(index).image)
    # Two fit and are read once; the other two are read each time.
    assert source.reads == 2 + 2 * 3


def test_unlabelled_frames_need_no_depth_and_lose_what_they_have():
    labelled = ListSource([room(0)], "labelled")
    others = ListSource([dataclasses.replace(room(1), depth=None), room(2)], "others")
    store = FrameStore(frames_of(labelled, others), 1.0)
    check_frames(store)
    assert [store.is_labelled(n) for n in range(3)] == [True, False, False]
    assert [bool(store[n].depth.any()) for n in range(3)] == [True, False, False]
    data = TrainingSet(store, SPEC, FOCAL, AugmentConfig(), seed=0)
    assert torch.isnan(data[0, 1].depth).all()
    assert not torch.isnan(data[0, 0].depth).all()


def test_large_frames_are_kept_small_with_the_camera_that_fits():
    source = ListSource([room(0, 960, 720)])
    store = FrameStore(frames_of(source), 1.0, shrink_to=200)
    image, depth, camera = store[0]
    assert image.shape == (180, 240, 3)
    assert depth.shape == (180, 240)
    assert (camera.width, camera.fx) == (240, pytest.approx(0.8 * 240))
    mean = source[0].image.reshape(180, 4, 240, 4, 3).mean(axis=(1, 3))
    assert np.abs(image - mean).max() <= 1
