from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import SunRgbdSource
from test.fastdepth.sources import making

K = "5.5 0.0 3.25 0.0 6.5 2.75 0.0 0.0 1.0 "
FRAMES = ("kv1/NYUdata/NYU0010", "kv1/NYUdata/NYU0002", "xtion/sun3ddata/home/home/0000_2014")


def stored(millimetres: np.ndarray) -> np.ndarray:
    """Return values as the data set stores them: the upper 13 bits hold the lower of depth."""
    values = millimetres.astype(np.uint32)
    return (((values << 3) | (values >> 13)) & 0xFFFF).astype(np.uint16)


def save(folder: Path, seed: int, image: str = "0001.png") -> Path:
    """Write a frame; raw depth is units(seed), filled depth units(seed + 100)."""
    making.save(folder / "image" / image, making.rgb(seed))
    making.save(folder / "depth/other-name.png", stored(making.units(seed)))
    making.save(folder / "depth_bfx/other-name.png", stored(making.units(seed + 100)))
    making.save(folder / "fullres/0001.png", making.rgb(9, 12, 16))
    (folder / "intrinsics.txt").write_text(K)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n, name in enumerate(FRAMES):
        save(tmp_path / "SUNRGBD" / name, n)
    return tmp_path / "SUNRGBD"


def test_frames_are_rgb_metres_and_camera(folder: Path) -> None:
    source = SunRgbdSource(folder)

    assert isinstance(source, IndexedSource)
    assert [f.name for f in source] == [FRAMES[1], FRAMES[0], FRAMES[2]]
    for frame, seed in zip(source, (1, 0, 2), strict=True):
        np.testing.assert_array_equal(frame.image, making.rgb(seed))
        np.testing.assert_array_equal(frame.depth, making.metres(seed + 100))
        assert frame.intrinsics == Intrinsics(8, 6, 5.5, 6.5, 3.25, 2.75)
    with pytest.raises(IndexError):
        source[3]


def test_depth_is_rotated_millimetres(tmp_path: Path) -> None:
    """1 mm, 1 m, 8191 mm (the most that 13 bits hold) and 10 m, as bit patterns."""
    save(tmp_path, 1)
    patterns = np.array([[0, 8, 8000, 65528, 14465]], np.uint16).repeat(6, axis=0)
    making.save(tmp_path / "depth_bfx/other-name.png", patterns)
    (frame,) = SunRgbdSource(tmp_path)
    assert frame.depth is not None
    expected = np.array([np.nan, 0.001, 1.0, 8.191, 10.0], np.float32)
    np.testing.assert_array_equal(frame.depth[0], expected)
    assert frame.name == "."


def test_raw_depth_is_the_sensors(folder: Path) -> None:
    np.testing.assert_array_equal(SunRgbdSource(folder, raw_depth=True)[0].depth, making.metres(1))
    shutil.rmtree(folder / FRAMES[1] / "depth_bfx")
    np.testing.assert_array_equal(SunRgbdSource(folder)[0].depth, making.metres(1))
    np.testing.assert_array_equal(SunRgbdSource(folder)[1].depth, making.metres(100))


def test_any_folder_of_the_tree_can_be_opened(folder: Path) -> None:
    assert len(SunRgbdSource(folder.parent)) == 3
    assert [f.name for f in SunRgbdSource(folder / "kv1")] == ["NYUdata/NYU0002", "NYUdata/NYU0010"]
    assert len(SunRgbdSource(folder / FRAMES[2])) == 1


def test_the_official_split_is_read(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"no split 'test': there is no SUNRGBDtoolbox/traintest"):
        SunRgbdSource(folder, "test")
    elsewhere = "/n/fs/sun3d/data/SUNRGBD"
    making.mat5(
        folder.parent / "SUNRGBDtoolbox/traintestSUNRGBD/allsplit.mat",
        {
            "alltrain": [f"{elsewhere}/{FRAMES[2]}/", f"{elsewhere}/kv2/kinect2data/not_here"],
            "alltest": [f"{elsewhere}//{FRAMES[0]}", f"{elsewhere}/{FRAMES[1]}"],
        },
    )
    assert [f.name for f in SunRgbdSource(folder, "train")] == [FRAMES[2]]
    assert [f.name for f in SunRgbdSource(folder, "test")] == [FRAMES[1], FRAMES[0]]
    assert len(SunRgbdSource(folder.parent, "test")) == 2
    assert [f.name for f in SunRgbdSource(folder / "xtion", "train")] == [FRAMES[2][6:]]
    with pytest.raises(
        SourceError, match=r"none of the 1 frames of .* is among the 2 of .*allsplit"
    ):
        SunRgbdSource(folder / "xtion", "test")
    with pytest.raises(SourceError, match="no split 'val'; expected one of: train, test"):
        SunRgbdSource(folder, "val")


def test_frames_that_lack_a_picture_are_counted_and_named(folder: Path) -> None:
    (folder / FRAMES[0] / "image/0001.png").unlink()
    making.save(folder / FRAMES[2] / "depth_bfx/second.png", making.units(1))
    words = rf"2 of 3 frames of .* {FRAMES[0]} \(0 and 1\), {FRAMES[2]} \(1 and 2\)$"
    with pytest.raises(SourceError, match=words):
        SunRgbdSource(folder)


def test_bad_files_are_named(folder: Path) -> None:
    (folder / FRAMES[0] / "intrinsics.txt").write_text("5 6")
    making.save(folder / FRAMES[1] / "depth_bfx/other-name.png", np.ones((6, 8), np.uint8))
    source = SunRgbdSource(folder)
    with pytest.raises(SourceError, match=r"NYU0002/.*name\.png has 8 bits; expected 16"):
        source[0]
    with pytest.raises(SourceError, match=r"NYU0010/intrinsics.txt is no calibration"):
        source[1]


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(
            SourceError, match="has no frames of SUN RGB-D; expected folders with im"
        ):
            SunRgbdSource(path)
