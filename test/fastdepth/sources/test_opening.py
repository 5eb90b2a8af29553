from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastdepth.errors import SourceError
from fastdepth.frame import FrameSource, IndexedSource
from fastdepth.sources import (
    Hdf5Source,
    KaggleSource,
    ListSource,
    NyuMatSource,
    PicturesSource,
    RgbdFolder,
    SunRgbdSource,
    TumSource,
    open_source,
)
from test.fastdepth.sources import making


def test_each_kind_of_path_is_told_apart(tmp_path: Path) -> None:
    tum = making.tum(tmp_path / "tum", ["1.0", "2.0"], ["1.0"])  # which has rgb/ and depth/, too
    pictures = tmp_path / "pictures"
    picture = making.save(pictures / "a.PNG", making.rgb(1))
    nyu = tmp_path / "nyu"
    making.save(nyu / "a.png", making.rgb(1))
    csv = making.kaggle(nyu, "val", [("a.png", "a.png")])
    rgbd = making.rgbd(tmp_path / "rgbd/home", ["1", "2", "3"])
    text = tmp_path / "lists/nyudepthv2_test_files_with_gt.txt"
    text.parent.mkdir()
    text.write_text("../nyu/a.png ../nyu/a.png 500\n")
    sun = tmp_path / "sun"
    frame = making.rgbd(sun / "kv1/a", ["1"], "5 5 3 2")
    (frame / "rgb").rename(frame / "image")

    for path, split, kind, length in [
        (tum, None, TumSource, 2),
        (pictures, None, PicturesSource, 1),
        (picture, None, PicturesSource, 1),
        (nyu, "val", KaggleSource, 1),
        (csv, None, KaggleSource, 1),
        (rgbd, None, RgbdFolder, 3),
        (rgbd.parent, "home", RgbdFolder, 3),
        (text, None, ListSource, 1),
        (text.parent, "test", ListSource, 1),
        (sun, None, SunRgbdSource, 1),
        (frame, None, SunRgbdSource, 1),
    ]:
        source = open_source(path, split=split)
        assert type(source) is kind
        assert isinstance(source, IndexedSource)
        assert len(source) == length
        assert source.name == (f"{path} {split}" if split else str(path))


def test_hdf5_and_mat_are_told_apart(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="the hdf5 extra is not installed")
    frame = tmp_path / "nyu/val/official/00001.h5"
    labelled = tmp_path / "mat/nyu_depth_v2_labeled.mat"
    for file in (frame, labelled):
        file.parent.mkdir(parents=True)
    with h5py.File(labelled, "w") as content:
        content["images"] = np.ones((2, 3, 8, 6), np.uint8)
        content["depths"] = np.ones((2, 8, 6), np.float32)
        content["rawDepths"] = np.full((2, 8, 6), 2, np.float32)
    frame.touch()

    for path, split, kind, length in [
        (tmp_path / "nyu", None, Hdf5Source, 1),
        (tmp_path / "nyu", "val", Hdf5Source, 1),
        (frame, None, Hdf5Source, 1),
        (labelled.parent, "all", NyuMatSource, 2),
        (labelled, None, NyuMatSource, 2),
    ]:
        source = open_source(path, split=split)
        assert type(source) is kind
        assert len(source) == length
    assert [float(f.depth[0, 0]) for f in open_source(labelled) if f.depth is not None] == [1, 1]
    raw = open_source(labelled, raw_depth=True)
    assert [float(f.depth[0, 0]) for f in raw if f.depth is not None] == [2, 2]


def test_root_and_units_reach_the_source(tmp_path: Path) -> None:
    folder = making.rgbd(tmp_path / "rgbd", ["1"])
    (tmp_path / "list.txt").write_text("rgb/1.png depth/1.png 500\n")
    for path, root in ((folder, None), (tmp_path / "list.txt", folder)):
        (frame,) = open_source(path, root=root, units_per_metre=5000)
        np.testing.assert_array_equal(frame.depth, making.metres(0, 5000))


def test_bags_are_told_apart(tmp_path: Path) -> None:
    bags = pytest.importorskip("fastdepth.bags", reason="the bags extra is not installed")
    with bags.BagWriter(tmp_path / "bag") as bag:
        bag.write("/image", "sensor_msgs/msg/Image", 1, encoding="rgb8")
    alone = shutil.copy(tmp_path / "bag" / "bag.mcap", tmp_path / "alone.mcap")
    (tmp_path / "unfinished").mkdir()
    shutil.copy(alone, tmp_path / "unfinished")

    for path in ("bag", "alone.mcap", "unfinished"):
        source = open_source(tmp_path / path)
        assert isinstance(source, FrameSource)
        assert source.name == f"{tmp_path / path} /image"


def test_max_dt_reaches_the_source(tmp_path: Path) -> None:
    folder = making.tum(tmp_path, ["1.0"], ["1.015"])
    assert [f.depth is None for f in open_source(folder)] == [False]
    assert [f.depth is None for f in open_source(folder, max_dt=0.01)] == [True]


@pytest.mark.parametrize("name", ["gone", "notes.md", "empty"])
def test_what_holds_no_frames_is_told_what_could(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=rf"{name} .*one of: a bag .*TUM.*Kaggle.*pictures.*SUN"):
        open_source(tmp_path / name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "val"}, "split=val makes no sense for .*, which is a TUM RGB-D folder"),
        ({"image": "/image"}, "image=/image makes no sense"),
        ({"depth": "/depth"}, "depth=/depth makes no sense"),
        ({"raw_depth": True}, "raw_depth=True makes no sense"),
        ({"root": "/"}, "root=/ makes no sense"),
        ({"units_per_metre": 1000}, "units_per_metre=1000 makes no sense"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        open_source(making.tum(tmp_path, ["1.0"]), **options)
