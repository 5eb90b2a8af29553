"""Plain pictures: one file, a folder of them, or a list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import Frame
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.reading import (
    PICTURE_SUFFIXES,
    is_picture,
    pictures_in,
    read_rgb,
    require_files,
)


class PicturesSource(IndexedFrames):
    """Pictures without ground truth; an IndexedSource.

    A folder is read in the order of its file names, numbers in them counted (2 before 10), without
    what lies in folders inside it. A frame's name is that of its file.
    """

    def __init__(
        self,
        path: Path | str | Sequence[Path | str],
        *,
        intrinsics: tuple[float, float, float, float] | None = None,
    ) -> None:
        """List the pictures.

        Args:
            path: a picture, a folder of pictures, or a list of pictures.
            intrinsics: fx, fy, cx, cy of all of them in pixels, if known.

        Raises:
            SourceError: a file does not exist or is no picture by its name, or there is none.

        """
        if isinstance(path, Path | str):
            root = Path(path)
            if not root.exists():
                text = f"{root} does not exist"
                raise SourceError(text)
            self.name = str(root)
            self.files = pictures_in(root) if root.is_dir() else [root]
        else:
            self.files = [Path(file) for file in path]
            self.name = f"{len(self.files)} pictures"
            root = Path(self.name)
        if not self.files:
            text = f"{root} has no pictures; expected files ending in {_kinds()}"
            raise SourceError(text)
        for file in self.files:
            if not is_picture(file):
                text = f"{file} is no picture by its name; expected one ending in {_kinds()}"
                raise SourceError(text)
        require_files(self.files, root)
        self._intrinsics = intrinsics
        names = [file.name for file in self.files]
        self._short = len(set(names)) == len(names)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.files)

    def _read(self, index: int) -> Frame:
        file = self.files[index]
        image = read_rgb(file)
        height, width = image.shape[:2]
        camera = Intrinsics(width, height, *self._intrinsics) if self._intrinsics else None
        return Frame(image, intrinsics=camera, name=file.name if self._short else str(file))


def has_pictures(folder: Path) -> bool:
    """Tell whether a folder holds pictures by their names."""
    return any(is_picture(file) for file in folder.iterdir())


def _kinds() -> str:
    return ", ".join(sorted(PICTURE_SUFFIXES))
