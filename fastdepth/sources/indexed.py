"""What every source has in common whose frames can be read in any order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from fastdepth.frame import Frame


class IndexedFrames(ABC):
    """Base of an IndexedSource: checks the index, and iterates by it.

    Attributes:
        name: what the source is called in reports.

    """

    name: str

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of frames."""

    @abstractmethod
    def _read(self, index: int) -> Frame:
        """Return frame `index`, which is in range; raise SourceError where it cannot be read."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order."""
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Frame:
        """Return a frame.

        Raises:
            IndexError: there is no frame of that number.
            SourceError: the frame's file is damaged or gone.

        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._read(index)
