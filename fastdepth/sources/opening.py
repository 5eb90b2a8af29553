"""Tell by a path what frame source it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fastdepth.errors import SourceError
from fastdepth.frame import FrameSource
from fastdepth.sources.bag import BagSource
from fastdepth.sources.hdf5 import HDF5_SUFFIXES, Hdf5Source, has_hdf5
from fastdepth.sources.kaggle import KaggleSource, splits
from fastdepth.sources.lists import ListSource, list_splits
from fastdepth.sources.nyu_mat import LABELLED_FILE, NyuMatSource
from fastdepth.sources.pictures import PicturesSource, has_pictures
from fastdepth.sources.reading import PICTURE_SUFFIXES
from fastdepth.sources.rgbd_folder import RgbdFolder, is_rgbd_folder, rgbd_splits
from fastdepth.sources.sun_rgbd import SunRgbdSource, has_sun_frames
from fastdepth.sources.tum import TumSource


class Kind(NamedTuple):
    """A kind of source.

    Attributes:
        name: for a user to ask for it.
        what: what it is and how it is recognised, in words.
        opens: makes the source from a path and options.
        options: those it has, of `open_source`.
        suffixes: of single files of this kind, in lower case.
        holds: tells whether a folder is of this kind.

    """

    name: str
    what: str
    opens: Callable[..., FrameSource]
    options: frozenset[str]
    suffixes: frozenset[str]
    holds: Callable[[Path], object]


def _is_bag(path: Path) -> bool:
    return (path / "metadata.yaml").exists() or any([*path.glob("*.mcap"), *path.glob("*.db3")])


# In the order they are looked for: names right in a folder come before a look into those below.
KINDS = (
    Kind(
        "bag",
        "a bag (rosbag2 folder, .mcap, .db3, .bag)",
        BagSource,
        frozenset({"image", "camera_info", "depth", "max_dt"}),
        frozenset({".mcap", ".db3", ".bag"}),
        _is_bag,
    ),
    Kind(
        "tum",
        "a TUM RGB-D folder (rgb.txt)",
        TumSource,
        frozenset({"max_dt"}),
        frozenset(),
        lambda path: (path / "rgb.txt").exists(),
    ),
    Kind(
        "kaggle",
        "NYU Depth V2 in the Kaggle layout (folder with data/nyu2_*.csv, or one CSV)",
        KaggleSource,
        frozenset({"split"}),
        frozenset({".csv"}),
        splits,
    ),
    Kind(
        "nyu_mat",
        f"NYU Depth V2 as {LABELLED_FILE}",
        NyuMatSource,
        frozenset({"split", "raw_depth"}),
        frozenset({".mat"}),
        lambda path: (path / LABELLED_FILE).exists(),
    ),
    Kind(
        "list",
        "a list of lines `rgb depth focal` (.txt, or folder with nyudepthv2_*_files_with_gt.txt)",
        ListSource,
        frozenset({"split", "root", "units_per_metre"}),
        frozenset({".txt"}),
        list_splits,
    ),
    Kind(
        "rgbd",
        "a folder with rgb/, depth/ and intrinsics.txt",
        RgbdFolder,
        frozenset({"split", "units_per_metre"}),
        frozenset(),
        lambda path: is_rgbd_folder(path) or rgbd_splits(path),
    ),
    Kind(
        "pictures",
        "a picture or a folder of pictures",
        PicturesSource,
        frozenset(),
        PICTURE_SUFFIXES,
        has_pictures,
    ),
    Kind(
        "hdf5",
        "HDF5 files, one a frame (.h5, or folder)",
        Hdf5Source,
        frozenset({"split"}),
        HDF5_SUFFIXES,
        has_hdf5,
    ),
    Kind(
        "sun_rgbd",
        "SUN RGB-D (folders with image/, depth_bfx/ and intrinsics.txt, at any depth)",
        SunRgbdSource,
        frozenset({"split", "raw_depth"}),
        frozenset(),
        has_sun_frames,
    ),
)


def open_source(
    path: Path | str,
    *,
    kind: str | None = None,
    split: str | None = None,
    image: str | None = None,
    camera_info: str | None = None,
    depth: str | None = None,
    max_dt: float = 0.02,
    raw_depth: bool = False,
    root: Path | str | None = None,
    units_per_metre: int | None = None,
) -> FrameSource:
    """Open whatever frames are at a path; KINDS says what is recognised, docs/data.md how.

    Args:
        path: a bag, data set, list, folder or picture.
        kind: what it must be, a name of KINDS; told from the path if None.
        split: which part of a data set.
        image: image topic of a bag; by convention if None.
        camera_info: its camera_info topic; by convention if None.
        depth: topic of a bag's ground truth; by convention if None.
        max_dt: the most that an image and its depth may be apart in time, seconds (bag, TUM).
        raw_depth: the sensor's own depth where a data set also has it with its holes filled
            (NYU Depth V2 as .mat, SUN RGB-D).
        root: the folder that the names in a text list start at; looked for if None.
        units_per_metre: of the 16-bit depth pictures of a list or of a folder with rgb/ and depth/;
            1000 if None.

    Raises:
        SourceError: nothing is there that can be read, or an option does not fit it.

    """
    path = Path(path)
    found = _kind(path, kind)
    given: dict[str, Any] = {
        "split": split,
        "image": image,
        "camera_info": camera_info,
        "depth": depth,
        "raw_depth": raw_depth or None,
        "root": root,
        "units_per_metre": units_per_metre,
    }
    options = {option: value for option, value in given.items() if value is not None}
    for option, value in options.items():
        if option not in found.options:
            text = f"{option}={value} makes no sense for {path}, which is {found.what}"
            raise SourceError(text)
    if "max_dt" in found.options:
        options["max_dt"] = max_dt
    return found.opens(path, **options)


def _kind(path: Path, name: str | None) -> Kind:
    names = [kind.name for kind in KINDS]
    if name is not None and name not in names:
        text = f"there is no kind of source {name!r}; expected one of: {', '.join(names)}"
        raise SourceError(text)
    kinds = [kind for kind in KINDS if name in {None, kind.name}]
    expected = "; ".join(kind.what for kind in kinds)
    if not path.exists():
        text = f"{path} does not exist; expected one of: {expected}"
        raise SourceError(text)
    for kind in kinds:
        if path.suffix.lower() in kind.suffixes if path.is_file() else kind.holds(path):
            return kind
    text = f"{path} holds no frames that can be read; expected one of: {expected}"
    raise SourceError(text)
