from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader

from fastdepth.bags import BagReader, BagWriter
from fastdepth.errors import BagError, OutputError
from fastdepth.messages import depth_fields, image_fields

IMAGE = "sensor_msgs/msg/Image"
INFO = "sensor_msgs/msg/CameraInfo"
HEADER = {"stamp": {"sec": 7, "nanosec": 8}, "frame_id": "camera_color_optical_frame"}


def rclpy_cdr(message: Any) -> bytes:
    serialization = pytest.importorskip("rclpy.serialization", reason="no rclpy")
    return bytes(serialization.serialize_message(message))


def assert_same_for_rclpy(cdr: bytes, message: Any) -> None:
    """Compare as rclpy reads it: its own CDR has random bytes for padding."""
    serialization = pytest.importorskip("rclpy.serialization", reason="no rclpy")
    assert serialization.deserialize_message(cdr, type(message)) == message
    assert len(cdr) == len(rclpy_cdr(message))


def written(path: Path) -> bytes:
    with BagReader(path) as bag:
        (raw,) = bag.raw()
    return bytes(raw.cdr)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compress", [False, True])
def test_what_is_written_is_read(tmp_path: Path, storage: Any, compress: bool) -> None:
    cdrs = [bytes([0, 1, 0, 0]) + bytes([n]) * (n * 40000) for n in range(5)]
    with BagWriter(tmp_path / "bag", storage, compress=compress) as bag:
        for n in (3, 1, 4, 0, 2):
            topic = f"/topic{n % 2}"
            bag.write_raw(topic, "std_msgs/msg/String", 1_000_000_000_000_000_000 + n, cdrs[n])

    with BagReader(tmp_path / "bag") as read:
        messages = list(read.raw())
        assert [(m.topic, m.time % 10, bytes(m.cdr)) for m in messages] == [
            (f"/topic{n % 2}", n, cdrs[n]) for n in range(5)
        ]
        assert {m.type for m in messages} == {"std_msgs/msg/String"}
        assert [m.time % 10 for m in read.raw(["/topic1"])] == [1, 3]
        assert [m.time % 10 for m in read.raw(start=messages[1].time, stop=messages[3].time)] == [
            1,
            2,
        ]
        assert [(t.name, t.type, t.count) for t in read.topics] == [
            ("/topic0", "std_msgs/msg/String", 3),
            ("/topic1", "std_msgs/msg/String", 2),
        ]
        assert (read.storage, read.message_count) == (storage, 5)
        assert (read.start % 10, read.end % 10) == (0, 4)


def test_compression_makes_the_bag_smaller(tmp_path: Path) -> None:
    sizes = {}
    for storage in ("mcap", "sqlite3"):
        for compress in (False, True):
            path = tmp_path / f"{storage}{compress}"
            with BagWriter(path, storage, compress=compress) as bag:
                bag.write_raw("/t", "std_msgs/msg/String", 1, bytes(1_000_000))
            sizes[storage, compress] = sum(f.stat().st_size for f in path.iterdir())
    for storage in ("mcap", "sqlite3"):
        assert sizes[storage, True] * 20 < sizes[storage, False]


def test_rclpy_reads_a_written_image_as_its_own(tmp_path: Path) -> None:
    sensor = pytest.importorskip("sensor_msgs.msg", reason="no ROS messages")
    rng = np.random.default_rng(1)
    for name, fields in {
        "colour": image_fields(rng.integers(0, 256, (7, 5, 3), np.uint8)),
        "depth": depth_fields(rng.random((7, 5), np.float32)),
    }.items():
        with BagWriter(tmp_path / name) as bag:
            bag.write("/image", IMAGE, 5, header=HEADER, **fields)
        msg = sensor.Image()
        msg.header.stamp.sec, msg.header.stamp.nanosec = 7, 8
        msg.header.frame_id = HEADER["frame_id"]
        for field, value in fields.items():
            setattr(msg, field, value)

        assert_same_for_rclpy(written(tmp_path / name), msg)


def test_rclpy_reads_a_written_camera_info_as_its_own(tmp_path: Path) -> None:
    sensor = pytest.importorskip("sensor_msgs.msg", reason="no ROS messages")
    fields: dict[str, Any] = {
        "height": 480,
        "width": 640,
        "distortion_model": "plumb_bob",
        "d": [0.1, 0.2, 0.3, 0.4, 0.5],
        "k": [float(n) for n in range(9)],
        "p": [float(n) for n in range(12)],
        "binning_x": 2,
    }
    roi = {"x_offset": 3, "width": 100, "height": 90, "do_rectify": True}
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/info", INFO, 5, header=HEADER, roi=roi, **fields)
    msg = sensor.CameraInfo()
    msg.header.stamp.sec, msg.header.stamp.nanosec = 7, 8
    msg.header.frame_id = HEADER["frame_id"]
    for field, value in fields.items():
        setattr(msg, field, value)
    for field, value in roi.items():
        setattr(msg.roi, field, value)

    assert_same_for_rclpy(written(tmp_path / "bag"), msg)


def test_messages_of_rclpy_are_written_as_they_are(tmp_path: Path) -> None:
    sensor = pytest.importorskip("sensor_msgs.msg", reason="no ROS messages")
    msg = sensor.Image(height=1, width=2, encoding="mono8", step=2)
    msg.data = b"\x05\x06"
    with BagWriter(tmp_path / "bag") as bag:
        bag.write_raw("/image", IMAGE, 5, rclpy_cdr(msg))

    with BagReader(tmp_path / "bag") as read:
        ((_, decoded),) = read.messages()
    assert (decoded.encoding, decoded.width, decoded.data.tolist()) == ("mono8", 2, [5, 6])


def test_the_metadata_tells_players_what_to_offer(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.add_topic("/info", INFO, latched=True)
        bag.write("/info", INFO, 5)
        bag.write("/image", IMAGE, 6)
        bag.write_raw("/string", "std_msgs/msg/String", 7, bytes(8), latched=True)

    with BagReader(tmp_path / "bag") as read:
        assert [(t.name, t.latched) for t in read.topics] == [
            ("/image", False),
            ("/info", True),
            ("/string", True),
        ]
    with Reader(tmp_path / "bag") as raw:
        profiles = {c.topic: c.ext.offered_qos_profiles[0] for c in raw.connections}  # type: ignore[union-attr]
    assert {p.reliability for p in profiles.values()} == {QosReliability.RELIABLE}
    assert profiles["/image"].durability == QosDurability.VOLATILE
    assert (profiles["/info"].durability, profiles["/info"].depth) == (
        QosDurability.TRANSIENT_LOCAL,
        1,
    )
    text = (tmp_path / "bag" / "metadata.yaml").read_text()
    # Humble wants the profiles as text (a list came with version 9) and reads this version.
    assert "version: 8\n" in text
    assert 'offered_qos_profiles: "- ' in text
    assert "relative_file_paths:\n  - bag.mcap\n" in text
    assert "message_count: 3\n" in text


def test_an_empty_bag_can_be_written_and_read(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.add_topic("/image", IMAGE)

    with BagReader(tmp_path / "bag") as read:
        assert (read.message_count, read.start, read.end) == (0, 0, 0)
        assert [(t.name, t.count) for t in read.topics] == [("/image", 0)]
        assert list(read.raw()) == []


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_nothing_is_left_after_an_error(tmp_path: Path, storage: Any) -> None:
    def fail_half_way() -> None:
        with BagWriter(tmp_path / "bag", storage) as bag:
            bag.write("/image", IMAGE, 6)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()

    assert list(tmp_path.iterdir()) == []


def test_a_bag_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/image", IMAGE, 6)
        assert not (tmp_path / "bag").exists()
    assert sorted(f.name for f in (tmp_path / "bag").iterdir()) == ["bag.mcap", "metadata.yaml"]


def test_a_bag_that_cannot_be_completed_is_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        reason = "database or disk is full"
        raise sqlite3.OperationalError(reason)

    bag = BagWriter(tmp_path / "bag", "sqlite3")
    bag.__enter__()
    bag.write("/image", IMAGE, 6)
    monkeypatch.setattr("rosbags.rosbag2.storage_sqlite3.Sqlite3Writer.close", full)
    with pytest.raises(OutputError, match=r"cannot complete .*bag: database or disk is full"):
        bag.__exit__(None, None, None)

    assert list(tmp_path.iterdir()) == []


def test_a_bag_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "precious").touch()
    with pytest.raises(OutputError, match="exists already"), BagWriter(tmp_path / "bag"):
        pass
    assert (tmp_path / "bag" / "precious").exists()


def test_an_unwritable_place_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose a writable place"):
        BagWriter(tmp_path / "file" / "bag").__enter__()


def test_writing_outside_the_block_is_refused(tmp_path: Path) -> None:
    bag = BagWriter(tmp_path / "bag")
    with pytest.raises(BagError, match="not open for writing"):
        bag.write("/image", IMAGE, 6)
    with bag:
        bag.write("/image", IMAGE, 6)
    with pytest.raises(BagError, match="not open for writing"):
        bag.write("/image", IMAGE, 6)


@pytest.mark.parametrize(
    ("message_type", "fields", "words"),
    [
        ("sensor_msgs/Image", {}, "'sensor_msgs/Image' is not known"),
        (IMAGE, {"colour": 5}, "has no field 'colour'; it has header, height, width"),
        (
            IMAGE,
            {"header": {"stamp": {"secs": 5}}},
            "Time has no field 'secs'; it has sec, nanosec",
        ),
        (IMAGE, {"height": -1}, "do not fit sensor_msgs/msg/Image"),
        (IMAGE, {"encoding": 5}, "do not fit sensor_msgs/msg/Image"),
        (INFO, {"k": [1.0, 2.0]}, "do not fit sensor_msgs/msg/CameraInfo"),
    ],
)
def test_fields_that_do_not_fit_are_named(
    tmp_path: Path, message_type: str, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(BagError, match=words), BagWriter(tmp_path / "bag") as bag:
        bag.write("/topic", message_type, 1, **fields)


def test_a_topic_keeps_its_type(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/image", IMAGE, 1)
        with pytest.raises(BagError, match="takes sensor_msgs/msg/Image; a sensor_msgs/msg/Camera"):
            bag.write("/image", INFO, 2)


def test_a_topic_is_announced_once(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/image", IMAGE, 1)
        with pytest.raises(BagError, match="/image is in the bag already"):
            bag.add_topic("/image", IMAGE)


def test_nested_messages_and_arrays_are_filled(tmp_path: Path) -> None:
    status = {"name": "depth", "values": [{"key": "a", "value": "1"}, {"key": "b"}]}
    with BagWriter(tmp_path / "bag") as bag:
        bag.write("/d", "diagnostic_msgs/msg/DiagnosticArray", 1, status=[status])
        bag.write("/c", "geometry_msgs/msg/PoseWithCovariance", 2)
        bag.write("/n", "sensor_msgs/msg/JointState", 3, name=["x", "y"], position=[1, 2.5])

    with BagReader(tmp_path / "bag") as read:
        diagnostics, pose, joints = (msg for _, msg in read.messages())
    assert [(v.key, v.value) for v in diagnostics.status[0].values] == [("a", "1"), ("b", "")]
    assert pose.covariance.tolist() == [0.0] * 36
    assert joints.name == ["x", "y"]
    assert joints.position.tolist() == [1.0, 2.5]


def test_an_unknown_storage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no bag storage 'zip'; expected mcap or sqlite3"):
        BagWriter(tmp_path / "bag", "zip")  # type: ignore[arg-type]
