from __future__ import annotations

import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagWriter
from fastdepth.camera import Intrinsics
from fastdepth.errors import BagError
from fastdepth.frame import FrameSource
from fastdepth.messages import depth_fields, image_fields
from fastdepth.sources import BagSource
from fastdepth.sources import bag as bag_module
from test.fastdepth.sources import making

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"
MS = 1_000_000


def header(stamp: int) -> dict[str, Any]:
    sec, nanosec = divmod(stamp, 1_000_000_000)
    return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": "optical"}


def metres(seed: int) -> np.ndarray:
    values = making.units(seed)
    return np.where(values == 0, np.nan, values / 5000.0).astype(np.float32)


class Recording:
    """Writes image n as rgb(n), depth n as metres(n), at stamps and times in milliseconds."""

    def __init__(self, bag: BagWriter) -> None:
        self.bag = bag
        self.images = 0
        self.depths = 0

    def image(self, stamp: float, time: float | None = None, **fields: Any) -> None:
        self._write(
            "/cam/image_raw", IMAGE, stamp, time, image_fields(making.rgb(self.images)) | fields
        )
        self.images += 1

    def depth(self, stamp: float, time: float | None = None, **fields: Any) -> None:
        self._write("/cam/depth", IMAGE, stamp, time, depth_fields(metres(self.depths)) | fields)
        self.depths += 1

    def info(self, stamp: float, fx: float, time: float | None = None, **fields: Any) -> None:
        values = {"width": 8, "height": 6, "k": [fx, 0, 4, 0, 7.0, 3, 0, 0, 1]} | fields
        self._write("/cam/camera_info", INFO, stamp, time, values)

    def _write(
        self, topic: str, kind: str, stamp: float, time: float | None, fields: dict[str, Any]
    ) -> None:
        at = stamp if time is None else time
        self.bag.write(topic, kind, round(at * MS), header=header(round(stamp * MS)), **fields)


def test_frames_have_pixels_depth_camera_and_stamps(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for n in range(3):
            recording.image(1000 + 33 * n)
            recording.info(1000 + 33 * n, 5.0 + n)
            recording.depth(1000 + 33 * n + 5)

    source = BagSource(tmp_path / "bag")

    assert isinstance(source, FrameSource)
    assert source.name == f"{tmp_path / 'bag'} /cam/image_raw"
    for _ in range(2):  # a source can be read again
        frames = list(source)
        assert len(source) == len(frames) == 3
        for n, frame in enumerate(frames):
            np.testing.assert_array_equal(frame.image, making.rgb(n))
            np.testing.assert_array_equal(frame.depth, metres(n))
            assert frame.intrinsics == Intrinsics(8, 6, 5.0 + n, 7.0, 4.0, 3.0)
            assert frame.stamp == (1000 + 33 * n) * MS
        assert [f.name for f in frames] == [
            "000000_1.000000000",
            "000001_1.033000000",
            "000002_1.066000000",
        ]
        assert source.counts == {"frames": 3}


def test_depth_is_paired_by_header_stamps_whatever_the_order_of_receipt(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", "sqlite3") as bag:
        recording = Recording(bag)
        recording.depth(1005, time=2000)  # 0: long after its image
        recording.image(1000, time=1001)  # 0
        recording.image(1100, time=1101)  # 1: none is near
        recording.depth(1199, time=1102)  # 1: before its image
        recording.image(1200, time=1900)  # 2
        recording.depth(1195, time=1901)  # 2: not as near as depth 1

    source = BagSource(tmp_path / "bag")
    frames = list(source)

    np.testing.assert_array_equal(frames[0].depth, metres(0))
    assert frames[1].depth is None
    np.testing.assert_array_equal(frames[2].depth, metres(1))
    assert source.counts == {"frames": 3, "without_depth": 1, "without_camera_info": 3}
    assert [f.depth is None for f in BagSource(tmp_path / "bag", max_dt=0.004)] == [
        True,
        True,
        False,
    ]
    assert [f.depth is None for f in BagSource(tmp_path / "bag", max_dt=0.0009)] == [True] * 3


def test_the_camera_is_of_the_stamp_else_the_latest_else_the_first(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for stamp in (10, 20, 30, 40):
            recording.image(stamp)
        recording.info(20, 5.0, time=21)
        recording.info(40, 6.0, time=99)

    cameras = [frame.intrinsics for frame in BagSource(tmp_path / "bag")]

    assert [camera.fx for camera in cameras if camera] == [5.0, 5.0, 5.0, 6.0]


def test_an_uncalibrated_camera_counts_from_its_stamp_on(tmp_path: Path) -> None:
    """However late it was received; and the one after it that repeats an earlier one is seen."""
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for stamp in (10, 20, 30, 40):
            recording.image(stamp)
        for stamp, fx in ((10, 5.0), (20, 0.0), (30, 0.0), (40, 5.0)):
            fields = {} if fx else {"k": [0.0] * 9}
            recording.info(stamp, fx, time=1000 + stamp, **fields)

    cameras = [frame.intrinsics for frame in BagSource(tmp_path / "bag")]

    assert [camera and camera.fx for camera in cameras] == [5.0, None, None, 5.0]


def test_cameras_that_do_not_serve_are_counted(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for stamp in (10, 20, 30):
            recording.image(stamp)
        recording.info(10, 0.0, k=[0.0] * 9)
        recording.info(20, 5.0, width=16)
        recording.info(30, 5.0)

    source = BagSource(tmp_path / "bag")

    assert [frame.intrinsics is None for frame in source] == [True, True, False]
    assert source.counts == {
        "frames": 3,
        "camera_uncalibrated": 1,
        "camera_of_another_size": 1,
        "without_depth": 3,
    }


def test_messages_without_stamps_are_paired_by_receipt(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for n in range(3):
            recording.image(0, time=1000 + 100 * n)
            recording.depth(0, time=1004 + 100 * n)

    frames = list(BagSource(tmp_path / "bag"))

    assert [f.stamp for f in frames] == [1000 * MS, 1100 * MS, 1200 * MS]
    for n, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.depth, metres(n))


def test_one_damaged_message_does_not_end_the_bag(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for n in range(4):
            cut: dict[str, Any] = {"data": b"cut"} if n == 1 else {}
            narrow: dict[str, Any] = {"step": 1} if n == 2 else {}
            recording.image(1000 + 100 * n, **cut)
            recording.depth(1000 + 100 * n, **narrow)
        bag.write_raw("/cam/image_raw", IMAGE, 1900 * MS, b"\0\1\0\0\1\0")

    source = BagSource(tmp_path / "bag")
    frames = list(source)

    assert [f.name[:6] for f in frames] == ["000000", "000002", "000003"]
    assert [f.depth is None for f in frames] == [False, True, False]
    np.testing.assert_array_equal(frames[2].image, making.rgb(3))
    assert source.counts["image_unreadable"] == 2
    assert source.counts["depth_unreadable"] == 1
    assert len(source) == 5


def test_a_bag_of_nothing_but_damage_is_an_error(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        Recording(bag).image(1000, data=b"cut")
    with pytest.raises(
        BagError, match=r"no image of /cam/image_raw in .*bag can be decoded: the im"
    ):
        list(BagSource(tmp_path / "bag"))


@pytest.mark.parametrize("topic", ["image", "depth"])
def test_an_unknown_encoding_is_an_error_at_once(tmp_path: Path, topic: str) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        strange: dict[str, Any] = {"encoding": "bayer_rggb8"}
        recording.image(1000, **(strange if topic == "image" else {}))
        recording.depth(1000, **(strange if topic == "depth" else {}))
    source = BagSource(tmp_path / "bag", image="/cam/image_raw", depth="/cam/depth")
    with pytest.raises(BagError, match=r"/cam/(image_raw|depth) in .*bag: encoding '.*expected"):
        list(source)


def test_compressed_topics_are_read(tmp_path: Path) -> None:
    picture, values = making.rgb(3), making.units(4)
    png = bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1])
    packed = struct.pack("<iff", 0, 0, 0) + bytes(cv2.imencode(".png", values)[1])
    with BagWriter(tmp_path / "bag", compress=True) as bag:
        for topic, form, data in (
            ("/cam/image_raw/compressed", "rgb8; png compressed bgr8", png),
            ("/cam/depth/compressedDepth", "16UC1; compressedDepth png", packed),
        ):
            bag.write(topic, COMPRESSED, 5, header=header(5), format=form, data=data)

    (frame,) = BagSource(tmp_path / "bag")

    np.testing.assert_array_equal(frame.image, picture)
    expected = np.where(values == 0, np.nan, values / 1000.0).astype(np.float32)
    np.testing.assert_array_equal(frame.depth, expected)


@pytest.mark.parametrize("late", ["depth", "image"])
def test_what_waits_for_its_partner_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """All of one topic before all of the other: frames go on, and the gaps are counted."""
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for n in range(50):
            recording.image(n * 40 + 40, time=n + (100 if late == "image" else 1))
            recording.depth(n * 40 + 40, time=n + (100 if late == "depth" else 1))
    monkeypatch.setattr(bag_module, "_MOST_WAITING", 2000)
    source = BagSource(tmp_path / "bag")

    frames = list(source)

    assert [f.stamp for f in frames] == [(n * 40 + 40) * MS for n in range(50)]
    for n, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.image, making.rgb(n))
        if frame.depth is not None:
            np.testing.assert_array_equal(frame.depth, metres(n))
    paired = sum(frame.depth is not None for frame in frames)
    assert 4 <= paired <= 12  # what 2000 bytes hold, of images of 200 and depths of 250
    assert source.counts["depth_too_late"] == 50 - paired
    monkeypatch.undo()
    assert all(frame.depth is not None for frame in BagSource(tmp_path / "bag"))


MEASURE = """
import resource, sys
from fastdepth.sources import open_source
frames = paired = 0
for frame in open_source(sys.argv[1]):
    frames += 1
    paired += frame.depth is not None
print(frames, paired, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_bag(tmp_path: Path) -> None:
    image = image_fields(np.zeros((480, 640, 3), np.uint8))
    depth = depth_fields(np.ones((480, 640), np.float32))
    peaks = []
    for count in (5, 150):
        path = tmp_path / str(count)
        with BagWriter(path, compress=True) as bag:
            for n in range(count):
                at = (n + 1) * 33 * MS
                bag.write("/cam/image_raw", IMAGE, at, header=header(at), **image)
                bag.write("/cam/depth", IMAGE, at + MS, header=header(at), **depth)
        out = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
        )
        frames, paired, peak = map(int, out.stdout.split())
        assert frames == paired == count
        peaks.append(peak)
    # 145 frames more are 300 MB of messages.
    assert peaks[1] - peaks[0] < 60


def test_named_topics_are_used(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        recording.image(1000)
        recording.depth(1000)
        bag.write("/right/image", IMAGE, 5, header=header(1000 * MS), **image_fields(making.rgb(9)))

    (frame,) = BagSource(tmp_path / "bag", image="/right/image")

    np.testing.assert_array_equal(frame.image, making.rgb(9))
    np.testing.assert_array_equal(frame.depth, metres(0))


def test_a_bag_cut_short_after_opening_is_an_error(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag", "sqlite3") as bag:
        recording = Recording(bag)
        for n in range(300):
            recording.image(n * 40 + 40)
    source = BagSource(tmp_path / "bag")
    file = tmp_path / "bag" / "bag.db3"
    data = file.read_bytes()
    file.write_bytes(data[:8192] + b"\x55" * (len(data) - 8192))

    with pytest.raises(BagError, match=r"cannot be opened|is damaged or cut short"):
        list(source)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_damage_in_the_middle_costs_only_what_it_hit(tmp_path: Path, storage: Any) -> None:
    """Some bytes in the middle are lost; noise of few bits is packed, so that this shows."""
    noise = np.random.default_rng(0).integers(0, 8, (60, 240, 320, 3), np.uint8)
    with BagWriter(tmp_path / "bag", storage, compress=True) as bag:
        recording = Recording(bag)
        for n in range(60):
            at = (1000 + 40 * n) * MS
            image = image_fields(noise[n])
            bag.write("/cam/image_raw", IMAGE, at, header=header(at), **image)
            recording.depth(1000 + 40 * n)
    (file,) = [*(tmp_path / "bag").glob("*.mcap"), *(tmp_path / "bag").glob("*.db3*")]
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\x55" * 4000
    file.write_bytes(data)

    source = BagSource(tmp_path / "bag")
    for _ in range(2):
        frames = list(source)
        assert len(source) == 60
        assert 20 < len(frames) < 60
        for frame in frames:
            number = round(((frame.stamp or 0) / MS - 1000) / 40)
            np.testing.assert_array_equal(frame.image, noise[number])
            if frame.depth is not None:
                np.testing.assert_array_equal(frame.depth, metres(number))
        assert len(frames) + source.counts["image_lost"] == 60
    # An mcap file without checksums does not always tell that it is damaged.
    assert f"{60 - len(frames)} of the 60 images that the bag should have are missing" in str(
        source.notes
    )
    # Nothing before and after it is missing.
    numbers = [round(((frame.stamp or 0) / MS - 1000) / 40) for frame in frames]
    assert numbers[0] == 0
    assert numbers[-1] == 59
    assert sum(after - before > 1 for before, after in pairwise(numbers)) == 1


def test_stamps_that_go_backwards_are_noted(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        recording = Recording(bag)
        for n, stamp in enumerate((1000, 1100, 500, 600)):
            recording.image(stamp, time=2000 + 100 * n)
            recording.depth(stamp, time=2000 + 100 * n)

    source = BagSource(tmp_path / "bag")
    frames = list(source)

    assert [frame.stamp for frame in frames] == [1000 * MS, 1100 * MS, 500 * MS, 600 * MS]
    for n, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.depth, metres(n))
    assert source.notes == [
        (
            "the stamps of /cam/image_raw go backwards 1 times (a clock that was set, or several "
            "cameras on one topic?)"
        )
    ]
