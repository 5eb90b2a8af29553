"""The one frame every part of the package works on, and the sources that yield it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics

U8Array = NDArray[np.uint8]
F32Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One camera frame with whatever is known about it.

    Attributes:
        image: HxWx3 uint8, RGB.
        depth: ground truth along the optical axis, float32 metres, NaN where there is none; it
            sees what the image sees but may have its own resolution. None if there is no truth.
        intrinsics: the camera of the image, or None if unknown.
        stamp: capture time in nanoseconds, or None if unknown.
        name: what to call the frame in reports; unique within its source.

    """

    image: U8Array
    depth: F32Array | None = None
    intrinsics: Intrinsics | None = None
    stamp: int | None = None
    name: str = ""


@runtime_checkable
class FrameSource(Protocol):
    """Something that yields frames in order and knows how many there are.

    A source can be iterated more than once. Reading a frame raises SourceError with the file's
    name where the frame cannot be read.
    """

    @property
    def name(self) -> str:
        """What the source is called in reports (a path, a topic)."""
        ...

    def __len__(self) -> int:
        """Return the number of frames."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order."""
        ...


@runtime_checkable
class IndexedSource(FrameSource, Protocol):
    """A frame source whose frames can also be read in any order (training needs this)."""

    def __getitem__(self, index: int) -> Frame:
        """Return frame `index`; raise IndexError outside 0..len-1."""
        ...
