"""The files of a bag: which to open, and which can be read directly."""

from __future__ import annotations

from pathlib import Path

import yaml

from fastdepth.bags.plain_mcap import PlainMcap
from fastdepth.errors import BagError

STORAGES = {".mcap": "mcap", ".db3": "sqlite3", ".bag": "ROS 1"}

METADATA = "metadata.yaml"


def storage_file(path: Path) -> Path:
    """Return what to open for a bag: a folder with metadata.yaml, or a storage file.

    Raises:
        BagError: there is no bag, or it is not clear which file is it.

    """
    kinds = ", ".join(STORAGES)
    if not path.exists():
        text = f"bag {path} does not exist"
        raise BagError(text)
    if path.is_file():
        if path.suffix not in STORAGES:
            text = f"{path} is no bag; expected a rosbag2 folder or a file that ends in {kinds}"
            raise BagError(text)
        return path
    if (path / METADATA).exists():
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in {".mcap", ".db3"})
    if not files:
        text = f"{path} holds no bag; expected {METADATA} and a storage file ({kinds})"
        raise BagError(text)
    if len(files) > 1:
        text = (
            f"{path} has {len(files)} storage files and no {METADATA}; make one with: "
            f"ros2 bag reindex {path}"
        )
        raise BagError(text)
    return files[0]


def storage_of(path: Path) -> str:
    """Return how a bag is stored: `mcap`, `sqlite3` or `ROS 1`."""
    files = [path] if path.is_file() else sorted(path.iterdir())
    kinds = [STORAGES[part] for file in files for part in file.suffixes if part in STORAGES]
    return kinds[0] if kinds else "unknown"


def open_plain(file: Path) -> PlainMcap | None:
    """Open uncompressed mcap files for reading them quickly; None where that cannot be.

    Args:
        file: of `storage_file`.

    """
    try:
        files = [file]
        if file.is_dir():
            about = yaml.safe_load((file / METADATA).read_text("utf-8"))
            names = about["rosbag2_bagfile_information"]["relative_file_paths"]
            files = [file / Path(name).name for name in names]
        if not all(each.suffix == ".mcap" for each in files):
            return None
        return PlainMcap(files)
    except (ValueError, OSError, KeyError, TypeError, yaml.YAMLError):
        return None  # rosbags reads it, or says what is wrong with it
