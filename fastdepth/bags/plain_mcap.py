"""Reads uncompressed, indexed mcap files message by message, without copying whole chunks.

The layout is that of the mcap specification (mcap.dev/spec): a summary at the end tells where the
chunks are and where in them the messages of each channel.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

HEAD = 64
"""Bytes that are read of a large message where its head is enough."""

_LARGE = 4096

_MAGIC = b"\x89MCAP0\r\n"
_FOOTER = struct.Struct("<BQQQI8s")
_RECORD = struct.Struct("<BQ")
_CHUNK = struct.Struct("<BQQQQI")
_MESSAGE = struct.Struct("<BQHIQQ")
_ENTRY = struct.Struct("<QQ")
_INTO_CHUNK = 49  # bytes from a chunk's record to its messages, where the name of no compression is


class Message(NamedTuple):
    """A message, or its head.

    Attributes:
        topic: its name.
        time: when it was received, nanoseconds.
        data: serialised.

    """

    topic: str
    time: int
    data: bytes


class PlainMcap:
    """The open files of one bag; a context manager."""

    def __init__(self, files: list[Path]) -> None:
        """Open files.

        Raises:
            ValueError: one of them is not as this module wants it; read the bag otherwise.
            OSError: one of them cannot be read.

        """
        self._stack = ExitStack()
        try:
            self._files = [_File(path, self._stack) for path in files]
        except BaseException:
            self.close()
            raise

    def messages(
        self, topics: Collection[str], start: int | None, stop: int | None, *, heads: bool
    ) -> Iterator[Message]:
        """Yield messages, file by file, by the time they were received.

        Args:
            topics: whose.
            start: the first time wanted.
            stop: the first time not wanted any more.
            heads: read the first HEAD bytes alone of large messages.

        Raises:
            ValueError: a file is damaged.
            OSError: it cannot be read.

        """
        for file in self._files:
            # Messages of chunks that overlap in time wait for each other.
            waiting: list[tuple[int, int, int, str]] = []
            for chunk in sorted(file.chunks):
                if not (stop is None or chunk.start < stop):
                    continue
                if not (start is None or chunk.end >= start):
                    continue
                while waiting and waiting[0][0] < chunk.start:
                    yield _read(file, heappop(waiting), heads=heads)
                for time, offset, topic in file.entries(chunk, topics):
                    if (start is None or time >= start) and (stop is None or time < stop):
                        heappush(waiting, (time, chunk.place, offset, topic))
            while waiting:
                yield _read(file, heappop(waiting), heads=heads)

    def close(self) -> None:
        """Close the files."""
        self._stack.close()


class _Chunk(NamedTuple):
    start: int
    end: int
    place: int
    size: int
    indexes: dict[int, int]  # place of the message index by channel


class _File:
    """One file: its channels and chunks."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._file = os.open(path, os.O_RDONLY)
        stack.callback(os.close, self._file)
        self._size = os.fstat(self._file).st_size
        self._topics: dict[int, str] = {}
        self._sound: set[int] = set()  # chunks whose checksum is right
        self.chunks: list[_Chunk] = []
        opcode, _, summary, offsets, _, magic = _FOOTER.unpack(
            self._bytes(self._size - _FOOTER.size, _FOOTER.size)
        )
        if opcode != 2 or magic != _MAGIC or not summary:
            msg = "it has no summary"
            raise ValueError(msg)
        end = offsets or self._size - _FOOTER.size
        self._read_summary(self._bytes(summary, end - summary))
        if not self.chunks:
            msg = "it has no index of chunks"
            raise ValueError(msg)

    def entries(self, chunk: _Chunk, topics: Collection[str]) -> Iterator[tuple[int, int, str]]:
        """Yield time and place of the messages in a chunk, and their topics."""
        for channel, place in chunk.indexes.items():
            topic = self._topics[channel]
            if topic not in topics:
                continue
            opcode, size = _RECORD.unpack(self._bytes(place, _RECORD.size))
            index = self._bytes(place + _RECORD.size, size)
            if opcode != 7 or struct.unpack_from("<HI", index) != (channel, size - 6):
                msg = f"damaged message index at {place}"
                raise ValueError(msg)
            for time, offset in _ENTRY.iter_unpack(index[6:]):
                yield time, offset, topic

    def message(self, chunk: int, offset: int, time: int, *, heads: bool) -> bytes:
        """Return a message of a chunk, or the first HEAD bytes of it."""
        self._check(chunk)
        place = chunk + _INTO_CHUNK + offset
        opcode, size, channel, _, logged, _ = _MESSAGE.unpack(self._bytes(place, _MESSAGE.size))
        if opcode != 5 or logged != time or channel not in self._topics:
            msg = f"there is no message at {place}, where the index says one is"
            raise ValueError(msg)
        size -= _MESSAGE.size - _RECORD.size
        return self._bytes(place + _MESSAGE.size, HEAD if heads and size > _LARGE else size)

    def _check(self, place: int) -> None:
        """Compare a chunk with its checksum, where it has one."""
        if place in self._sound:
            return
        opcode, _, _, _, size, checksum = _CHUNK.unpack(self._bytes(place, _CHUNK.size))
        if opcode != 6:
            msg = f"there is no chunk at {place}, where the index says one is"
            raise ValueError(msg)
        if checksum and crc32(self._bytes(place + _INTO_CHUNK, size)) != checksum:
            msg = f"the chunk at {place} does not match its checksum"
            raise ValueError(msg)
        self._sound.add(place)

    def _bytes(self, place: int, size: int) -> bytes:
        if not 0 <= size <= self._size or place < 0:
            msg = f"impossible size of {size} bytes at {place}"
            raise ValueError(msg)
        data = os.pread(self._file, size, place)
        if len(data) != size:
            msg = f"cut short at {place + len(data)}"
            raise ValueError(msg)
        return data

    def _read_summary(self, summary: bytes) -> None:
        place = 0
        try:
            while place < len(summary):
                opcode, size = _RECORD.unpack_from(summary, place)
                record = summary[place + _RECORD.size : place + _RECORD.size + size]
                place += _RECORD.size + size
                if opcode == 4:
                    (channel,) = struct.unpack_from("<H", record)
                    self._topics[channel] = _text(record, 4)
                elif opcode == 8:
                    self.chunks.append(_chunk(record))
        except (struct.error, UnicodeDecodeError) as err:
            msg = f"damaged summary: {err}"
            raise ValueError(msg) from err
        known = {channel for chunk in self.chunks for channel in chunk.indexes}
        if not known <= self._topics.keys():
            msg = "a channel is missing from its summary"
            raise ValueError(msg)


def _read(file: _File, found: tuple[int, int, int, str], *, heads: bool) -> Message:
    time, chunk, offset, topic = found
    return Message(topic, time, file.message(chunk, offset, time, heads=heads))


def _chunk(record: bytes) -> _Chunk:
    start, end, place, _, indexes = struct.unpack_from("<QQQQI", record)
    at = 36
    entries = dict(struct.iter_unpack("<HQ", record[at : at + indexes]))
    at += indexes + 8
    compression = _text(record, at)
    stored, size = struct.unpack_from("<QQ", record, at + 4 + len(compression))
    if compression or stored != size:
        msg = f"its chunks are compressed ({compression})"
        raise ValueError(msg)
    if not entries and size:
        msg = "a chunk has no index of its messages"
        raise ValueError(msg)
    return _Chunk(start, end, place, size, entries)


def _text(record: bytes, place: int) -> str:
    (size,) = struct.unpack_from("<I", record, place)
    return record[place + 4 : place + 4 + size].decode()
