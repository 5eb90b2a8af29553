from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import PicturesSource
from test.fastdepth.sources import making


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for n, name in enumerate(["10.png", "2.PNG", "1.bmp", "b2.png", "b10.png"]):
        making.save(tmp_path / name, making.rgb(n))
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.png").mkdir()

    source = PicturesSource(tmp_path)

    assert isinstance(source, IndexedSource)
    frames = list(source)
    assert [f.name for f in frames] == ["1.bmp", "2.PNG", "10.png", "b2.png", "b10.png"]
    for frame, seed in zip(frames, [2, 1, 0, 3, 4], strict=True):
        np.testing.assert_array_equal(frame.image, making.rgb(seed))
        assert (frame.depth, frame.intrinsics, frame.stamp) == (None, None, None)
    with pytest.raises(IndexError):
        source[5]


def test_one_picture_or_a_list_will_do(tmp_path: Path) -> None:
    a, b = making.save(tmp_path / "a.png", making.rgb(1)), tmp_path / "x" / "a.png"
    making.save(b, making.rgb(2))

    (frame,) = PicturesSource(str(a))
    np.testing.assert_array_equal(frame.image, making.rgb(1))
    assert frame.name == "a.png"
    # Names stay unique.
    assert [f.name for f in PicturesSource([b, a])] == [str(b), str(a)]


def test_the_camera_is_the_one_given(tmp_path: Path) -> None:
    making.save(tmp_path / "a.png", making.rgb(1))
    (frame,) = PicturesSource(tmp_path, intrinsics=(5.0, 6.0, 3.0, 2.0))
    assert frame.intrinsics == Intrinsics(8, 6, 5.0, 6.0, 3.0, 2.0)


def test_grey_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    making.save(tmp_path / "1.png", np.full((2, 3), 77, np.uint8))
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[..., 2] = 200
    cv2.imwrite(str(tmp_path / "2.png"), rgba)
    grey, clear = PicturesSource(tmp_path)
    assert grey.image[0, 0].tolist() == [77, 77, 77]
    assert clear.image[0, 0].tolist() == [200, 0, 0]


def test_a_cut_jpeg_is_refused_and_not_filled_up(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    making.save(file, making.rgb(1, 64, 64))
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(SourceError, match=r"a\.jpg is no picture that can be decoded"):
        PicturesSource(file)[0]


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for path, words in (
        (tmp_path, r"has no pictures; expected files ending in \.bmp, \.jpeg, \.jpg"),
        (tmp_path / "notes.txt", "is no picture by its name"),
        (tmp_path / "gone.png", r"gone\.png does not exist"),
    ):
        with pytest.raises(SourceError, match=words):
            PicturesSource(path)
    with pytest.raises(SourceError, match=r"1 files that do not exist: gone\.png"):
        PicturesSource(["gone.png"])
