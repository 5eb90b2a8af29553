"""NYU Depth V2's labelled set as it is published: nyu_depth_v2_labeled.mat and splits.mat."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fastdepth.errors import SourceError
from fastdepth.frame import Frame
from fastdepth.sources.hdf5 import import_h5py, metres, open_hdf5, planes_to_rgb
from fastdepth.sources.indexed import IndexedFrames
from fastdepth.sources.kaggle import NYU_CAMERA
from fastdepth.sources.mat5 import read_mat5
from fastdepth.sources.reading import first_few
from fastdepth.sources.splitting import choose_split

LABELLED_FILE = "nyu_depth_v2_labeled.mat"
SPLITS_FILE = "splits.mat"
EVERYTHING = "all"

_VARIABLES = {"train": "trainNdxs", "test": "testNdxs"}


class NyuMatSource(IndexedFrames):
    """Frames of the labelled set in the order of the file.

    MATLAB stores columns first, so that HDF5 has colours x width x height of each image; metres are
    float32, 0 where nothing was measured. The camera is NYU's (scaled, should frames have another
    size than 640x480). A frame's name is its number as splits.mat counts, from 1.

    Attributes:
        numbers: of the frames, from 1.

    """

    def __init__(
        self, path: Path | str, split: str | None = None, *, raw_depth: bool = False
    ) -> None:
        """Look into the file and choose its frames.

        Args:
            path: the .mat file, or the folder it is in under its own name.
            split: `train` (795 frames), `test` (654) or `all`. The first two need splits.mat beside
                the file, and where that is, one has to be chosen.
            raw_depth: take `rawDepths`, the sensor's own with its holes, and not `depths`, where
                they are filled in.

        Raises:
            SourceError: there is no such file or split, or it holds something else.
            MissingExtraError: the h5py library is not installed.

        """
        import_h5py()
        path = Path(path)
        self.file = path / LABELLED_FILE if path.is_dir() else path
        self.name = f"{path} {split}" if split else str(path)
        self._depths = "rawDepths" if raw_depth else "depths"
        self._opened: tuple[int, Any] | None = None
        count = self._check()
        splits = self.file.with_name(SPLITS_FILE)
        known = [*(_VARIABLES if splits.is_file() else ()), EVERYTHING]
        if split in _VARIABLES and split not in known:
            text = f"{splits} does not exist; expected it beside {self.file.name} to choose a split"
            raise SourceError(text)
        chosen = choose_split(path, split, known, "")
        self.numbers = range(1, count + 1) if chosen == EVERYTHING else _read(splits, chosen, count)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.numbers)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open file behind: another process opens its own."""
        return {**self.__dict__, "_opened": None}

    def _read(self, index: int) -> Frame:
        number = self.numbers[index]
        what = f"{self.file}: frame {number}"
        try:
            content = self._content()
            planes, depth = content["images"][number - 1], content[self._depths][number - 1]
        except (OSError, RuntimeError, KeyError) as err:
            text = f"{what} cannot be read ({err}; is the file damaged or cut short?)"
            raise SourceError(text) from err
        image = planes_to_rgb(planes, what, "(3, width, height)", (2, 1, 0))
        truth = metres(depth.T, what, "(width, height)")
        height, width = image.shape[:2]
        return Frame(image, truth, NYU_CAMERA.resize(width, height), name=f"{number:04d}")

    def _check(self) -> int:
        """Return the number of frames in the file."""
        with open_hdf5(self.file) as content:
            shapes: dict[str, tuple[int, ...]] = {
                name: getattr(content[name], "shape", ())
                for name in ("images", self._depths)
                if name in content
            }
        images, depths = shapes.get("images", ()), shapes.get(self._depths, ())
        fits = len(images) == 4 and depths == (images[0], *images[2:]) and images[1] == 3
        if not fits:
            text = (
                f"{self.file} has {shapes or 'neither images nor depths'}; expected images of "
                f"(frames, 3, width, height) and {self._depths} of (frames, width, height)"
            )
            raise SourceError(text)
        return int(images[0])

    def _content(self) -> Any:
        # An HDF5 file that was open before a fork must not be read after it.
        process = os.getpid()
        if self._opened is None or self._opened[0] != process:
            self._opened = (process, import_h5py().File(self.file, "r"))
        return self._opened[1]


def _read(path: Path, split: str, count: int) -> list[int]:
    variable = _VARIABLES[split]
    numbers = read_mat5(path, variable)[variable]
    wrong = [n for n in numbers if n not in range(1, count + 1)]
    if wrong or not numbers:
        text = (
            f"{path} {variable} has {len(wrong)} of {len(numbers)} numbers outside 1 to {count}"
            f"{f': {first_few(wrong)}' if wrong else ''}; is it the splits.mat of this set?"
        )
        raise SourceError(text)
    return [int(n) for n in numbers]
