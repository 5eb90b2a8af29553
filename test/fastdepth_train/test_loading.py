import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.data.dataset import EpochSampler  # noqa: E402
from fastdepth_train.data.loading import (  # noqa: E402
    ResumableLoader,
    Share,
    SharedSampler,
    ShareOfFrames,
)

ALONE = Share()


class Echo(torch.utils.data.Dataset):
    """Gives back what it is asked for."""

    def __getitem__(self, key):
        return key


def loader(length, batch, share=ALONE, workers=0):
    order = EpochSampler(lambda rng: rng.permutation(length), length, seed=3)
    return ResumableLoader(
        Echo(),
        SharedSampler(order, length, share),
        batch_size=batch,
        num_workers=workers,
        collate_fn=list,
        drop_last=True,
    )


def test_processes_share_out_the_batches_of_one():
    alone = list(loader(23, 4))
    first, second = (list(loader(23, 2, Share(rank, 2))) for rank in range(2))
    assert len(alone) == len(first) == len(second) == 5
    for whole, a, b in zip(alone, first, second, strict=True):
        assert sorted(whole) == sorted([*a, *b])
        assert not set(a) & set(b)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_epoch_is_gone_on_with_in_its_middle(workers):
    unbroken = loader(20, 4)
    unbroken.sampler.set_epoch(5)
    expected = list(unbroken)
    broken = loader(20, 4)
    broken.sampler.set_epoch(5)
    batches = iter(broken)
    given = [next(batches), next(batches)]
    resumed = loader(20, 4, workers=workers)
    resumed.load_state_dict(broken.state_dict())
    # Made before the epoch is known, as a trainer does.
    rest = iter(resumed)
    resumed.sampler.set_epoch(5)
    assert [*given, *rest] == expected
    resumed.sampler.set_epoch(6)
    following = list(resumed)
    assert len(following) == 5
    assert {epoch for batch in following for epoch, _ in batch} == {6}


def test_another_epoch_is_given_whole():
    # A run may leave batches out of every epoch, so a finished one cannot be told by their number.
    finished = loader(20, 4)
    batches = iter(finished)
    next(batches)
    resumed = loader(20, 4)
    resumed.load_state_dict(finished.state_dict())
    resumed.sampler.set_epoch(1)
    assert len(list(resumed)) == 5


def test_every_frame_is_looked_at_by_one_process():
    shares = [list(ShareOfFrames(7, Share(rank, 3))) for rank in range(3)]
    assert sorted(index for share in shares for index in share) == list(range(7))
    assert [len(share) for share in shares] == [3, 2, 2]
