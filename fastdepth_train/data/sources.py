"""Which frames a run trains on and which it validates on, from any frame source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fastdepth.frame import IndexedSource
from fastdepth.sources import MixedSource, Subset, open_indexed
from fastdepth_train.errors import ConfigError

TRAIN, VAL = "train", "val"


@dataclass(frozen=True)
class MoreFrames:
    """Further frames to train on.

    Attributes:
        root: path of the source.
        split: which part of it, where it has several.
        weight: of these frames' share of an epoch, against the 1 of the run's own frames; by their
            number if not given.
        labelled: false throws their depth away, so that a teacher labels them.

    """

    root: str
    split: str | None = None
    weight: float | None = None
    labelled: bool = True


class Where(NamedTuple):
    """What `DepthData` was told about its frames; see there."""

    root: str
    source: str | None
    train_split: str | None
    val_split: str | None
    val_root: str | None
    val_share: float
    more: Sequence[MoreFrames]


class Frames(NamedTuple):
    """Opened sources.

    Attributes:
        parts: to train on; the run's own first.
        labelled: of each part, whether its depth counts.
        mix: the parts as one source, with their shares of an epoch.
        val: to validate on.

    """

    parts: tuple[IndexedSource, ...]
    labelled: tuple[bool, ...]
    mix: MixedSource
    val: IndexedSource


def open_frames(where: Where) -> Frames:
    """Open everything that a run needs.

    A source with splits gives its `train` and its `val` unless others are named. One without, a
    recording say, is validated on another source or on its last share: neighbouring frames are so
    alike that single frames taken out of it would measure memory.

    Raises:
        SourceError: a source is missing or cannot be read.
        ConfigError: settings that exclude each other.

    """
    if not 0 <= where.val_share < 1 or (where.val_share and where.val_root):
        msg = (
            f"data val_share={where.val_share}, val_root={where.val_root}; expected a share from 0 "
            "to below 1, or another source to validate on, not both"
        )
        raise ConfigError(msg)
    has_splits = not where.val_share and where.val_root is None
    train_split = where.train_split or (TRAIN if has_splits else None)
    own = open_indexed(where.root, kind=where.source, split=train_split)
    if where.val_share:
        cut = min(round(len(own) * (1 - where.val_share)), len(own) - 1)  # at least one frame
        val: IndexedSource = Subset(own, range(cut, len(own)))
        own = Subset(own, range(cut))
    elif where.val_root is not None:
        val = open_indexed(where.val_root, split=where.val_split)
    else:
        val = open_indexed(where.root, kind=where.source, split=where.val_split or VAL)
    others = [open_indexed(part.root, split=part.split) for part in where.more]
    parts = (own, *others)
    return Frames(
        parts,
        (True, *(part.labelled for part in where.more)),
        MixedSource(parts, _weights(own, others, where.more)),
        val,
    )


def _weights(
    own: IndexedSource, others: Sequence[IndexedSource], more: Sequence[MoreFrames]
) -> list[float]:
    by_number = [len(other) / max(1, len(own)) for other in others]
    given = [
        number if part.weight is None else part.weight
        for number, part in zip(by_number, more, strict=True)
    ]
    return [1.0, *given]
