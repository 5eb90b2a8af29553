"""Message types: out of a bag's own definitions, or those of a ROS distribution."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from rosbags.interfaces import Connection, MessageDefinition, MessageDefinitionFormat, Nodetype
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from fastdepth.errors import BagError

_IDL_SECTION = "=" * 80 + "\n"
_HEADER = "std_msgs/msg/Header"
_OLDEST = Stores.ROS2_HUMBLE  # bags without definitions were recorded by Humble or before
_DEFAULTS: dict[str, Any] = {"string": "", "wstring": "", "bool": False}


class BagTypes:
    """Decodes the CDR messages of one bag.

    A type is looked up when the first message of it is decoded, so that a definition nobody can
    read hurts only those who want its messages.
    """

    def __init__(self, connections: list[Connection], distro: str | None, *, ros1: bool) -> None:
        """Prepare for the types of these connections.

        Args:
            connections: of the bag, with definitions where it has them.
            distro: ROS distribution that recorded the bag, if known.
            ros1: whether the definitions are of ROS 1.

        """
        self._definitions: dict[str, MessageDefinition] = {}
        for connection in connections:
            if connection.msgdef.format != MessageDefinitionFormat.NONE:
                self._definitions.setdefault(connection.msgtype, connection.msgdef)
        self._ros1 = ros1
        self._distro = distro
        self._stores: dict[str, Typestore] = {}

    def decode(self, message_type: str, cdr: bytes | memoryview) -> Any:
        """Return a message from its CDR; raise rosbags' errors where it is damaged."""
        return self.store(message_type).deserialize_cdr(memoryview(cdr), message_type)

    def ros1_to_cdr(self, message_type: str, raw: bytes) -> memoryview:
        """Return the CDR of a message in ROS 1's serialisation."""
        return self.store(message_type).ros1_to_cdr(raw, message_type)

    def store(self, message_type: str) -> Typestore:
        """Return a store that knows the type.

        Raises:
            BagError: the bag has no readable definition of it, and neither has the distribution.

        """
        store = self._stores.get(message_type)
        if store is None:
            store = self._stores[message_type] = self._make_store(message_type)
        return store

    @cached_property
    def _known(self) -> Typestore:
        """The types of the distribution; a bag with definitions opens sooner without them."""
        return distro_store(self._distro)

    def _make_store(self, message_type: str) -> Typestore:
        definition = self._definitions.get(message_type)
        if definition is None:
            reason = "the bag has no definition of it"
        else:
            try:
                types = _parse(definition, message_type)
                if self._ros1:
                    # ROS 2's header has no sequence number, and the conversion leaves it out.
                    types[_HEADER] = self._known.fielddefs[_HEADER]
                store = get_typestore(Stores.EMPTY)
                store.register(types)
                store.get_msgdef(message_type)
            except Exception as err:  # noqa: BLE001 - rosbags' parsers raise what they happen on
                reason = f"the bag's definition of it cannot be read ({err})"
            else:
                return store
        if message_type not in self._known.fielddefs:
            text = f"messages of type {message_type} cannot be read: {reason}"
            raise BagError(text)
        return self._known


def distro_store(distro: str | None) -> Typestore:
    """Return the message types of a ROS 2 distribution, of an old one where it is not known."""
    names = {store.name.removeprefix("ROS2_").lower(): store for store in Stores}
    return get_typestore(names.get(distro or "", _OLDEST))


def build_message(store: Typestore, message_type: str, fields: Mapping[str, Any]) -> Any:
    """Make a message from nested dicts; what is not named is zero, empty or false.

    Args:
        store: knows the type.
        message_type: as `package/msg/Name`.
        fields: values by field name; bytes serve for sequences of uint8.

    Raises:
        BagError: the type is not known, or it has no such field.

    """
    if message_type not in store.fielddefs:
        text = (
            f"message type {message_type!r} is not known; expected one like sensor_msgs/msg/Image"
        )
        raise BagError(text)
    described = dict(store.fielddefs[message_type][1])
    unknown = [name for name in fields if name not in described]
    if unknown:
        text = f"{message_type} has no field {unknown[0]!r}; it has {', '.join(described)}"
        raise BagError(text)
    values = {name: _value(store, described[name], fields.get(name)) for name in described}
    return store.types[message_type](**values)


def _value(store: Typestore, description: Any, value: Any) -> Any:
    kind, detail = description
    if kind == Nodetype.NAME:
        return build_message(store, detail, value or {})
    if kind == Nodetype.BASE:
        return _DEFAULTS.get(detail[0], 0) if value is None else value
    (item_kind, item), length = detail
    if value is None:
        value = [None] * length if kind == Nodetype.ARRAY and item_kind == Nodetype.NAME else []
    if item_kind == Nodetype.NAME:
        return [build_message(store, item, each or {}) for each in value]
    if item[0] in {"string", "wstring"}:
        return list(value) or [""] * (length if kind == Nodetype.ARRAY else 0)
    dtype = np.dtype("uint8" if item[0] in {"byte", "char"} else item[0])
    if isinstance(value, bytes | bytearray | memoryview):
        return np.frombuffer(value, dtype) if len(value) else np.empty(0, dtype)
    array = np.asarray(value, dtype)
    return np.zeros(length, dtype) if kind == Nodetype.ARRAY and not array.size else array


def _parse(definition: MessageDefinition, message_type: str) -> Any:
    if definition.format == MessageDefinitionFormat.MSG:
        return get_types_from_msg(definition.data, message_type)
    # rosbag2 joins the IDL files of a type and of those it uses, each under a line `IDL: name`.
    sections = definition.data.split(_IDL_SECTION)
    texts = [part.partition("\n")[2] for part in sections if part.startswith("IDL: ")]
    types: dict[str, Any] = {}
    for text in texts or [definition.data]:
        types.update(get_types_from_idl(text))
    return types
