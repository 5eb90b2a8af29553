from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from fastdepth.bags import BagReader, BagWriter
from fastdepth.errors import BagError
from fastdepth.messages import decode_image, image_fields, stamp_ns
from test.fastdepth import ros_messages

IMAGE = "sensor_msgs/msg/Image"
INFO = "sensor_msgs/msg/CameraInfo"
PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def write_bag(path: Path, storage: Any = "mcap", count: int = 3) -> None:
    with BagWriter(path, storage) as bag:
        for n in range(count):
            stamp = {"sec": n, "nanosec": 7}
            fields = image_fields(PIXELS + np.uint8(n))
            bag.write("/image", IMAGE, 100 + n, header={"stamp": stamp}, **fields)


def assert_the_bag(path: Path, storage: str) -> None:
    with BagReader(path) as bag:
        assert bag.storage == storage
        messages = [msg for _, msg in bag.messages()]
    assert [stamp_ns(m.header) for m in messages] == [7, 1_000_000_007, 2_000_000_007]
    np.testing.assert_array_equal(decode_image(messages[2]).array, PIXELS + 2)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_single_storage_file_is_a_bag(tmp_path: Path, storage: Any) -> None:
    write_bag(tmp_path / "bag", storage)
    (file,) = (f for f in (tmp_path / "bag").iterdir() if f.name != "metadata.yaml")
    alone = shutil.copy(file, tmp_path / f"alone{file.suffix}")

    assert_the_bag(tmp_path / "bag", storage)
    assert_the_bag(Path(alone), storage)


def test_an_interrupted_recording_without_metadata_is_read(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", "sqlite3")
    (tmp_path / "bag" / "metadata.yaml").unlink()

    assert_the_bag(tmp_path / "bag", "sqlite3")


@pytest.mark.parametrize("mode", ["FILE", "MESSAGE"])
@pytest.mark.parametrize("plugin", ["MCAP", "SQLITE3"])
def test_compressed_bags_of_rosbag2_are_read(tmp_path: Path, mode: str, plugin: str) -> None:
    write_bag(tmp_path / "plain")
    store = get_typestore(Stores.ROS2_JAZZY)
    writer = Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin[plugin])
    writer.set_compression(CompressionMode[mode], CompressionFormat.ZSTD)
    with writer, BagReader(tmp_path / "plain") as plain:
        connection = writer.add_connection("/image", IMAGE, typestore=store)
        for raw in plain.raw():
            writer.write(connection, raw.time, raw.cdr)

    assert_the_bag(tmp_path / "bag", plugin.lower())
    with BagReader(tmp_path / "bag") as bag:
        assert bag.compression == f"zstd, by {mode.lower()}"


def ros1_image(n: int) -> Any:
    message = ros_messages.image("ros1", **image_fields(PIXELS + np.uint8(n)))
    message.header = ros_messages.header("ros1", n * 1_000_000_000 + 7, "optical")
    message.header.seq = 77
    return message


def write_ros1(path: Path) -> None:
    store = ros_messages.typestore("ros1")
    with Ros1Writer(path) as writer:
        image = writer.add_connection("/image", IMAGE, typestore=store)
        info = writer.add_connection("/info", INFO, typestore=store, latching=1)
        for n in range(3):
            writer.write(image, 100 + n, store.serialize_ros1(ros1_image(n), IMAGE))
        camera = ros_messages.camera_info("ros1", k=[1.0] * 9, roi=(1, 2, 3, 4))
        writer.write(info, 200, store.serialize_ros1(camera, INFO))


def test_a_ros1_bag_is_read_as_ros2_messages(tmp_path: Path) -> None:
    write_ros1(tmp_path / "old.bag")

    with BagReader(tmp_path / "old.bag") as bag:
        assert (bag.storage, bag.compression, bag.distro) == ("ROS 1", None, None)
        assert [(t.name, t.type, t.count, t.latched) for t in bag.topics] == [
            ("/image", IMAGE, 3, False),
            ("/info", INFO, 1, True),
        ]
        raws = list(bag.raw())
        decoded = [bag.decode(raw) for raw in raws]
    assert stamp_ns(decoded[2].header) == 2_000_000_007
    assert decoded[2].header.frame_id == "optical"
    np.testing.assert_array_equal(decode_image(decoded[2]).array, PIXELS + 2)
    assert (decoded[3].K[0], decoded[3].roi.height) == (1.0, 4)
    # What comes out serialised is what any ROS 2 reads.
    jazzy = get_typestore(Stores.ROS2_JAZZY)
    again: Any = jazzy.deserialize_cdr(raws[2].cdr, IMAGE)
    np.testing.assert_array_equal(decode_image(again).array, PIXELS + 2)
    camera: Any = jazzy.deserialize_cdr(raws[3].cdr, INFO)
    assert (camera.k[0], camera.roi.height) == (1.0, 4)


def test_types_only_the_bag_defines_are_decoded(tmp_path: Path) -> None:
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("int32 number\nstring word\n", "mine/msg/Own"))
    own = store.types["mine/msg/Own"]
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/own", "mine/msg/Own", typestore=store)
        writer.write(connection, 5, store.serialize_cdr(own(number=-3, word="x"), "mine/msg/Own"))

    with BagReader(tmp_path / "bag") as bag:
        ((raw, msg),) = bag.messages(["/own"])
    assert (raw.type, msg.number, msg.word) == ("mine/msg/Own", -3, "x")


def test_a_definition_nobody_can_read_hurts_only_its_own_topic(tmp_path: Path) -> None:
    store = get_typestore(Stores.ROS2_HUMBLE)
    fields = image_fields(PIXELS)
    image = ros_messages.image("rosbags", **fields)
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        good = writer.add_connection("/image", IMAGE, typestore=store)
        bad = writer.add_connection("/odd", "odd/msg/Odd", msgdef="]]] ###", rihs01="RIHS01_0")
        writer.write(good, 5, store.serialize_cdr(image, IMAGE))
        writer.write(bad, 6, bytes(8))

    with BagReader(tmp_path / "bag") as bag:
        ((_, msg),) = bag.messages(["/image"])
        np.testing.assert_array_equal(decode_image(msg).array, PIXELS)
        (odd,) = bag.raw(["/odd"])
        with pytest.raises(BagError, match="odd/msg/Odd cannot be read: the bag's definition"):
            bag.decode(odd)


def test_a_topic_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag")
    words = r"has no topic /imgae; it has /image \(sensor_msgs/msg/Image, 3\)"
    with BagReader(tmp_path / "bag") as bag, pytest.raises(BagError, match=words):
        bag.raw(["/imgae"])


def test_a_damaged_message_is_named(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.write_raw("/image", IMAGE, 100, b"\0\1\0\0\5\0\0\0")
        writer.write_raw("/image", IMAGE, 101, b"")
    with BagReader(tmp_path / "bag") as bag:
        for raw in bag.raw():
            with pytest.raises(BagError, match=rf"damaged message on /image at {raw.time} ns"):
                bag.decode(raw)


def test_bags_that_are_none_are_told_apart(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    two = tmp_path / "two"
    two.mkdir()
    for name in ("a.mcap", "b.mcap"):
        shutil.copy(tmp_path / "bag" / "bag.mcap", two / name)
    for path, words in {
        "gone": "does not exist",
        "empty": "holds no bag; expected metadata.yaml",
        "notes.txt": "is no bag; expected a rosbag2 folder or a file that ends in .mcap, .db3",
        "two": "has 2 storage files and no metadata.yaml.*ros2 bag reindex",
    }.items():
        with pytest.raises(BagError, match=words):
            BagReader(tmp_path / path)


@pytest.mark.parametrize("name", ["x.mcap", "x.db3", "x.bag"])
@pytest.mark.parametrize("data", [b"", b"no bag at all, only text\n" * 40])
def test_a_file_that_is_no_bag_is_a_bag_error(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BagError, match=rf"{name} cannot be opened"):
        BagReader(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rosbag2_bagfile_information: 3",
        ": : :",
        "rosbag2_bagfile_information:\n  version: 99\n",
        "rosbag2_bagfile_information:\n  version: 8\n",
    ],
)
def test_bad_metadata_is_a_bag_error(tmp_path: Path, text: str) -> None:
    write_bag(tmp_path / "bag")
    (tmp_path / "bag" / "metadata.yaml").write_text(text)
    with pytest.raises(BagError, match="cannot be opened"):
        BagReader(tmp_path / "bag")


def test_an_unknown_storage_is_a_bag_error(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag")
    metadata = tmp_path / "bag" / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("identifier: mcap", "identifier: rocks"))
    with pytest.raises(BagError, match="rocks"):
        BagReader(tmp_path / "bag")


def read_all(path: Path) -> int:
    with BagReader(path) as bag:
        return sum(1 for _ in bag.messages())


@pytest.mark.parametrize("kind", ["mcap", "sqlite3", "ros1"])
def test_a_damaged_file_is_a_bag_error_or_read(tmp_path: Path, kind: Any) -> None:
    """Cut and overwrite a bag at random places: a named error or messages, nothing else."""
    if kind == "ros1":
        file = tmp_path / "old.bag"
        write_ros1(file)
    else:
        write_bag(tmp_path / "bag", kind)
        file = next(f for f in (tmp_path / "bag").iterdir() if f.name != "metadata.yaml")
    whole = file.read_bytes()
    rng = random.Random(4)
    errors = 0
    for n in range(60):
        place = rng.randrange(len(whole))
        bad = tmp_path / f"bad{n}{file.suffix}"
        junk = rng.randbytes(20)
        bad.write_bytes(whole[:place] if n % 2 else whole[:place] + junk + whole[place + 20 :])
        try:
            read_all(bad)
        except BagError:
            errors += 1
    assert errors >= 20
