from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fastdepth.errors import SourceError
from fastdepth.frame import FrameSource
from fastdepth.sources import KaggleSource, PicturesSource, TumSource, open_source
from test.fastdepth.sources import making


def test_each_kind_of_path_is_told_apart(tmp_path: Path) -> None:
    tum = making.tum(tmp_path / "tum", ["1.0", "2.0"], ["1.0"])
    pictures = tmp_path / "pictures"
    picture = making.save(pictures / "a.PNG", making.rgb(1))
    nyu = tmp_path / "nyu"
    making.save(nyu / "a.png", making.rgb(1))
    listed = making.kaggle(nyu, "val", [("a.png", "a.png")])

    for path, split, kind, length in [
        (tum, None, TumSource, 2),
        (pictures, None, PicturesSource, 1),
        (picture, None, PicturesSource, 1),
        (nyu, "val", KaggleSource, 1),
        (listed, None, KaggleSource, 1),
    ]:
        source = open_source(path, split=split)
        assert type(source) is kind
        assert isinstance(source, FrameSource)
        assert len(source) == length
        assert source.name == (f"{path} {split}" if split else str(path))


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


@pytest.mark.parametrize("name", ["gone", "notes.txt", "empty"])
def test_what_holds_no_frames_is_told_what_could(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=rf"{name} .*expected a bag .*TUM.*Kaggle.*pictures"):
        open_source(tmp_path / name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "val"}, "split 'val' makes no sense .*no data set with splits"),
        ({"image": "/image"}, "topic /image makes no sense .*it is no bag"),
        ({"depth": "/depth"}, "topic /depth makes no sense .*it is no bag"),
    ],
)
def test_an_option_that_does_not_fit_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        open_source(making.tum(tmp_path, ["1.0"]), **options)
