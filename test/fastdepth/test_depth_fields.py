import numpy as np
import pytest

from fastdepth.messages import decode_depth, depth_mm_fields, metres_to_millimetres
from test.fastdepth import ros_messages

DEPTH = np.array([[1.2344, 1.2346, 65.535], [0.001, 10.0, 2.5]], np.float32)
MILLIMETRES = [[1234, 1235, 65535], [1, 10000, 2500]]


def test_metres_are_rounded_to_millimetres():
    assert metres_to_millimetres(DEPTH).tolist() == MILLIMETRES
    assert metres_to_millimetres(DEPTH).dtype == np.uint16


@pytest.mark.filterwarnings("error")
def test_what_is_no_distance_is_zero():
    nothing = np.array([[np.nan, 0.0, -0.0, -1.0, np.inf, -np.inf, 0.0004]], np.float32)
    assert metres_to_millimetres(nothing).tolist() == [[0] * 7]


@pytest.mark.filterwarnings("error")
def test_what_is_too_far_for_16_bits_is_the_farthest_that_can_be_told():
    far = np.array([[65.536, 70.0, 131.072, 1e30, 3e38]], np.float32)
    assert metres_to_millimetres(far).tolist() == [[65535] * 5]


def test_the_fields_are_those_of_a_16uc1_image():
    fields = depth_mm_fields(DEPTH)
    data = fields.pop("data")
    assert fields == {"height": 2, "width": 3, "encoding": "16UC1", "is_bigendian": 0, "step": 6}
    assert isinstance(data, bytes)
    assert data[:4] == (1234).to_bytes(2, "little") + (1235).to_bytes(2, "little")
    assert len(data) == 12


@pytest.mark.parametrize("kind", ros_messages.KINDS)
def test_a_real_message_comes_back(kind):
    depth = DEPTH.copy()
    depth[0, 2] = np.nan
    decoded = decode_depth(ros_messages.image(kind, **depth_mm_fields(depth)))
    np.testing.assert_allclose(decoded, depth, atol=0.0005001)


def test_a_view_of_any_layout_is_filled():
    data = depth_mm_fields(DEPTH[::-1, ::2])["data"]
    assert np.frombuffer(data, "<u2").tolist() == [1, 2500, 1234, 65535]
