"""Serialised messages: read as rclpy wrote them, made as rclpy would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fastdepth_ros.cdr import (
    CompressedView,
    DamagedView,
    ImageView,
    Mould,
    Stamp,
    read_compressed,
    read_image,
    split_stamp,
)

UINT32 = st.integers(0, 2**32 - 1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
HEADERS = st.builds(
    Header,
    stamp=st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=UINT32),
    frame_id=TEXT,
)
IMAGES = st.builds(
    Image,
    header=HEADERS,
    height=UINT32,
    width=UINT32,
    encoding=TEXT,
    is_bigendian=st.integers(0, 255),
    step=UINT32,
    data=st.binary(max_size=40),
)


@settings(max_examples=200, deadline=None)
@given(IMAGES)
def test_an_image_is_read_as_it_was_written(message: Image) -> None:
    view = read_image(serialize_message(message))
    assert isinstance(view, ImageView)
    stamp = message.header.stamp
    assert view.header == ((stamp.sec, stamp.nanosec), message.header.frame_id)
    assert (view.height, view.width, view.step) == (message.height, message.width, message.step)
    assert (view.encoding, view.is_bigendian) == (message.encoding, message.is_bigendian)
    assert bytes(view.data) == bytes(message.data)


@settings(max_examples=100, deadline=None)
@given(st.builds(CompressedImage, header=HEADERS, format=TEXT, data=st.binary(max_size=40)))
def test_a_compressed_image_is_read_as_it_was_written(message: CompressedImage) -> None:
    view = read_compressed(serialize_message(message))
    assert isinstance(view, CompressedView)
    assert view.header.frame_id == message.header.frame_id
    assert (view.format, bytes(view.data)) == (message.format, bytes(message.data))


@settings(max_examples=300, deadline=None)
@given(IMAGES, st.data())
def test_whatever_is_cut_off_is_missed(message: Image, data: st.DataObject) -> None:
    cdr = serialize_message(message)
    length = data.draw(st.integers(0, len(cdr) - 1))
    for read in (read_image, read_compressed):
        view: Any = read(cdr[:length])
        if isinstance(view, DamagedView):
            assert view.reason
        else:  # shorter fields than were there: only of bytes that are there
            assert len(view.data) <= length
    assert isinstance(read_image(cdr[:length]), DamagedView)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for prefix in (b"", b"\0\1\0\0", b"\0\0\0\0"):
        for view in (read_image(prefix + junk), read_compressed(prefix + junk)):
            assert isinstance(view, DamagedView) or len(view.data) <= len(junk)
        split_stamp(prefix + junk)


def test_the_other_byte_order_is_read() -> None:
    def uint(value: int) -> bytes:
        return value.to_bytes(4, "big")

    cdr = b"\0\0\0\0" + uint(7) + uint(9)  # stamp
    cdr += uint(1) + b"\0" + b"\xab\xab\xab"  # an empty text: its final zero, then padding
    cdr += uint(3) + uint(0x01020304)
    cdr += uint(2) + b"x\0" + b"\1" + b"\xab"  # encoding, is_bigendian, padding
    cdr += uint(5) + uint(4) + b"\1\2\3\4"
    view = read_image(cdr)
    assert isinstance(view, ImageView)
    assert view.header == ((7, 9), "")
    assert (view.height, view.width, view.step) == (3, 0x01020304, 5)
    assert (view.encoding, view.is_bigendian, bytes(view.data)) == ("x", 1, b"\1\2\3\4")


@settings(max_examples=100, deadline=None)
@given(IMAGES)
def test_a_mould_casts_what_rclpy_would_have_written(message: Image) -> None:
    header = Header(frame_id=message.header.frame_id)
    empty = Image(
        header=header,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        is_bigendian=message.is_bigendian,
        step=message.step,
    )
    mould = Mould(serialize_message(empty), has_data=True)
    stamp = Stamp(message.header.stamp.sec, message.header.stamp.nanosec)
    made = mould.cast(stamp, bytes(message.data))
    assert len(made) == len(serialize_message(message))  # padding may be anything
    assert deserialize_message(made, Image) == message


def test_a_mould_without_data_changes_the_stamp_alone() -> None:
    info = CameraInfo(header=Header(frame_id="cam"), height=4, d=[1.0, 2.0])
    made = Mould(serialize_message(info), has_data=False).cast(Stamp(5, 6))
    back = deserialize_message(made, CameraInfo)
    assert (back.header.stamp.sec, back.header.stamp.nanosec) == (5, 6)
    back.header.stamp = Time()
    assert back == info


def test_no_mould_is_taken_of_what_does_not_end_in_empty_data() -> None:
    full = Image(data=b"\1")
    with pytest.raises(ValueError, match="no mould"):
        Mould(serialize_message(full), has_data=True)
    with pytest.raises(ValueError, match="no mould"):
        Mould(b"\0\0\0\0" + bytes(40), has_data=True)  # big endian


def test_two_messages_of_one_camera_differ_in_their_stamps_alone() -> None:
    def info(sec: int, fx: float) -> bytes:
        header = Header(stamp=Time(sec=sec, nanosec=3), frame_id="cam")
        return serialize_message(CameraInfo(header=header, k=[fx, *[0.0] * 8]))

    first, second, other = (split_stamp(info(*v)) for v in ((1, 5.0), (2, 5.0), (2, 6.0)))
    assert first is not None
    assert second is not None
    assert other is not None
    assert (first[0], second[0]) == (1_000_000_003, 2_000_000_003)
    assert first[1] == second[1] != other[1]
