"""Read rosbags: rosbag2 folders, single storage files, and ROS 1 bags, all as CDR messages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from rosbags.interfaces import Connection, ConnectionExtRosbag1, QosDurability
from rosbags.rosbag1 import Reader as Ros1Reader
from rosbags.rosbag2 import Reader as Ros2Reader

from fastdepth.bags.plain_mcap import PlainMcap
from fastdepth.bags.types import BagTypes
from fastdepth.errors import BagError

if TYPE_CHECKING:
    from typing_extensions import Self

_MILLISECOND = 1_000_000

STORAGES = {".mcap": "mcap", ".db3": "sqlite3", ".bag": "ROS 1"}


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic of a bag.

    Attributes:
        name: of the topic.
        type: of its messages, as `package/msg/Name` (also for ROS 1).
        count: of its messages.
        latched: whether it was offered to late subscribers (transient local, or latched in ROS 1).

    """

    name: str
    type: str
    count: int
    latched: bool = False


class RawMessage(NamedTuple):
    """A serialised message.

    Attributes:
        topic: its name.
        type: as `package/msg/Name`.
        time: when it was received, nanoseconds.
        cdr: the message in ROS 2's serialisation (ROS 1 messages are converted).

    """

    topic: str
    type: str
    time: int
    cdr: bytes | memoryview


class Damage(NamedTuple):
    """A part of a bag that cannot be read.

    Attributes:
        start: time of the last message before it, nanoseconds; the bag's start if there is none.
        end: time of the first message after it; the bag's end if there is none.
        reason: what is wrong there.

    """

    start: int
    end: int
    reason: str


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
        file = _storage_file(self.path)
        self._ros1 = file.suffix == ".bag"
        with _told(self.path, "cannot be opened (damaged, or recorded with an interruption?)"):
            self._reader = Ros1Reader(file) if self._ros1 else Ros2Reader(file)
            self._reader.open()
        try:
            with _told(self.path, "cannot be opened (damaged, or recorded with an interruption?)"):
                self._connections = list(self._reader.connections)
                self.topics = _topics(self._connections)
                self._types = BagTypes(self._connections, self.distro, ros1=self._ros1)
            self._plain = None if self._ros1 else self._open_plain(file)
        except BagError:
            self.close()
            raise

    @property
    def storage(self) -> str:
        """How the bag is stored: `mcap`, `sqlite3` or `ROS 1`."""
        files = [self.path] if self.path.is_file() else sorted(self.path.iterdir())
        kinds = [STORAGES[part] for file in files for part in file.suffixes if part in STORAGES]
        return kinds[0] if kinds else "unknown"

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
        return self._raw_around_damage(connections, start, stop, on_damage, heads=heads)

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

    def _open_plain(self, file: Path) -> PlainMcap | None:
        """Open uncompressed mcap files for reading them quickly; None where that cannot be."""
        types = {(connection.topic, connection.msgtype) for connection in self._connections}
        if self.compression is not None or len(types) != len(self.topics):
            return None
        try:
            files = [file]
            if file.is_dir():
                about = yaml.safe_load((file / "metadata.yaml").read_text("utf-8"))
                names = about["rosbag2_bagfile_information"]["relative_file_paths"]
                files = [file / Path(name).name for name in names]
            if not all(each.suffix == ".mcap" for each in files):
                return None
            return PlainMcap(files)
        except (ValueError, OSError, KeyError, TypeError, yaml.YAMLError):
            return None  # rosbags reads it, or says what is wrong with it

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
        messages = plain.messages(types, start, stop, heads=heads)
        while True:
            with _told(self.path, "is damaged or cut short"):
                found = next(messages, None)
            if found is None:
                return
            yield RawMessage(found.topic, types[found.topic], found.time, found.data)

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
        while True:
            with _told(self.path, "is damaged or cut short"):
                found = next(messages, None)
            if found is None:
                return
            connection, time, data = found
            cdr: bytes | memoryview = data
            if self._ros1:
                with _told(self.path, f"has a damaged message on {connection.topic} at {time} ns"):
                    cdr = self._types.ros1_to_cdr(connection.msgtype, data)
            yield RawMessage(connection.topic, connection.msgtype, time, cdr)

    def _raw_around_damage(
        self,
        connections: list[Connection],
        start: int | None,
        stop: int | None,
        on_damage: Callable[[Damage], None],
        *,
        heads: bool,
    ) -> Iterator[RawMessage]:
        last = self.start if start is None else start
        following: int | None = start
        while True:
            try:
                for raw in self._raw(connections, following, stop, heads=heads):
                    last = raw.time
                    yield raw
                return
            except BagError as err:
                following = self._next_readable(connections, last + 1, stop)
                end = self.end if following is None else following
                on_damage(Damage(last, end, str(err)))
                if following is None:
                    return

    def _next_readable(
        self, connections: list[Connection], start: int, stop: int | None
    ) -> int | None:
        """Return from when on messages can be read again (to a millisecond), or None.

        How a storage is divided does not show, so the time is searched for: first in steps that
        double, then by halves.
        """
        last = self.end if stop is None else min(self.end, stop - 1)
        bad, step = start, _MILLISECOND
        while (good := bad + step) <= last and not self._is_readable(connections, good, stop):
            bad, step = good, 2 * step
        if good > last:
            good = last
            if good <= bad or not self._is_readable(connections, good, stop):
                return None
        while good - bad > _MILLISECOND:
            middle = (bad + good) // 2
            if self._is_readable(connections, middle, stop):
                good = middle
            else:
                bad = middle
        return good

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


def _storage_file(path: Path) -> Path:
    """Return what to open for a bag: a folder with metadata.yaml, or a storage file."""
    kinds = ", ".join(STORAGES)
    if not path.exists():
        text = f"bag {path} does not exist"
        raise BagError(text)
    if path.is_file():
        if path.suffix not in STORAGES:
            text = f"{path} is no bag; expected a rosbag2 folder or a file that ends in {kinds}"
            raise BagError(text)
        return path
    if (path / "metadata.yaml").exists():
        return path
    files = sorted(file for file in path.iterdir() if file.suffix in {".mcap", ".db3"})
    if not files:
        text = f"{path} holds no bag; expected metadata.yaml and a storage file ({kinds})"
        raise BagError(text)
    if len(files) > 1:
        text = (
            f"{path} has {len(files)} storage files and no metadata.yaml; make one with: "
            f"ros2 bag reindex {path}"
        )
        raise BagError(text)
    return files[0]


def _topics(connections: list[Connection]) -> list[TopicInfo]:
    topics: dict[str, TopicInfo] = {}
    for connection in connections:
        before = topics.get(connection.topic, TopicInfo(connection.topic, connection.msgtype, 0))
        topics[connection.topic] = replace(
            before,
            count=before.count + connection.msgcount,
            latched=before.latched or _latched(connection),
        )
    return [topics[name] for name in sorted(topics)]


def _latched(connection: Connection) -> bool:
    if isinstance(connection.ext, ConnectionExtRosbag1):
        return bool(connection.ext.latching)
    profiles = connection.ext.offered_qos_profiles
    return any(profile.durability == QosDurability.TRANSIENT_LOCAL for profile in profiles)


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
