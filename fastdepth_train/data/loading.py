"""Batches shared out among processes, and an epoch that can be gone on with in its middle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from torch.utils.data import DataLoader, Sampler

T = TypeVar("T")
_EPOCH, _BATCHES = "epoch", "batches"


class Share(NamedTuple):
    """Which process of how many this is."""

    rank: int = 0
    of: int = 1


class SharedSampler(Sampler[T]):
    """Gives each process every n-th sample, the same number to all.

    So the n processes' batches number i are together what batch number i of n times the size would
    be in one process.
    """

    def __init__(self, inner: Sampler[T], length: int, share: Share) -> None:
        """Share out what `inner` gives: `length` samples."""
        self.inner = inner
        self.length = length
        self.share = share
        self.skip = 0
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next; Lightning calls it."""
        self.epoch = epoch
        if hasattr(self.inner, "set_epoch"):
            self.inner.set_epoch(epoch)

    def __len__(self) -> int:
        """Return the number of this process's samples in an epoch."""
        return self.length // self.share.of

    def __iter__(self) -> Iterator[T]:
        """Yield this process's samples, without the first `skip`, once."""
        skip, self.skip = self.skip, 0
        mine = islice(iter(self.inner), self.share.rank, None, self.share.of)
        return islice(mine, skip, len(self))


class ShareOfFrames(Sampler[int]):
    """Gives each process its part of frames that are looked at once, in order."""

    def __init__(self, length: int, share: Share) -> None:
        """Share out the indices of `length` frames."""
        self._mine = range(share.rank, length, share.of)

    def __len__(self) -> int:
        """Return the number of this process's frames: they may differ by one."""
        return len(self._mine)

    def __iter__(self) -> Iterator[int]:
        """Yield indices."""
        return iter(self._mine)


class ResumableLoader(DataLoader[T]):
    """Knows how many batches of an epoch it has given, and can leave that many out.

    Lightning saves `state_dict` with a checkpoint and loads it before a run goes on in the middle
    of an epoch.
    """

    def __init__(self, data: Any, sampler: SharedSampler[Any], **settings: Any) -> None:
        """Load with a sampler; `settings` are those of DataLoader."""
        super().__init__(data, sampler=sampler, **settings)
        self._shared = sampler
        self._given = 0
        self._start = {_EPOCH: -1, _BATCHES: 0}

    def __iter__(self) -> Iterator[T]:  # type: ignore[override] # a generator is one
        """Yield batches.

        Nothing happens before the first is asked for: an iterator that is made early must not go
        by the epoch of that time.
        """
        is_same = self._start[_EPOCH] == self._shared.epoch
        self._given = self._start[_BATCHES] if is_same else 0
        self._start = {_EPOCH: -1, _BATCHES: 0}
        self._shared.skip = self._given * (self.batch_size or 1)
        for batch in super().__iter__():
            self._given += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Return how many batches were given, and of which epoch."""
        return {_EPOCH: self._shared.epoch, _BATCHES: self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Leave out that many batches of that epoch, if it is the next."""
        self._start = {key: state[key] for key in (_EPOCH, _BATCHES)}
