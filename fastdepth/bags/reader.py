"""Read rosbags: rosbag2 folders, single storage files, and ROS 1 bags, all as CDR messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rosbags.interfaces import Connection
from rosbags.rosbag1 import Reader as Ros1Reader
from rosbags.rosbag2 import Reader as Ros2Reader

from fastdepth.bags.contents import Damage, RawMessage, TopicInfo, topics_of
from fastdepth.bags.damage import around_damage
from fastdepth.bags.plain_mcap import PlainMcap
from fastdepth.bags.storage import open_plain, storage_file, storage_of
from fastdepth.bags.types import BagTypes
from fastdepth.errors import BagError

if TYPE_CHECKING:
    from typing_extensions import Self


class BagReader:
    """An open bag; a context manager.

    Iterate one sequence of messages at a time.
    """

    def __init__(self, path: Path | str) -> None:
        """Open a bag.

        Args:
            path: a rosbag2 folder (sqlite3 or mcap, also compressed), a single .mcap or .db3
                file, or a ROS 1 .bag. A folder without metadata.yaml (an interrupted recording)
                is read if it holds one storage file.

        Raises:
            BagError: there is no bag, or it is damaged, cut short or of an unknown kind.

        """
        self.path = Path(path)
        file = storage_file(self.path)
        self._ros1 = file.suffix == ".bag"
        with _told(self.path, "cannot be opened (damaged, or recorded with an interruption?)"):
            self._reader = Ros1Reader(file) if self._ros1 else Ros2Reader(file)
            self._reader.open()
        try:
            with _told(self.path, "cannot be opened (damaged, or recorded with an interruption?)"):
                self._connections = list(self._reader.connections)
                self.topics = topics_of(self._connections)
                self._types = BagTypes(self._connections, self.distro, ros1=self._ros1)
            self._plain = open_plain(file) if self._is_plain() else None
        except BagError:
            self.close()
            raise

    @property
    def storage(self) -> str:
        """How the bag is stored: `mcap`, `sqlite3` or `ROS 1`."""
        return storage_of(self.path)

    @property
    def compression(self) -> str | None:
        """How rosbag2 compressed files or messages (`zstd, by message`), or None.

        Compression inside an mcap file or a ROS 1 bag does not count: it does not show.
        """
        if isinstance(self._reader, Ros1Reader) or not self._reader.compression_mode:
            return None
        return f"{self._reader.compression_format}, by {self._reader.compression_mode}"

    @property
    def distro(self) -> str | None:
        """The ROS distribution that recorded the bag, where it says so."""
        return None if isinstance(self._reader, Ros1Reader) else self._reader.ros_distro

    @property
    def message_count(self) -> int:
        """The number of messages of all topics."""
        return sum(topic.count for topic in self.topics)

    @property
    def start(self) -> int:
        """When the first message was received, nanoseconds; 0 for an empty bag."""
        return self._reader.start_time if self.message_count else 0

    @property
    def end(self) -> int:
        """When the last message was received, nanoseconds; 0 for an empty bag."""
        return self._reader.end_time - 1 if self.message_count else 0

    def topic(self, name: str) -> TopicInfo:
        """Return a topic by its name.

        Raises:
            BagError: there is none of that name; the message lists what there is.

        """
        for topic in self.topics:
            if topic.name == name:
                return topic
        text = f"{self.path} has no topic {name}; {self.listing()}"
        raise BagError(text)

    def listing(self) -> str:
        """Return the topics as text for error messages."""
        if not self.topics:
            return "it has no topics"
        shown = [f"{topic.name} ({topic.type}, {topic.count})" for topic in self.topics]
        return f"it has {', '.join(shown)}"

    def raw(
        self,
        topics: Collection[str] | None = None,
        *,
        start: int | None = None,
        stop: int | None = None,
        heads: bool = False,
        on_damage: Callable[[Damage], None] | None = None,
    ) -> Iterator[RawMessage]:
        """Yield messages in the order they were received.

        Args:
            topics: names; all topics if None.
            start: the first time wanted, nanoseconds.
            stop: the first time not wanted any more, nanoseconds.
            heads: the first plain_mcap.HEAD bytes are enough of messages of more than 4 kB: where
                the storage allows it, the rest is not read.
            on_damage: told of each damaged part, after which reading goes on; damage is an error
                if None.

        Raises:
            BagError: there is no such topic, or the bag is damaged.

        """
        for name in topics or ():
            self.topic(name)
        connections = [c for c in self._connections if topics is None or c.topic in topics]
        if on_damage is None:
            return self._raw(connections, start, stop, heads=heads)
        first = self.start if start is None else start
        last = self.end if stop is None else min(self.end, stop - 1)
        return around_damage(
            lambda following: self._raw(connections, following, stop, heads=heads),
            lambda time: self._is_readable(connections, time, stop),
            start,
            (first, last),
            on_damage,
        )

    def messages(self, topics: Collection[str] | None = None) -> Iterator[tuple[RawMessage, Any]]:
        """Yield messages, serialised and decoded, in the order they were received.

        Args:
            topics: names; all topics if None.

        Raises:
            BagError: there is no such topic, the bag is damaged, or a message cannot be decoded.

        """
        for raw in self.raw(topics):
            yield raw, self.decode(raw)

    def decode(self, raw: RawMessage) -> Any:
        """Return a message of this bag with its fields.

        Raises:
            BagError: the message is damaged, or there is no definition of its type.

        """
        with _told(self.path, f"has a damaged message on {raw.topic} at {raw.time} ns"):
            return self._types.decode(raw.type, raw.cdr)

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()
        if self._plain is not None:
            self._plain.close()

    def _is_plain(self) -> bool:
        """Tell whether messages are stored as they are, and each topic has one type."""
        types = {(connection.topic, connection.msgtype) for connection in self._connections}
        return not self._ros1 and self.compression is None and len(types) == len(self.topics)

    def _raw_plain(
        self,
        plain: PlainMcap,
        connections: list[Connection],
        start: int | None,
        stop: int | None,
        *,
        heads: bool,
    ) -> Iterator[RawMessage]:
        types = {connection.topic: connection.msgtype for connection in connections}
        with _told(self.path, "is damaged or cut short"):
            for topic, time, data in plain.messages(types, start, stop, heads=heads):
                yield RawMessage(topic, types[topic], time, data)

    def _raw(
        self,
        connections: list[Connection],
        start: int | None,
        stop: int | None,
        *,
        heads: bool = False,
    ) -> Iterator[RawMessage]:
        if not connections:
            return
        if self._plain is not None:
            yield from self._raw_plain(self._plain, connections, start, stop, heads=heads)
            return
        with _told(self.path, "cannot be read"):
            messages = iter(self._reader.messages(connections, start, stop))
        with _told(self.path, "is damaged or cut short"):
            for connection, time, data in messages:
                cdr = self._cdr(connection, time, data) if self._ros1 else data
                yield RawMessage(connection.topic, connection.msgtype, time, cdr)

    def _cdr(self, connection: Connection, time: int, data: bytes) -> memoryview:
        with _told(self.path, f"has a damaged message on {connection.topic} at {time} ns"):
            return self._types.ros1_to_cdr(connection.msgtype, data)

    def _is_readable(self, connections: list[Connection], start: int, stop: int | None) -> bool:
        try:
            return next(self._raw(connections, start, stop), None) is not None
        except BagError:
            return False

    def __enter__(self) -> Self:
        """Return the open bag."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bag."""
        self.close()


@contextmanager
def _told(path: Path, what: str) -> Iterator[None]:
    """Turn whatever the bag library raises on bad data into a BagError about this bag."""
    try:
        yield
    except BagError:
        raise
    except Exception as err:
        reason = str(err) or type(err).__name__
        text = f"bag {path} {what}: {reason}"
        raise BagError(text) from err
