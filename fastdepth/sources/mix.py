"""Parts of sources, and several sources as one."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import SourceError
from fastdepth.frame import Frame, IndexedSource
from fastdepth.sources.indexed import IndexedFrames


class Subset(IndexedFrames):
    """Some of a source's frames."""

    def __init__(self, source: IndexedSource, indices: Sequence[int]) -> None:
        """Choose frames.

        Args:
            source: where they come from.
            indices: which, in the order they shall have; each once at most.

        Raises:
            SourceError: there is no such frame, or one is named twice.

        """
        self.source = source
        self.indices = [int(index) for index in indices]
        self.name = f"{source.name} ({len(self.indices)} of {len(source)} frames)"
        wrong = [index for index in self.indices if not 0 <= index < len(source)]
        if wrong:
            text = f"{source.name} has {len(source)} frames; there is no frame {wrong[0]}"
            raise SourceError(text)
        if len(set(self.indices)) < len(self.indices):
            text = f"a subset of {source.name} names a frame twice; expected each once at most"
            raise SourceError(text)

    def __len__(self) -> int:
        """Return the number of frames chosen."""
        return len(self.indices)

    def _read(self, index: int) -> Frame:
        return self.source[self.indices[index]]


def limit(source: IndexedSource, count: int) -> IndexedSource:
    """Return at most `count` frames, spread evenly over a source.

    The first frames alone would be of one room, since data sets are ordered by scene.

    Raises:
        SourceError: `count` is below 1.

    """
    if count < 1:
        text = f"{count} frames of {source.name} make no source; expected at least 1"
        raise SourceError(text)
    if count >= len(source):
        return source
    return Subset(source, [index * len(source) // count for index in range(count)])


class MixedSource(IndexedFrames):
    """Several sources, one after the other, and how often each is to be seen in training.

    By index it has every frame of every part once, so it can be checked, kept in memory and
    evaluated like any other source; `epoch` says which of them to train on. A frame's name starts
    with that of its part.

    Attributes:
        parts: the sources.
        shares: of the frames of an epoch, by part; they sum to 1.

    """

    def __init__(
        self, parts: Sequence[IndexedSource], weights: Sequence[float] | None = None
    ) -> None:
        """Put sources together.

        Args:
            parts: the sources; each must have frames.
            weights: of the parts' shares of an epoch, in any unit; if None, in proportion to their
                lengths, as in one big data set.

        Raises:
            SourceError: there are no parts, one is empty, or the weights do not fit.

        """
        self.parts = tuple(parts)
        if not self.parts:
            text = "a mix of no sources; expected at least one"
            raise SourceError(text)
        lengths = [len(part) for part in self.parts]
        if 0 in lengths:
            text = f"{self.parts[lengths.index(0)].name} has no frames to mix"
            raise SourceError(text)
        self._ends = list(accumulate(lengths))
        self.shares = _shares(lengths if weights is None else weights, len(lengths))
        names = [part.name for part in self.parts]
        self.name = " + ".join(names)
        unique = len(set(names)) == len(names)
        self._prefixes = names if unique else [f"{n} {name}" for n, name in enumerate(names)]

    def __len__(self) -> int:
        """Return the number of frames of all parts."""
        return self._ends[-1]

    def locate(self, index: int) -> tuple[int, int]:
        """Return which part a frame is of, and its index there; raise IndexError if none."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = bisect_right(self._ends, index)
        return part, index - self._start(part)

    def epoch(self, rng: np.random.Generator, length: int | None = None) -> NDArray[np.int64]:
        """Draw the frames of an epoch, shuffled, with each part's share of them.

        A part gives none of its frames once more before it has given all of them. Shares that are
        no whole numbers of frames are rounded so that the sum stays.

        Args:
            rng: where the draw comes from.
            length: how many frames; if None, as many as all parts have.

        Returns:
            Indices into this source.

        """
        length = len(self) if length is None else length
        drawn = [np.empty(0, np.int64)]
        for part, count in enumerate(_apportion(self.shares, length)):
            size = len(self.parts[part])
            rounds = [rng.permutation(size) for _ in range(math.ceil(count / size))]
            drawn.append(np.concatenate([drawn[0], *rounds])[:count] + self._start(part))
        return rng.permutation(np.concatenate(drawn))

    def draw(self, rng: np.random.Generator) -> int:
        """Draw the index of one frame, of a part by the parts' shares."""
        part = int(rng.choice(len(self.parts), p=self.shares))
        return self._start(part) + int(rng.integers(len(self.parts[part])))

    def _start(self, part: int) -> int:
        return self._ends[part - 1] if part else 0

    def _read(self, index: int) -> Frame:
        part, inside = self.locate(index)
        frame = self.parts[part][inside]
        return replace(frame, name=f"{self._prefixes[part]}: {frame.name}")


def _shares(weights: Sequence[float], count: int) -> tuple[float, ...]:
    total = math.fsum(weights)
    if (
        len(weights) != count
        or not all(math.isfinite(weight) and weight >= 0 for weight in weights)
        or total <= 0
    ):
        text = (
            f"weights {list(weights)} for a mix of {count} sources; expected one for each, none "
            "below 0 and not all 0"
        )
        raise SourceError(text)
    return tuple(weight / total for weight in weights)


def _apportion(shares: Sequence[float], length: int) -> list[int]:
    """Return whole numbers in proportion to the shares that sum to length (largest remainder)."""
    exact = [share * length for share in shares]
    counts = [math.floor(one) for one in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: counts[n] - exact[n])
    for part in by_remainder[: length - sum(counts)]:
        counts[part] += 1
    return counts
