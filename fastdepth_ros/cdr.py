"""Serialised messages, read in place and made from a mould.

A node that takes a VGA image as a Python message copies its 0.9 MB four times and pays for each
message's fields besides; as bytes they are copied twice, and frames that are never looked at cost
nothing more. The format is CDR: a header of four bytes, then the fields in order, each aligned to
its size counted from the end of that header (DDSI-RTPS 2.5, chapter 10; OMG CDR). Every message
here begins with a std_msgs/Header, so with the stamp.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fastdepth.errors import ImageError

_START = 4
_STAMP_END = _START + 8


class _Numbers(NamedTuple):
    """How numbers are written in one byte order."""

    uint: struct.Struct
    stamp: struct.Struct


_LITTLE = b"\0\1"
_LITTLE_NUMBERS = _Numbers(struct.Struct("<I"), struct.Struct("<iI"))
_NUMBERS = {  # by the first two bytes: plain CDR of either byte order
    _LITTLE: _LITTLE_NUMBERS,
    b"\0\0": _Numbers(struct.Struct(">I"), struct.Struct(">iI")),
}


class Stamp(NamedTuple):
    """The fields of `builtin_interfaces/Time`."""

    sec: int
    nanosec: int


class Header(NamedTuple):
    """The fields of `std_msgs/Header`."""

    stamp: Stamp
    frame_id: str


NO_HEADER = Header(Stamp(0, 0), "")


class ImageView(NamedTuple):
    """The fields of `sensor_msgs/Image`; `data` is a view into the serialised message."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


class CompressedView(NamedTuple):
    """The fields of `sensor_msgs/CompressedImage`; `data` is a view."""

    header: Header
    format: str
    data: memoryview


class DamagedView(NamedTuple):
    """A serialised message that cannot be read.

    Attributes:
        header: as far as it could be read.
        reason: what is wrong.

    """

    header: Header
    reason: str


def read_image(cdr: bytes) -> ImageView | DamagedView:
    """Look at a serialised `sensor_msgs/Image`."""
    reader = _Reader(cdr)
    header = NO_HEADER
    try:
        header = reader.header()
        height, width = reader.uint(), reader.uint()
        encoding = reader.text()
        return ImageView(
            header, height, width, encoding, reader.byte(), reader.uint(), reader.data()
        )
    except ImageError as err:
        return DamagedView(header, str(err))


def read_compressed(cdr: bytes) -> CompressedView | DamagedView:
    """Look at a serialised `sensor_msgs/CompressedImage`."""
    reader = _Reader(cdr)
    header = NO_HEADER
    try:
        header = reader.header()
        return CompressedView(header, reader.text(), reader.data())
    except ImageError as err:
        return DamagedView(header, str(err))


def split_stamp(cdr: bytes) -> tuple[int, bytes] | None:
    """Return the stamp (nanoseconds) of a serialised message, and all else of it.

    Two messages that differ in their stamp alone have the same rest. None if there is no stamp.
    """
    numbers = _NUMBERS.get(cdr[:2])
    if numbers is None or len(cdr) < _STAMP_END:
        return None
    seconds, nanoseconds = numbers.stamp.unpack_from(cdr, _START)
    return seconds * 1_000_000_000 + nanoseconds, cdr[:_START] + cdr[_STAMP_END:]


class Mould:
    """Makes serialised messages that differ in stamp and data alone."""

    def __init__(self, serialised: bytes, *, has_data: bool) -> None:
        """Take the mould of a message.

        Args:
            serialised: the message; with `has_data` one whose last field is an empty sequence of
                bytes.
            has_data: whether data is put there.

        Raises:
            ValueError: the message is not in little-endian CDR or does not end so.

        """
        ends = serialised[-4:] == bytes(4) if has_data else True
        if serialised[:2] != _LITTLE or len(serialised) < _STAMP_END + 4 or not ends:
            msg = "no mould can be taken of this message; expected little-endian CDR with a header"
            raise ValueError(msg)
        self._start = serialised[:_START]
        self._middle = serialised[_STAMP_END:-4] if has_data else serialised[_STAMP_END:]
        self._has_data = has_data

    def cast(self, stamp: Stamp, data: bytes | memoryview = b"") -> bytes:
        """Return a message with this stamp and data (of bytes)."""
        begin = (self._start, _LITTLE_NUMBERS.stamp.pack(*stamp), self._middle)
        if not self._has_data:
            return b"".join(begin)
        return b"".join((*begin, _LITTLE_NUMBERS.uint.pack(len(data)), data))


class _Reader:
    """Reads field after field; raises ImageError where the message ends too soon."""

    __slots__ = ("_at", "_cdr", "_numbers")

    def __init__(self, cdr: bytes) -> None:
        self._cdr = cdr
        self._numbers = _NUMBERS.get(cdr[:2])
        self._at = _START

    def header(self) -> Header:
        return Header(self.stamp(), self.text())

    def stamp(self) -> Stamp:
        if self._numbers is None:
            msg = f"the message begins with {self._cdr[:4]!r}; expected plain CDR"
            raise ImageError(msg)
        return Stamp(*self._numbers.stamp.unpack_from(self._cdr, self._pass(8, 4)))

    def uint(self) -> int:
        assert self._numbers is not None  # noqa: S101 - the stamp was read before
        number: int = self._numbers.uint.unpack_from(self._cdr, self._pass(4, 4))[0]
        return number

    def byte(self) -> int:
        return self._cdr[self._pass(1, 1)]

    def text(self) -> str:
        # Its terminating zero is counted.
        size = self.uint()
        begin = self._pass(size, 1)
        return self._cdr[begin : begin + size].removesuffix(b"\0").decode("utf-8", "replace")

    def data(self) -> memoryview:
        size = self.uint()
        begin = self._pass(size, 1)
        return memoryview(self._cdr)[begin : begin + size]

    def _pass(self, size: int, alignment: int) -> int:
        """Return where a field begins, and go on behind it."""
        begin = self._at + (_START - self._at) % alignment
        end = begin + size
        if end > len(self._cdr):
            msg = (
                f"the serialised message ends after {len(self._cdr)} bytes; expected {size} more "
                f"at {begin}"
            )
            raise ImageError(msg)
        self._at = end
        return begin
