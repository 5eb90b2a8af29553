import math

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError

NYU = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)


def project(camera: Intrinsics, point):
    x, y, z = point
    return np.array([camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy])


@pytest.mark.parametrize("point", [(0.3, -0.2, 2.0), (-1.0, 0.7, 4.5), (0.0, 0.0, 1.0)])
def test_resize_moves_pixels_as_pixel_edges_do(point):
    small = NYU.resize(224, 224)
    u, v = project(NYU, point)
    expected = [(u + 0.5) * 224 / 640 - 0.5, (v + 0.5) * 224 / 480 - 0.5]
    assert project(small, point) == pytest.approx(expected, abs=1e-9)
    assert (small.width, small.height) == (224, 224)


def test_resize_agrees_with_where_opencv_puts_a_pixel():
    # Averaging 2x2 blocks puts pixels 2 and 3 into pixel 1: their middle 2.5 must land on 1.
    camera = Intrinsics(8, 8, 10.0, 10.0, 2.5, 2.5)
    assert camera.resize(4, 4).cx == pytest.approx(1.0)


def test_resize_there_and_back_is_the_same_camera():
    back = NYU.resize(224, 160).resize(640, 480)
    assert back.matrix() == pytest.approx(NYU.matrix())


def test_crop_shifts_the_principal_point_and_keeps_the_focal_length():
    cut = NYU.crop(27, 21, 584, 438)
    assert (cut.width, cut.height, cut.fx, cut.fy) == (584, 438, NYU.fx, NYU.fy)
    assert (cut.cx, cut.cy) == (NYU.cx - 27, NYU.cy - 21)


def test_matrix_is_k():
    assert NYU.matrix() == pytest.approx(
        np.array([[518.858, 0, 325.582], [0, 519.47, 253.736], [0, 0, 1]])
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"width": 0}, "size"),
        ({"fx": 0.0}, "focal length"),
        ({"fy": -1.0}, "focal length"),
        ({"fx": math.nan}, "focal length"),
        ({"cx": math.inf}, "principal point"),
    ],
)
def test_impossible_cameras_are_refused(change, word):
    values = {"width": 640, "height": 480, "fx": 500.0, "fy": 500.0, "cx": 320.0, "cy": 240.0}
    with pytest.raises(CameraError, match=word):
        Intrinsics(**(values | change))
