"""Read what data sets keep in MATLAB 5 files: lists of numbers and lists of names.

The format is described in MathWorks' "MAT-File Format"; files of MATLAB 7.3 are HDF5 instead.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import SourceError

_HEADER = 128
_MATRIX = 14
_COMPRESSED = 15
# Types that data are stored in, by number; MATLAB stores numbers as narrowly as their values allow.
_STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_TEXT = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL = 1
_CHAR = 4
_NUMERIC = range(6, 16)


class _Element(NamedTuple):
    kind: int
    data: bytes


def read_mat5(path: Path, *names: str) -> dict[str, list[Any]]:
    """Return variables of a file, each flattened in MATLAB's order (down the columns).

    Args:
        path: a MAT file of level 5 (MATLAB 5 to 7.2), compressed or not.
        names: of the variables: arrays of real numbers, or cell arrays of those and of strings.

    Returns:
        By name, a list of numbers or of strings (of lists of numbers, for cells of numbers).

    Raises:
        SourceError: the file cannot be read, is none of this format, is cut short, or has no such
            variable.

    """
    try:
        data = path.read_bytes()
    except OSError as err:
        text = f"{path} cannot be read: {err.strerror or err}"
        raise SourceError(text) from err
    orders: dict[bytes, Literal["<", ">"]] = {b"IM": "<", b"MI": ">"}
    order = orders.get(data[126:128])
    if order is None or not data.startswith(b"MATLAB 5.0"):
        text = f"{path} is no MATLAB 5 file; expected one that starts with `MATLAB 5.0 MAT-file`"
        raise SourceError(text)
    reader = _Reader(order)
    try:
        found = dict(reader.variables(data[_HEADER:], names))
    except (ValueError, struct.error, zlib.error, LookupError) as err:
        text = f"{path} is damaged, cut short or holds what is not read here ({err})"
        raise SourceError(text) from err
    missing = [name for name in names if name not in found]
    if missing:
        text = f"{path} has no variable {', '.join(missing)}"
        raise SourceError(text)
    return found


class _Reader:
    """Takes elements apart; `order` is struct's sign of the byte order."""

    def __init__(self, order: Literal["<", ">"]) -> None:
        self._order = order

    def variables(self, data: bytes, names: tuple[str, ...]) -> Iterator[tuple[str, list[Any]]]:
        """Yield the variables that are asked for."""
        for element in self._elements(data):
            content = element
            if element.kind == _COMPRESSED:
                (content,) = self._elements(zlib.decompress(element.data))
            if content.kind != _MATRIX:
                continue
            name, parts = self._head(content.data)
            if name in names:
                yield name, self._values(parts)

    def _elements(self, data: bytes) -> Iterator[_Element]:
        place = 0
        while place < len(data):
            kind, size = struct.unpack_from(f"{self._order}II", data, place)
            if kind >> 16:  # small: the size shares a word with the kind, four bytes of data follow
                kind, size, start, step = kind & 0xFFFF, kind >> 16, place + 4, 8
            else:
                start = place + 8
                # All but compressed elements fill up to eight bytes.
                step = 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)
            if start + size > len(data):
                msg = f"an element of {size} bytes, of which {len(data) - start} are there"
                raise ValueError(msg)
            yield _Element(kind, data[start : start + size])
            place += step

    def _head(self, data: bytes) -> tuple[str, list[_Element]]:
        """Return a matrix' name and its elements."""
        parts = list(self._elements(data))
        return parts[2].data.decode("latin-1") if len(parts) > 2 else "", parts

    def _values(self, parts: list[_Element]) -> list[Any]:
        (flags,) = struct.unpack_from(f"{self._order}I", parts[0].data)
        kind, is_complex = flags & 0xFF, bool(flags & 0x800)
        content = parts[3:]
        if kind == _CELL:
            return [self._cell(element) for element in content]
        if kind in _NUMERIC and not is_complex:
            values: list[Any] = self._numbers(content[0]).tolist()
            return values
        msg = f"a variable of class {kind}{', complex' if is_complex else ''}"
        raise ValueError(msg)

    def _cell(self, element: _Element) -> Any:
        _, parts = self._head(element.data)
        (flags,) = struct.unpack_from(f"{self._order}I", parts[0].data)
        if flags & 0xFF != _CHAR:
            return self._values(parts)
        if len(parts) < 4:
            return ""
        ending = {"<": "-le", ">": "-be"}[self._order]
        codec = _TEXT[parts[3].kind]
        return parts[3].data.decode(codec + ending if codec in {"utf-16", "utf-32"} else codec)

    def _numbers(self, element: _Element) -> NDArray[Any]:
        dtype = np.dtype(_STORED[element.kind]).newbyteorder(self._order)
        return np.frombuffer(element.data, dtype)
