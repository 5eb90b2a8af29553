from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import KaggleSource
from test.data import shared
from test.fastdepth.sources import making

EIGHT = np.array([[0, 1, 51, 255]], np.uint8).repeat(3, axis=0)
SIXTEEN = np.array([[0, 1, 2550, 10000]], np.uint16).repeat(3, axis=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    making.save(tmp_path / "data/nyu2_train/a/1.png", making.rgb(1, 3, 4))
    making.save(tmp_path / "data/nyu2_train/a/1d.png", EIGHT)
    making.save(tmp_path / "data/nyu2_test/0_colors.png", making.rgb(2, 3, 4))
    making.save(tmp_path / "data/nyu2_test/0_depth.png", SIXTEEN)
    making.kaggle(tmp_path, "val", [("data/nyu2_train/a/1.png", "data/nyu2_train/a/1d.png")] * 2)
    making.kaggle(tmp_path, "test", [("data/nyu2_test/0_colors.png", "data/nyu2_test/0_depth.png")])
    return tmp_path


def test_eight_bit_depth_has_255_for_ten_metres(folder: Path) -> None:
    source = KaggleSource(folder, "val")

    assert isinstance(source, IndexedSource)
    assert len(source) == len(list(source)) == 2
    frame = source[1]
    np.testing.assert_array_equal(frame.image, making.rgb(1, 3, 4))
    assert frame.depth is not None
    assert frame.depth.dtype == np.float32
    expected = np.array([np.nan, 10 / 255, 2.0, 10.0], np.float32)
    np.testing.assert_array_equal(frame.depth, expected[None].repeat(3, axis=0))
    assert frame.name == "data/nyu2_train/a/1.png"
    assert frame.stamp is None
    with pytest.raises(IndexError):
        source[2]


def test_sixteen_bit_depth_is_millimetres(folder: Path) -> None:
    frame = KaggleSource(folder, "test")[0]

    expected = np.array([np.nan, 0.001, 2.55, 10.0], np.float32)
    np.testing.assert_array_equal(frame.depth, expected[None].repeat(3, axis=0))


def test_the_camera_is_nyus_at_the_pictures_size(tmp_path: Path, folder: Path) -> None:
    small = KaggleSource(folder, "val")[0].intrinsics
    assert small is not None
    assert (small.width, small.height) == (4, 3)
    assert small.fx == pytest.approx(518.858 / 160)
    assert small.cx == pytest.approx((325.582 + 0.5) / 160 - 0.5)
    making.save(tmp_path / "data/nyu2_train/a/1.png", making.rgb(1, 480, 640))

    full = KaggleSource(folder, "val")[0].intrinsics
    assert full == Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)


def test_one_list_can_be_given(folder: Path) -> None:
    assert len(KaggleSource(folder / "data/nyu2_val.csv")) == 2
    own = folder / "own.csv"
    own.write_text("data/nyu2_test/0_colors.png,data/nyu2_test/0_depth.png\n\n")
    assert KaggleSource(own)[0].name == "data/nyu2_test/0_colors.png"


def test_a_split_is_asked_for_where_there_are_several(folder: Path) -> None:
    with pytest.raises(SourceError, match="has several splits; choose one: test, val"):
        KaggleSource(folder)
    (folder / "data/nyu2_test.csv").unlink()
    assert len(KaggleSource(folder)) == 2


def test_a_split_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(SourceError, match="no split 'vla'; expected one of: test, val"):
        KaggleSource(folder, "vla")
    with pytest.raises(SourceError, match=r"is one file; a split .* can be chosen only"):
        KaggleSource(folder / "data/nyu2_val.csv", "val")


def test_a_folder_without_lists_is_refused(tmp_path: Path) -> None:
    for split in (None, "val"):
        with pytest.raises(SourceError, match=r"there is no data/nyu2_\*\.csv"):
            KaggleSource(tmp_path, split)


def test_missing_files_are_counted_and_named_together(folder: Path) -> None:
    rows = [(f"data/nyu2_train/a/{n}.png", "data/nyu2_train/a/1d.png") for n in range(1, 9)]
    making.kaggle(folder, "val", rows)
    words = r"nyu2_val.csv names 7 files that do not exist: .*a/2\.png.*a/6\.png and 2 more"
    with pytest.raises(SourceError, match=words):
        KaggleSource(folder, "val")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; expected lines of `rgb,depth`"),
        ("a.png\n", "line 1 has 1 fields"),
        ("data/nyu2_train/a/1.png,data/nyu2_train/a/1d.png,518.8\n", "line 1 has 3 fields"),
        ("a.png,\n", "line 1 has 2 fields; expected `rgb,depth`"),
    ],
)
def test_a_bad_list_is_named(folder: Path, text: str, words: str) -> None:
    (folder / "data/nyu2_val.csv").write_text(text)
    with pytest.raises(SourceError, match=words):
        KaggleSource(folder, "val")


def test_a_list_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "data/nyu2_val.csv").write_bytes(b"\xff\xfe\x80\x81")
    with pytest.raises(SourceError, match=r"nyu2_val\.csv cannot be read as text"):
        KaggleSource(folder, "val")


def test_depth_of_several_channels_is_refused(folder: Path) -> None:
    making.save(folder / "data/nyu2_train/a/1d.png", making.rgb(1, 3, 4))
    with pytest.raises(SourceError, match=r"1d.png is uint8 of shape \(3, 4, 3\); expected depth"):
        KaggleSource(folder, "val")[0]


def test_the_real_lists_are_read() -> None:
    folder = shared("data", "nyu_depth_v2")
    assert len(KaggleSource(folder, "train")) == 659
    val, test = KaggleSource(folder, "val"), KaggleSource(folder, "test")
    assert (len(val), len(test)) == (136, 8)
    # The test list shows frames of the val list again, in the other depth format.
    first = test[0]
    same = min(val, key=lambda f: float(np.abs(f.image.astype(int) - first.image).mean()))
    assert first.depth is not None
    assert same.depth is not None
    assert float(np.nanmax(np.abs(first.depth - same.depth))) < 0.03
