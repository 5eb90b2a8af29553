"""Uncompressed mcap files are read without rosbags, and give what it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from rosbags.rosbag2 import Reader

from fastdepth.bags import BagReader, BagWriter
from fastdepth.bags.plain_mcap import HEAD, PlainMcap
from fastdepth.errors import BagError

IMAGE = "sensor_msgs/msg/Image"
TOPICS = ("/a", "/b", "/c")


def write_bag(path: Path, *, compress: bool = False) -> Path:
    """Write messages of three topics, some large, whose times go back over several chunks."""
    rng = np.random.default_rng(4)
    with BagWriter(path, compress=compress) as bag:
        for number in range(60):
            time = 1_000 + 10 * number + int(rng.integers(-60, 60))
            size = int(rng.choice([10, 200_000]))
            data = rng.integers(0, 256, size, np.uint8).tobytes()
            bag.write(TOPICS[number % 3], IMAGE, time, width=number, data=data)
    return path


def read(path: Path, topics: list[str], start: int | None, stop: int | None) -> list[tuple]:
    with BagReader(path) as bag:
        assert bag._plain is not None  # or this would test rosbags against itself
        return [(raw.topic, raw.time, raw.cdr) for raw in bag.raw(topics, start=start, stop=stop)]


@pytest.mark.parametrize("topics", [["/a"], ["/b", "/c"], list(TOPICS)])
@pytest.mark.parametrize(("start", "stop"), [(None, None), (1_200, None), (1_100, 1_400)])
def test_messages_and_their_order_are_those_of_rosbags(
    tmp_path: Path, topics: list[str], start: int | None, stop: int | None
) -> None:
    path = write_bag(tmp_path / "bag")
    with Reader(path) as reader:
        connections = [each for each in reader.connections if each.topic in topics]
        expected = [
            (connection.topic, time, bytes(data))
            for connection, time, data in reader.messages(connections, start, stop)
        ]
    assert len(expected) >= 8
    assert read(path, topics, start, stop) == expected


def test_of_large_messages_the_head_can_be_enough(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag")
    with BagReader(path) as bag:
        whole, heads = list(bag.raw()), list(bag.raw(heads=True))
    assert [raw.time for raw in heads] == [raw.time for raw in whole]
    sizes = {len(raw.cdr) for raw in heads}
    assert HEAD in sizes
    assert max(sizes) < 4096
    for head, raw in zip(heads, whole, strict=True):
        assert raw.cdr.startswith(head.cdr)


def test_a_bag_in_several_files_is_read_file_by_file(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        files += write_bag(tmp_path / name).glob("*.mcap")
    plain = PlainMcap(files)
    times = [message.time for message in plain.messages(TOPICS, None, None, heads=True)]
    plain.close()
    assert times == sorted(times[:60]) * 2


def test_compressed_chunks_are_left_to_rosbags(tmp_path: Path) -> None:
    with BagReader(write_bag(tmp_path / "bag", compress=True)) as bag:
        assert bag._plain is None
        assert len(list(bag.raw(heads=True))) == 60


@pytest.mark.parametrize("what", ["message", "checksum"])
def test_damage_is_found(tmp_path: Path, what: str) -> None:
    writer = pytest.importorskip("mcap.writer", reason="the mcap library is not installed")
    path = tmp_path / "bag.mcap"
    with path.open("wb") as file:
        bag = writer.Writer(
            file, chunk_size=2000, compression=writer.CompressionType.NONE, enable_crcs=True
        )
        bag.start("ros2", "test")
        schema = bag.register_schema("std_msgs/msg/String", "ros2msg", b"string data")
        channel = bag.register_channel("/text", "cdr", schema)
        for number in range(90):
            cdr = bytes((0, 1, 0, 0, 101, 0, 0, 0)) + b"x" * 100 + b"\0"
            bag.add_message(channel, number + 1, cdr, number + 1)
        bag.finish()
    content = bytearray(path.read_bytes())
    texts = [at for at in range(len(content)) if content.startswith(b"x" * 100, at)]
    at = texts[40]
    content[at - 39 if what == "message" else at] ^= 0xFF
    path.write_bytes(content)
    with BagReader(path) as bag:
        assert bag._plain is not None
        damages = []
        read = [raw.time for raw in bag.raw(on_damage=damages.append)]
        assert len(damages) == 1
        assert "checksum" in damages[0].reason
        assert read[:20] == list(range(1, 21))
        with pytest.raises(BagError, match="checksum"):
            list(bag.raw())
