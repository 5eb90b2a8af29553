import struct

import cv2
import numpy as np
import pytest

from fastdepth.animation import can_write_animation, write_animation
from fastdepth.errors import OutputError

pytestmark = pytest.mark.skipif(
    not can_write_animation(), reason="this build of OpenCV encodes no WebP"
)


def picture(red, blue, height=31, width=46):
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 2] = red, blue
    return image


def read(path):
    """Take an animation apart: canvas size, loops, and (picture, milliseconds) in order."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    at, frames, canvas, loops = 12, [], None, None
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"VP8X":
            assert body[0] & 2
            canvas = [int.from_bytes(body[i : i + 3], "little") + 1 for i in (4, 7)]
        elif name == b"ANIM":
            loops = struct.unpack_from("<H", body, 4)[0]
        elif name == b"ANMF":
            still = b"RIFF" + struct.pack("<I", len(body) - 16 + 4) + b"WEBP" + body[16:]
            image = cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
            frames.append((image, int.from_bytes(body[12:15], "little")))
        at += 8 + size + size % 2
    return canvas, loops, frames


def test_pictures_come_back_in_order_with_their_colours_and_times(tmp_path):
    path = tmp_path / "out" / "a.webp"
    colours = [(250, 0), (0, 250), (120, 120)]
    count = write_animation(
        path, ((picture(*c), s) for c, s in zip(colours, (0.1, 0.033, 2.0), strict=True))
    )
    assert count == 3
    canvas, loops, frames = read(path)
    assert canvas == [46, 31]
    assert loops == 0
    assert [ms for _, ms in frames] == [100, 33, 2000]
    for (image, _), (red, blue) in zip(frames, colours, strict=True):
        assert image.shape == (31, 46, 3)
        np.testing.assert_allclose(image.mean(axis=(0, 1)), (red, 0, blue), atol=12)


@pytest.mark.skipif(not hasattr(cv2, "imreadanimation"), reason="OpenCV before 4.11")
def test_opencvs_own_reader_agrees(tmp_path):
    path = tmp_path / "a.webp"
    write_animation(path, [(picture(250, 0), 0.25), (picture(0, 250), 0.5)])
    done, animation = cv2.imreadanimation(str(path))
    assert done
    assert [int(d) for d in animation.durations] == [250, 500]
    first = animation.frames[0][..., :3][..., ::-1]
    np.testing.assert_allclose(first.mean(axis=(0, 1)), (250, 0, 0), atol=12)


def test_no_pictures_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        write_animation(tmp_path / "a.webp", [])
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_another_size_leaves_no_file(tmp_path):
    odd = [(picture(1, 2), 0.1), (picture(1, 2, height=30), 0.1)]
    with pytest.raises(ValueError, match="picture 1"):
        write_animation(tmp_path / "a.webp", odd)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make"):
        write_animation(tmp_path / "file" / "a.webp", [(picture(1, 2), 0.1)])
