from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import TumSource
from test.data import shared
from test.fastdepth.sources import making

IMAGES = ["10.000001", "10.033", "10.066"]
DEPTHS = ["10.010", "10.060"]


def test_frames_have_pixels_depth_and_stamps(tmp_path: Path) -> None:
    source = TumSource(making.tum(tmp_path / "seq", IMAGES, DEPTHS))

    assert isinstance(source, IndexedSource)
    frames = list(source)
    assert (len(source), len(frames), source.pairs) == (3, 3, 2)
    assert [f.stamp for f in frames] == [10_000_001_000, 10_033_000_000, 10_066_000_000]
    assert [f.name for f in frames] == [f"rgb/{stamp}.png" for stamp in IMAGES]
    for n, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.image, making.rgb(n))
    assert frames[1].depth is None
    for number, depth in ((0, 0), (2, 1)):
        values = making.units(depth)
        expected = np.where(values == 0, np.nan, values / 5000.0).astype(np.float32)
        np.testing.assert_array_equal(frames[number].depth, expected)
    assert source[2].stamp == 10_066_000_000
    with pytest.raises(IndexError):
        source[3]


def test_the_distance_in_time_is_limited(tmp_path: Path) -> None:
    folder = making.tum(tmp_path / "seq", IMAGES, DEPTHS)

    assert TumSource(folder, max_dt=0.007).pairs == 1
    assert TumSource(folder, max_dt=0.006).pairs == 1
    assert TumSource(folder, max_dt=0.005).pairs == 0


def test_a_folder_without_depth_has_frames_without_truth(tmp_path: Path) -> None:
    assert [f.depth for f in TumSource(making.tum(tmp_path / "seq", IMAGES))] == [None] * 3


@pytest.mark.parametrize(
    ("name", "fx", "cy"),
    [
        ("rgbd_dataset_freiburg1_desk", 517.3, 255.3),
        ("freiburg2_xyz", 520.9, 249.7),
        ("RGBD_Freiburg3_office", 535.4, 247.6),
    ],
)
def test_the_camera_is_known_by_the_name(tmp_path: Path, name: str, fx: float, cy: float) -> None:
    camera = TumSource(making.tum(tmp_path / name, IMAGES))[0].intrinsics

    # Pictures of 8x6, a camera of 640x480: one 80th, pixel edges in place.
    assert camera is not None
    assert (camera.width, camera.height) == (8, 6)
    assert camera.fx == pytest.approx(fx / 80)
    assert camera.cy == pytest.approx((cy + 0.5) / 80 - 0.5)


def test_an_unknown_camera_is_none(tmp_path: Path) -> None:
    assert TumSource(making.tum(tmp_path / "seq", IMAGES))[0].intrinsics is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("intrinsics.txt", "# my camera\n5.5 6.5 3.25 2.75\n"),
        ("intrinsics.txt", "5.5, 6.5, 3.25, 2.75"),
        ("calibration.txt", "5.5 0 3.25\n0 6.5 2.75 # second row\n0 0 1\n"),
    ],
)
def test_a_calibration_file_counts_before_the_name(tmp_path: Path, file: str, text: str) -> None:
    folder = making.tum(tmp_path / "freiburg1", IMAGES)
    (folder / file).write_text(text)

    assert TumSource(folder)[0].intrinsics == Intrinsics(8, 6, 5.5, 6.5, 3.25, 2.75)


@pytest.mark.parametrize("text", ["", "1 2 3", "a b c d", "0 0 1 1", "1 0 0 0 1 0 0 0 2"])
def test_a_bad_calibration_is_named(tmp_path: Path, text: str) -> None:
    folder = making.tum(tmp_path / "seq", IMAGES)
    (folder / "intrinsics.txt").write_text(text)
    with pytest.raises(SourceError, match=r"intrinsics.txt is no calibration .*expected `fx fy"):
        TumSource(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "rgb.txt names no pictures"),
        ("# only this\n", "rgb.txt names no pictures"),
        ("10.0\n", "rgb.txt line 1 has 1 fields; expected `timestamp filename`"),
        ("# x\n10.0 a.png b.png", "line 2 has 3 fields"),
        ("ten rgb/10.png", "line 1: 'ten' is no time stamp"),
        ("10.0 rgb/none.png", "rgb.txt names 1 files that do not exist: .*none.png"),
    ],
)
def test_a_bad_list_is_named(tmp_path: Path, text: str, words: str) -> None:
    folder = making.tum(tmp_path / "seq", IMAGES)
    (folder / "rgb.txt").write_text(text)
    with pytest.raises(SourceError, match=words):
        TumSource(folder)


def test_missing_files_are_counted_and_named_together(tmp_path: Path) -> None:
    folder = making.tum(tmp_path / "seq", [f"{n}.5" for n in range(9)])
    for n in range(7):
        (folder / f"rgb/{n}.5.png").unlink()
    words = r"rgb.txt names 7 files that do not exist: .*0\.5\.png.* and 2 more"
    with pytest.raises(SourceError, match=words):
        TumSource(folder)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"rgb\.txt does not exist"):
        TumSource(tmp_path)


def test_a_damaged_picture_is_named_when_it_is_read(tmp_path: Path) -> None:
    folder = making.tum(tmp_path / "seq", IMAGES, DEPTHS)
    whole = (folder / "rgb/10.033.png").read_bytes()
    (folder / "rgb/10.033.png").write_bytes(whole[: len(whole) // 2])
    (folder / "depth/10.060.png").write_bytes(b"")
    making.save(folder / "depth/10.010.png", making.units(0).astype(np.uint8))
    source = TumSource(folder)

    for index, words in (
        (0, r"10\.010\.png has 8 bits; expected 16"),
        (1, r"10\.033\.png is no picture that can be decoded"),
        (2, r"10\.060\.png is no picture that can be decoded \(0 bytes"),
    ):
        with pytest.raises(SourceError, match=words):
            source[index]


def test_the_real_sequence_is_read() -> None:
    source = TumSource(shared("data", "tum_freiburg1_rpy"))

    assert (len(source), source.pairs) == (90, 90)
    frame = source[0]
    assert frame.stamp == 1305031239529662000
    assert frame.intrinsics == Intrinsics(640, 480, 517.3, 516.5, 318.6, 255.3)
    assert frame.depth is not None
    assert 0.5 < np.nanmin(frame.depth) < np.nanmax(frame.depth) < 10
