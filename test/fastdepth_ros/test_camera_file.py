"""Calibrations as camera_calibration writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastdepth.errors import CameraError
from fastdepth.geometry import InputGeometry, Rect
from fastdepth.messages import camera_from_info, camera_info_fields
from fastdepth_ros.camera_file import CameraFile

WHOLE = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [525., 0., 319.5, 0., 520., 239.5, 0., 0., 1.]
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, -0.2, 0.001, 0.002, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [500, 0, 318, 0, 0, 505, 240, 0, 0, 0, 1, 0]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "camera.yaml"
    path.write_text(text)
    return path


def test_a_calibration_serves_as_camera_info(tmp_path: Path) -> None:
    info = CameraFile.read(written(tmp_path, WHOLE))
    camera = camera_from_info(info)
    assert (camera.width, camera.height) == (640, 480)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (525.0, 520.0, 319.5, 239.5)
    whole = InputGeometry(640, 480, Rect(0, 0, 640, 480), Rect(0, 0, 224, 224))
    fields = camera_info_fields(info, whole, 320, 240)
    assert fields["k"][:3] == [262.5, 0.0, 159.5]
    assert fields["p"][:4] == [250.0, 0.0, 158.75, 0.0]
    assert fields["d"] == [0.1, -0.2, 0.001, 0.002, 0.0]


def test_what_is_left_out_is_that_of_an_ideal_camera(tmp_path: Path) -> None:
    text = "".join(WHOLE.splitlines(keepends=True)[:7])
    info = CameraFile.read(written(tmp_path, text))
    assert info.d == (0.0,) * 5
    assert info.r == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    assert info.p == (525.0, 0.0, 319.5, 0.0, 0.0, 520.0, 239.5, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected what camera_calibration writes"),
        ("[1, 2", "no valid YAML"),
        (WHOLE.replace("image_width: 640", ""), "image_width is None"),
        (WHOLE.replace("image_width: 640", "image_width: 0"), "image_width is 0"),
        (WHOLE.replace("239.5, 0., 0., 1.]", "239.5]"), "camera_matrix.*9 numbers"),
        (WHOLE.replace("0.001", "'x'"), "distortion_coefficients"),
        (WHOLE.replace("525.", ".nan"), "camera_matrix"),
        (WHOLE.replace("525.", "0.").replace("520.", "0."), "focal length"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(CameraError, match=words) as raised:
        CameraFile.read(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"nowhere\.yaml cannot be read: No such file"):
        CameraFile.read(tmp_path / "nowhere.yaml")
