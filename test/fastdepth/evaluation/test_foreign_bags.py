"""Bags that others wrote: the mcap libraries, and rosbags with the definitions of each distro."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from fastdepth.bags import BagWriter
from fastdepth.bags.types import build_message
from fastdepth.evaluation import evaluate_source
from fastdepth.messages import depth_fields, image_fields, intrinsics_fields
from test.fastdepth.evaluation import making
from test.fastdepth.evaluation.making import header, stamp_of

FRAMES = 6
IMAGE, INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"


def messages() -> Iterator[tuple[str, str, int, dict[str, Any]]]:
    """Yield topic, type, time and fields; the truth is a fifth too near."""
    for number in range(FRAMES):
        at = stamp_of(number)
        image, predicted = making.scene(number)
        yield "/cam/image_raw", IMAGE, at, image_fields(image)
        yield "/cam/camera_info", INFO, at, intrinsics_fields(making.CAMERA)
        yield "/cam/depth_registered", IMAGE, at, depth_fields(predicted / np.float32(1.25))


def check(bag: Path, tmp_path: Path, frames: int = FRAMES) -> dict[str, Any]:
    figures = evaluate_source(bag, making.options(tmp_path), None, lambda *_: None, lambda: False)
    assert figures["frames"] == frames
    assert figures["abs_rel"] == pytest.approx(0.25, rel=1e-5)
    assert figures["total"] == FRAMES
    return figures


@pytest.mark.parametrize("storage", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize(
    ("distro", "version"),
    [(Stores.ROS2_HUMBLE, 8), (Stores.ROS2_JAZZY, 9), (Stores.ROS2_LYRICAL, 9)],
)
@pytest.mark.parametrize("compression", [None, CompressionMode.FILE, CompressionMode.MESSAGE])
def test_rosbags_with_the_definitions_of_a_distribution(
    tmp_path: Path, storage: Any, distro: Any, version: Any, compression: Any
) -> None:
    """Metadata of version 9 has the QoS profiles as a list, of version 8 as text."""
    store = get_typestore(distro)
    writer = Writer(tmp_path / "bag", version=version, storage_plugin=storage)
    if compression is not None:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        connections: dict[str, Any] = {}
        for topic, kind, at, fields in messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            message = build_message(store, kind, {"header": header(at), **fields})
            writer.write(connections[topic], at, store.serialize_cdr(message, kind))
    check(tmp_path / "bag", tmp_path)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_bag_that_was_split_into_files(tmp_path: Path, storage: Any, compress: bool) -> None:
    """As `ros2 bag record --max-bag-size` leaves it: one metadata.yaml for all files."""
    parts, half = [tmp_path / "part_0", tmp_path / "part_1"], stamp_of(FRAMES // 2)
    for number, part in enumerate(parts):
        with BagWriter(part, storage, compress=compress) as bag:
            for topic, kind, at, fields in messages():
                if (at >= half) == bool(number):
                    bag.write(topic, kind, at, header=header(at), **fields)
    whole = tmp_path / "bag"
    whole.mkdir()
    key = "rosbag2_bagfile_information"
    told = [yaml.safe_load((part / "metadata.yaml").read_text())[key] for part in parts]
    first, second = told
    for part, each in zip(parts, told, strict=True):
        (name,) = each["relative_file_paths"]
        shutil.copy(part / name, whole / name)
    for name in ("relative_file_paths", "files"):
        first[name] += second[name]
    first["message_count"] += second["message_count"]
    first["duration"]["nanoseconds"] = stamp_of(FRAMES - 1) - stamp_of(0)
    for one, other in zip(
        first["topics_with_message_count"], second["topics_with_message_count"], strict=True
    ):
        one["message_count"] += other["message_count"]
    (whole / "metadata.yaml").write_text(yaml.safe_dump({key: first}))

    figures = check(whole, tmp_path)
    assert not figures["warnings"]


def test_a_ros1_bag(tmp_path: Path) -> None:
    store = get_typestore(Stores.ROS1_NOETIC)
    with Ros1Writer(tmp_path / "old.bag") as writer:
        connections: dict[str, Any] = {}
        for topic, kind, at, fields in messages():
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            names = {"d": "D", "k": "K", "r": "R", "p": "P"}
            old = {names.get(key, key): value for key, value in fields.items()}
            message = build_message(store, kind, {"header": header(at), **old})
            writer.write(connections[topic], at, store.serialize_ros1(message, kind))
    check(tmp_path / "old.bag", tmp_path)


def definition(kind: str) -> str:
    """Return the text that a recorder puts into an mcap file for a type."""
    text: str = get_typestore(Stores.ROS2_JAZZY).generate_msgdef(kind, ros_version=2)[0]
    assert get_types_from_msg(text, kind)
    return text


def write_mcap(path: Path, **options: Any) -> None:
    pytest.importorskip("mcap_ros2", reason="mcap-ros2-support is not installed")
    from mcap_ros2.writer import Writer as Ros2McapWriter  # noqa: PLC0415 - of the test extra

    with path.open("wb") as file:
        writer = Ros2McapWriter(file, **options)
        schemas: dict[str, Any] = {}
        for topic, kind, at, fields in messages():
            if kind not in schemas:
                schemas[kind] = writer.register_msgdef(kind, definition(kind))
            message = {"header": header(at), **fields}
            if kind == IMAGE:
                message["data"] = list(message["data"])
            else:
                empty = {"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False}
                message |= {"binning_x": 0, "binning_y": 0, "roi": empty}
            writer.write_message(topic, schemas[kind], message, at, at)
        writer.finish()


@pytest.mark.parametrize("compression", ["NONE", "ZSTD", "LZ4"])
def test_a_file_of_the_mcap_libraries(tmp_path: Path, compression: str) -> None:
    pytest.importorskip("mcap_ros2", reason="mcap-ros2-support is not installed")
    from mcap.writer import CompressionType  # noqa: PLC0415 - of the test extra

    path = tmp_path / "robot.mcap"
    write_mcap(path, compression=CompressionType[compression], chunk_size=20_000)
    check(path, tmp_path)


def test_a_chunk_that_fails_its_checksum_costs_only_its_own_frames(tmp_path: Path) -> None:
    pytest.importorskip("mcap_ros2", reason="mcap-ros2-support is not installed")
    from mcap.writer import CompressionType  # noqa: PLC0415 - of the test extra

    path = tmp_path / "robot.mcap"
    # About two frames a chunk.
    write_mcap(path, compression=CompressionType.NONE, chunk_size=16_000)
    data = bytearray(path.read_bytes())
    image, _ = making.scene(FRAMES // 2)
    at = data.find(image.tobytes()[:200])
    assert at > 0
    data[at + 50] ^= 0xFF
    path.write_bytes(data)

    options = making.options(tmp_path)
    figures = evaluate_source(path, options, None, lambda *_: None, lambda: False)

    assert 2 <= figures["frames"] < FRAMES
    assert figures["abs_rel"] == pytest.approx(0.25, rel=1e-5)
    assert figures["skipped"]["image missing from a damaged bag"] >= 1
    assert figures["frames"] + sum(figures["skipped"].values()) == FRAMES
    assert any("the bag cannot be read from" in warning for warning in figures["warnings"])
