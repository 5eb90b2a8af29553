"""Tell by a path what frame source it is."""

from __future__ import annotations

from pathlib import Path

from fastdepth.errors import SourceError
from fastdepth.frame import FrameSource
from fastdepth.sources.bag import BagSource
from fastdepth.sources.kaggle import KaggleSource, splits
from fastdepth.sources.pictures import PicturesSource, has_pictures
from fastdepth.sources.reading import PICTURE_SUFFIXES
from fastdepth.sources.tum import TumSource

_BAG_SUFFIXES = frozenset({".mcap", ".db3", ".bag"})
_KINDS = (
    "a bag (rosbag2 folder, .mcap, .db3, .bag), a TUM RGB-D folder (rgb.txt), NYU Depth V2 in the "
    "Kaggle layout (folder with data/nyu2_*.csv, or one CSV), a picture or a folder of pictures"
)


def open_source(
    path: Path | str,
    *,
    split: str | None = None,
    image: str | None = None,
    camera_info: str | None = None,
    depth: str | None = None,
    max_dt: float = 0.02,
) -> FrameSource:
    """Open whatever frames are at a path.

    Args:
        path: a bag (rosbag2 folder, .mcap, .db3 or ROS 1 .bag), a TUM RGB-D folder, a folder or
            list of NYU Depth V2 in the Kaggle layout, a folder of pictures, or one picture.
        split: which list of a data set.
        image: image topic of a bag; by convention if None.
        camera_info: its camera_info topic; by convention if None.
        depth: topic of a bag's ground truth; by convention if None.
        max_dt: the most that an image and its depth may be apart in time, seconds (bag, TUM).

    Raises:
        SourceError: nothing is there that can be read, or an option does not fit it.

    """
    path = Path(path)
    kind = _kind(path)
    if split is not None and kind != "kaggle":
        text = f"split {split!r} makes no sense for {path}: it is no data set with splits"
        raise SourceError(text)
    topics = [topic for topic in (image, camera_info, depth) if topic is not None]
    if topics and kind != "bag":
        text = f"topic {topics[0]} makes no sense for {path}: it is no bag"
        raise SourceError(text)
    if kind == "bag":
        return BagSource(path, image=image, camera_info=camera_info, depth=depth, max_dt=max_dt)
    if kind == "tum":
        return TumSource(path, max_dt=max_dt)
    if kind == "kaggle":
        return KaggleSource(path, split)
    return PicturesSource(path)


def _kind(path: Path) -> str:
    if not path.exists():
        text = f"{path} does not exist; expected {_KINDS}"
        raise SourceError(text)
    kind = _file_kind(path) if path.is_file() else _folder_kind(path)
    if kind is None:
        text = f"{path} holds no frames that can be read; expected {_KINDS}"
        raise SourceError(text)
    return kind


def _file_kind(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in _BAG_SUFFIXES:
        return "bag"
    if suffix == ".csv":
        return "kaggle"
    return "pictures" if suffix in PICTURE_SUFFIXES else None


def _folder_kind(path: Path) -> str | None:
    if (path / "metadata.yaml").exists() or any([*path.glob("*.mcap"), *path.glob("*.db3")]):
        return "bag"
    if (path / "rgb.txt").exists():
        return "tum"
    if splits(path):
        return "kaggle"
    return "pictures" if has_pictures(path) else None
