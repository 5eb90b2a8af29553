from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import RgbdFolder
from test.data import shared
from test.fastdepth.sources import making


def test_frames_are_rgb_millimetres_and_camera(tmp_path: Path) -> None:
    making.rgbd(tmp_path, ["a10", "a9", "b"], "8x6 fx 5 fy 6 cx 3 cy 2 (a remark)")

    source = RgbdFolder(tmp_path)

    assert isinstance(source, IndexedSource)
    assert source.name == str(tmp_path)
    assert [f.name for f in source] == ["a9", "a10", "b"]
    for frame, seed in zip(source, (1, 0, 2), strict=True):
        np.testing.assert_array_equal(frame.image, making.rgb(seed))
        np.testing.assert_array_equal(frame.depth, making.metres(seed))
        assert frame.intrinsics == Intrinsics(8, 6, 5, 6, 3, 2)
    with pytest.raises(IndexError):
        source[3]


def test_other_units_can_be_given(tmp_path: Path) -> None:
    source = RgbdFolder(making.rgbd(tmp_path, ["1"]), units_per_metre=5000)
    np.testing.assert_array_equal(source[0].depth, making.metres(0, 5000))
    assert source[0].intrinsics is None
    with pytest.raises(SourceError, match="0 units per metre; expected a number above 0"):
        RgbdFolder(tmp_path, units_per_metre=0)


def test_a_frame_can_have_a_camera_of_its_own(tmp_path: Path) -> None:
    making.rgbd(tmp_path, ["1", "2"], "5 6 3 2")
    (tmp_path / "intrinsics").mkdir()
    (tmp_path / "intrinsics/2.txt").write_text("16x12 fx=fy 50 cx 7.5 cy 5.5")
    one, two = (frame.intrinsics for frame in RgbdFolder(tmp_path))
    assert one == Intrinsics(8, 6, 5, 6, 3, 2)
    assert two == Intrinsics(8, 6, 25, 25, 3.5, 2.5)


def test_a_camera_of_another_shape_is_refused(tmp_path: Path) -> None:
    source = RgbdFolder(making.rgbd(tmp_path, ["1"], "640x360 500 500 320 180"))
    with pytest.raises(SourceError, match=r"rgb/1: the camera is of 640x360 pixels"):
        source[0]


def test_pictures_without_partner_are_counted_and_named(tmp_path: Path) -> None:
    making.rgbd(tmp_path, ["1", "2", "3"])
    (tmp_path / "depth/2.png").unlink()
    (tmp_path / "rgb/3.png").rename(tmp_path / "rgb/4.png")
    words = r"3 of 5 pictures of .* have no partner .*: .*rgb/2\.png, .*rgb/4\.png, .*depth/3\.png$"
    with pytest.raises(SourceError, match=words):
        RgbdFolder(tmp_path)


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    making.rgbd(tmp_path, ["1"])
    making.save(tmp_path / "rgb/1.jpg", making.rgb(0))
    with pytest.raises(SourceError, match=r"rgb has two pictures of one name: 1\.jpg, 1\.png"):
        RgbdFolder(tmp_path)


def test_splits_are_folders(tmp_path: Path) -> None:
    making.rgbd(tmp_path / "home", ["1"])
    (tmp_path / "notes").mkdir()
    assert RgbdFolder(tmp_path).path == tmp_path / "home"
    making.rgbd(tmp_path / "work", ["1", "2"])
    assert len(RgbdFolder(tmp_path, "work")) == 2
    assert RgbdFolder(tmp_path, "work").name == f"{tmp_path} work"
    with pytest.raises(SourceError, match="several splits; choose one: home, work"):
        RgbdFolder(tmp_path)
    with pytest.raises(SourceError, match="no split 'notes'; expected one of: home, work"):
        RgbdFolder(tmp_path, "notes")
    with pytest.raises(SourceError, match="no split 'x': no folder in it has rgb/ and depth/"):
        RgbdFolder(tmp_path / "work", "x")


def test_what_is_none_is_named(tmp_path: Path) -> None:
    for name in ("rgb", "depth"):
        (tmp_path / name).mkdir()
    with pytest.raises(SourceError, match=r"rgb has no pictures"):
        RgbdFolder(tmp_path)
    with pytest.raises(SourceError, match=r"gone does not exist; expected a folder with rgb/ and"):
        RgbdFolder(tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "frames", "camera"),
    [
        ("hololens_walk", 60, Intrinsics(540, 360, 495.568, 495.482, 269.503, 169.194)),
        ("kinect_tabletop", 27, Intrinsics(640, 480, 525.0, 525.0, 319.5, 239.5)),
    ],
)
def test_real_folders_are_read(name: str, frames: int, camera: Intrinsics) -> None:
    source = RgbdFolder(shared("data", "other_cameras", name))
    assert len(source) == frames
    frame = source[0]
    assert frame.intrinsics == camera
    assert frame.depth is not None
    assert frame.depth.shape == frame.image.shape[:2] == (camera.height, camera.width)
    assert 0.3 < np.nanmin(frame.depth) < np.nanmax(frame.depth) < 10
