import struct

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import ImageError
from fastdepth.points import PointMaker
from test.fastdepth import ros_messages

CAMERA = Intrinsics(4, 3, 2.0, 4.0, 1.5, 1.0)


def flat(value=2.0):
    return np.full((3, 4), value, np.float32)


def test_points_are_right_down_and_forward():
    points = PointMaker().points(flat(), CAMERA)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points[..., 2], 2.0)
    # (u - 1.5) / 2 * 2 along a row, (v - 1) / 4 * 2 along a column
    np.testing.assert_array_equal(points[1, :, 0], [-1.5, -0.5, 0.5, 1.5])
    np.testing.assert_array_equal(points[:, 2, 1], [-0.5, 0.0, 0.5])


def test_points_are_projected_back_onto_their_pixels():
    rng = np.random.default_rng(0)
    camera = Intrinsics(64, 48, 55.5, 57.5, 30.2, 25.7)
    depth = rng.uniform(0.3, 9, (48, 64)).astype(np.float32)
    points = PointMaker().points(depth, camera).astype(np.float64)
    pixels = points @ camera.matrix().T
    rows, columns = np.mgrid[:48, :64]
    np.testing.assert_allclose(pixels[..., 0] / pixels[..., 2], columns, atol=1e-4)
    np.testing.assert_allclose(pixels[..., 1] / pixels[..., 2], rows, atol=1e-4)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("nothing", [np.nan, 0.0, -1.0, np.inf, -np.inf])
def test_what_is_no_distance_is_no_point(nothing):
    depth = flat()
    depth[1, 2] = nothing
    points = PointMaker().points(depth, CAMERA)
    assert np.isnan(points[1, 2]).all()
    assert np.isnan(points).sum() == 3


def test_the_fields_describe_the_data():
    depth = flat()
    depth[0, 0] = np.nan
    fields = PointMaker().fields(depth, CAMERA)
    data = fields.pop("data")
    assert fields == {
        "height": 3,
        "width": 4,
        "fields": [
            {"name": "x", "offset": 0, "datatype": 7, "count": 1},
            {"name": "y", "offset": 4, "datatype": 7, "count": 1},
            {"name": "z", "offset": 8, "datatype": 7, "count": 1},
        ],
        "is_bigendian": False,
        "point_step": 12,
        "row_step": 48,
        "is_dense": False,
    }
    assert isinstance(data, bytes)
    assert len(data) == 3 * 48
    at = 2 * fields["row_step"] + 3 * fields["point_step"]
    assert struct.unpack_from("<fff", data, at) == (1.5, 0.5, 2.0)
    assert np.isnan(struct.unpack_from("<fff", data, 0)).all()


def test_colour_is_packed_as_rviz_reads_it():
    rgb = np.zeros((3, 4, 3), np.uint8)
    rgb[1, 2] = (0x12, 0x34, 0x56)
    rgb[2, 3] = (255, 255, 255)
    fields = PointMaker().fields(flat(), CAMERA, rgb)
    assert fields["fields"][3] == {"name": "rgb", "offset": 12, "datatype": 7, "count": 1}
    assert fields["point_step"] == 16
    assert fields["row_step"] == 64
    at = fields["row_step"] + 2 * fields["point_step"]
    assert struct.unpack_from("<fffI", fields["data"], at) == (0.5, 0.0, 2.0, 0x123456)
    assert struct.unpack_from("<I", fields["data"], 2 * 64 + 3 * 16 + 12) == (0xFFFFFF,)
    assert struct.unpack_from("<I", fields["data"], 12) == (0,)


def test_a_larger_picture_is_resized_to_the_depth():
    rgb = np.zeros((6, 8, 3), np.uint8)
    rgb[:, :4] = (10, 20, 30)
    fields = PointMaker().fields(flat(), CAMERA, rgb)
    words = np.frombuffer(fields["data"], "<u4").reshape(3, 4, 4)[..., 3]
    assert words[0].tolist() == [0x0A141E, 0x0A141E, 0, 0]


def test_a_strided_picture_serves():
    bgr = np.zeros((3, 4, 3), np.uint8)
    bgr[..., 0] = 200
    fields = PointMaker().fields(flat(), CAMERA, bgr[..., ::-1])
    assert np.frombuffer(fields["data"], "<u4")[3] == 200


def test_a_maker_follows_the_camera_and_the_size():
    maker = PointMaker()
    first = maker.fields(flat(), CAMERA)
    kept = bytes(first["data"])
    other = Intrinsics(4, 3, 2.0, 4.0, 0.0, 0.0)
    np.testing.assert_array_equal(maker.points(flat(), other)[0, :, 0], [0, 1, 2, 3])
    wide = Intrinsics(6, 3, 2.0, 4.0, 0.0, 0.0)
    assert maker.fields(np.ones((3, 6), np.float32), wide)["row_step"] == 72
    maker.fields(flat(), CAMERA, np.zeros((3, 4, 3), np.uint8))
    assert maker.fields(flat(), CAMERA)["data"] == kept
    assert first["data"] == kept


def test_points_do_not_share_memory():
    maker = PointMaker()
    first = maker.points(flat(), CAMERA)
    maker.points(flat(5.0), CAMERA)
    assert (first[..., 2] == 2.0).all()


def test_a_camera_of_another_size_is_refused():
    with pytest.raises(ImageError, match="expected the same size"):
        PointMaker().points(np.ones((4, 3), np.float32), CAMERA)


def test_what_is_no_picture_is_refused():
    for rgb in (np.zeros((3, 4), np.uint8), np.zeros((3, 4, 3), np.float32)):
        with pytest.raises(ImageError, match="expected uint8 HxWx3"):
            PointMaker().fields(flat(), CAMERA, rgb)


def test_real_messages_take_the_fields():
    store = ros_messages.typestore("rosbags")
    fields = PointMaker().fields(flat(), CAMERA, np.zeros((3, 4, 3), np.uint8))
    data = np.frombuffer(fields.pop("data"), np.uint8)
    field = store.types["sensor_msgs/msg/PointField"]
    fields["fields"] = [field(**one) for one in fields["fields"]]
    cloud = store.types["sensor_msgs/msg/PointCloud2"]
    message = cloud(header=ros_messages.header("rosbags"), data=data, **fields)
    back = store.deserialize_cdr(store.serialize_cdr(message, cloud.__msgtype__), cloud.__msgtype__)
    assert back.fields[3].name == "rgb"
    assert back.data.tobytes() == data.tobytes()


def test_messages_of_rclpy_take_the_fields():
    sensor_msgs = pytest.importorskip("sensor_msgs.msg", reason="rclpy is not installed")
    fields = PointMaker().fields(flat(), CAMERA)
    fields["fields"] = [sensor_msgs.PointField(**one) for one in fields["fields"]]
    message = sensor_msgs.PointCloud2(**fields)
    assert bytes(message.data) == fields["data"]
