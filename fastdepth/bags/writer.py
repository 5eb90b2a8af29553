"""Write rosbag2 folders that every ROS 2 distribution since Humble plays."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from fastdepth.bags.types import build_message, distro_store
from fastdepth.errors import BagError, FastDepthError, OutputError
from fastdepth.files import whole_folder

if TYPE_CHECKING:
    from typing_extensions import Self

Storage = Literal["mcap", "sqlite3"]

# Metadata version 8 keeps the QoS profiles as text, which Humble can read and later ones still do.
_VERSION: Literal[8] = 8
_FOREVER = QosTime(9223372036, 854775807)
_PLUGINS = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
# An mcap file compresses its chunks itself; sqlite3 leaves that to rosbag2.
_COMPRESSION = {"mcap": CompressionMode.STORAGE, "sqlite3": CompressionMode.MESSAGE}


class BagWriter:
    """A bag being written; a context manager.

    The folder appears when the block ends without an error, whole, or not at all.
    """

    def __init__(
        self, path: Path | str, storage: Storage = "mcap", *, compress: bool = False
    ) -> None:
        """Prepare a bag; nothing is written before the block is entered.

        Args:
            path: the folder to make.
            storage: mcap (the default of ROS 2 since Iron) or sqlite3 (of Humble).
            compress: with zstd; an mcap file chunk by chunk, sqlite3 message by message.

        Raises:
            BagError: there is no such storage.

        """
        if storage not in _PLUGINS:
            text = f"there is no bag storage {storage!r}; expected {' or '.join(_PLUGINS)}"
            raise BagError(text)
        self.path = Path(path)
        self.storage = storage
        self.compress = compress
        self._types = distro_store("jazzy")
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._connections: dict[str, Connection] = {}

    def write(self, topic: str, message_type: str, time: int, /, **fields: Any) -> None:
        """Write a message given by its fields.

        Args:
            topic: its name.
            message_type: as `package/msg/Name`.
            time: of receipt, nanoseconds.
            fields: nested dicts, as in `header={"stamp": {"sec": 1, "nanosec": 0}}`; what is not
                named is zero, empty or false.

        Raises:
            BagError: the type is not known or does not have these fields.
            OutputError: it cannot be written.

        """
        message = build_message(self._types, message_type, fields)
        try:
            cdr = self._types.serialize_cdr(message, message_type)
        except Exception as err:
            text = f"the fields do not fit {message_type}: {err}"
            raise BagError(text) from err
        self.write_raw(topic, message_type, time, cdr)

    def write_raw(
        self,
        topic: str,
        message_type: str,
        time: int,
        cdr: bytes | memoryview,
        *,
        latched: bool = False,
    ) -> None:
        """Write a serialised message.

        Args:
            topic: its name.
            message_type: as `package/msg/Name`.
            time: of receipt, nanoseconds.
            cdr: the message in ROS 2's serialisation.
            latched: whether late subscribers get the topic's last message (transient local); the
                topic's first message decides.

        Raises:
            BagError: the type is not known, or the topic has another one.
            OutputError: it cannot be written.

        """
        writer = self._open_writer()
        connection = self._connections.get(topic)
        if connection is None:
            connection = self._connect(topic, message_type, latched)
        if connection.msgtype != message_type:
            text = f"topic {topic} takes {connection.msgtype}; a {message_type} came"
            raise BagError(text)
        try:
            writer.write(connection, time, cdr)
        except Exception as err:
            text = f"cannot write {self.path}: {err}"
            raise OutputError(text) from err

    def add_topic(self, topic: str, message_type: str, *, latched: bool = False) -> None:
        """Announce a topic, so that the bag names it even if no message comes.

        Raises:
            BagError: the type is not known, or the topic is there already.

        """
        if topic in self._connections:
            text = f"topic {topic} is in the bag already"
            raise BagError(text)
        self._connect(topic, message_type, latched)

    def _connect(self, topic: str, message_type: str, latched: bool) -> Connection:
        if message_type not in self._types.fielddefs:
            text = f"message type {message_type!r} is not known"
            raise BagError(text)
        connection = self._open_writer().add_connection(
            topic, message_type, typestore=self._types, offered_qos_profiles=[_profile(latched)]
        )
        self._connections[topic] = connection
        return connection

    def _open_writer(self) -> Writer:
        if self._writer is None:
            text = f"bag {self.path} is not open for writing; use `with BagWriter(...) as bag`"
            raise BagError(text)
        return self._writer

    def __enter__(self) -> Self:
        """Open the bag.

        Raises:
            OutputError: the folder exists already or cannot be written.

        """
        with ExitStack() as stack:
            folder = stack.enter_context(whole_folder(self.path))
            writer = Writer(folder, version=_VERSION, storage_plugin=_PLUGINS[self.storage])
            if self.compress:
                writer.set_compression(_COMPRESSION[self.storage], CompressionFormat.ZSTD)
            self._writer = stack.enter_context(writer)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the bag, or leave nothing of it after an error.

        Raises:
            OutputError: it could not be completed.

        """
        self._writer = None
        self._connections.clear()
        try:
            self._stack.__exit__(kind, error, trace)
        except FastDepthError:
            raise
        except Exception as err:
            text = f"cannot complete {self.path}: {err}"
            raise OutputError(text) from err


def _profile(latched: bool) -> Qos:
    """Return the QoS a bag offers: reliable serves every subscriber (REP 2003)."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=1 if latched else 10,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=_FOREVER,
        lifespan=_FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_FOREVER,
        avoid_ros_namespace_conventions=False,
    )
