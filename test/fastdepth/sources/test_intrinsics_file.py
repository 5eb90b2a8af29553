from __future__ import annotations

from pathlib import Path

import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, SourceError
from fastdepth.sources.intrinsics_file import WrittenCamera, read_camera

VALUES = (5.5, 6.5, 3.25, 2.75)


@pytest.mark.parametrize(
    ("text", "values", "size"),
    [
        ("5.5 6.5 3.25 2.75", VALUES, None),
        ("# comment\n5.5, 6.5, 3.25, 2.75 # 1 2 3\n", VALUES, None),
        ("8x6 5.5 6.5 3.25 2.75", VALUES, (8, 6)),
        ("5.5 0 3.25\n0 6.5 2.75\n0 0 1 ", VALUES, None),
        ("8x6\n5.5 0.0 3.25 0.0 6.5 2.75 0.000 0.00 1.000", VALUES, (8, 6)),
        ("8x6 fx 5.5 fy 6.5 cx 3.25 cy 2.75 (K.txt)", VALUES, (8, 6)),
        ("cy: 2.75\ncx: 3.25\nfy: 6.5\nfx: 5.5\n", VALUES, None),
        ("fx=5.5, fy=6.5, cx=3.25, cy=2.75, rms=0.2", VALUES, None),
        (
            "640 x 480 fx=fy 525 cx 319.5 cy 239.5 (fit on x/z, 3)",
            (525, 525, 319.5, 239.5),
            (640, 480),
        ),
        ("fx = fy = 5.25e2 cx = cy = .5", (525, 525, 0.5, 0.5), None),
        ("fx 5 fy 5 cx -3.5 cy 2 fx 5", (5, 5, -3.5, 2), None),
    ],
)
def test_forms(
    tmp_path: Path,
    text: str,
    values: tuple[float, float, float, float],
    size: tuple[int, int] | None,
) -> None:
    file = tmp_path / "intrinsics.txt"
    file.write_text(text)
    assert read_camera(file) == WrittenCamera(values, size)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "0 numbers"),
        ("5 5 3", "3 numbers"),
        ("a 5 3 2", "could not convert string to float: 'a'"),
        ("0 5 3 2", "focal length is fx=0"),
        ("fx 5 cx 3 cy 2", "fy not given"),
        ("fx 5 fy 5 cx 3 cy 2 fx 6", "fx is both 5 and 6"),
        ("5 0 3 0 5 2 0 0 2", "not a K of rows"),
        ("5 0.1 3 0 5 2 0 0 1", "not a K of rows"),
        ("0x0 5 5 3 2", "camera size is 0x0"),
    ],
)
def test_what_is_none_of_them_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "intrinsics.txt"
    file.write_text(text)
    with pytest.raises(SourceError, match=rf"intrinsics.txt is no calibration .*{words}.*expected"):
        read_camera(file)


def test_the_camera_follows_a_resize_of_the_whole_frame() -> None:
    camera = WrittenCamera((500.0, 510.0, 319.5, 239.5), (640, 480))
    assert camera.of(640, 480) == Intrinsics(640, 480, 500.0, 510.0, 319.5, 239.5)
    # Half size: pixel edges stay, so the centre of the frame stays the centre.
    assert camera.of(320, 240) == Intrinsics(320, 240, 250.0, 255.0, 159.5, 119.5)
    assert camera.of(427, 320).width == 427  # 4:3 in whole pixels
    with pytest.raises(CameraError, match="of 640x480 pixels and the picture of 640x360, which is"):
        camera.of(640, 360)
    assert WrittenCamera((5, 6, 3, 2)).of(7, 3) == Intrinsics(7, 3, 5, 6, 3, 2)
