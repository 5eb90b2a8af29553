"""Short animations as animated WebP: small, in full colour, shown by every browser.

OpenCV writes still WebP pictures in all versions but animations only since 4.11, so the still
pictures are put into the animation's container here (WebP Container Specification, "Animation").
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import cv2

from fastdepth.errors import OutputError
from fastdepth.files import whole_file
from fastdepth.frame import U8Array

_ANIMATED = 0x02
_REPLACE_BELOW = 0x02
_WHITE = b"\xff\xff\xff\xff"
_LONGEST_MS = (1 << 24) - 1


def can_write_animation() -> bool:
    """Return whether this build of OpenCV can encode WebP."""
    return bool(cv2.haveImageWriter(".webp"))


def write_animation(
    path: Path, pictures: Iterable[tuple[U8Array, float]], *, quality: int = 80
) -> int:
    """Write an endlessly looping animation, whole or not at all.

    Args:
        path: the file, *.webp.
        pictures: HxWx3 uint8 RGB, all of one size, each with the seconds it is shown.
        quality: of the WebP encoder, 1 to 100.

    Returns:
        The number of pictures written.

    Raises:
        OutputError: this OpenCV cannot encode WebP, or the file cannot be written.
        ValueError: there are no pictures, or they differ in size.

    """
    if not can_write_animation():
        msg = f"cannot write {path}: this build of OpenCV encodes no WebP; use another build"
        raise OutputError(msg)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        return _write(file, pictures, quality)


def _write(file: BinaryIO, pictures: Iterable[tuple[U8Array, float]], quality: int) -> int:
    count = 0
    size: tuple[int, ...] = ()
    file.write(b"RIFF\0\0\0\0WEBP")
    for picture, seconds in pictures:
        if count == 0:
            size = picture.shape
            height, width = size[:2]
            extent = _u24(width - 1) + _u24(height - 1)
            file.write(_chunk(b"VP8X", bytes([_ANIMATED, 0, 0, 0]) + extent))
            file.write(_chunk(b"ANIM", _WHITE + struct.pack("<H", 0)))
        if picture.shape != size:
            msg = f"picture {count} has shape {picture.shape}; expected {size} like the first"
            raise ValueError(msg)
        shown = min(max(1, round(seconds * 1000)), _LONGEST_MS)
        head = bytes(6) + extent + _u24(shown) + bytes([_REPLACE_BELOW])
        file.write(_chunk(b"ANMF", head + _bitstream(picture, quality)))
        count += 1
    if count == 0:
        msg = "an animation needs at least one picture"
        raise ValueError(msg)
    length = file.seek(0, os.SEEK_END)
    file.seek(4)
    file.write(struct.pack("<I", length - 8))
    return count


def _bitstream(picture: U8Array, quality: int) -> bytes:
    """Encode a still picture and return the one chunk that holds its pixels."""
    done, encoded = cv2.imencode(
        ".webp", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, quality]
    )
    still = encoded.tobytes() if done else b""
    at = 12
    while at + 8 <= len(still):
        name = still[at : at + 4]
        (size,) = struct.unpack_from("<I", still, at + 4)
        end = at + 8 + size + size % 2
        if name in {b"VP8 ", b"VP8L"}:
            return still[at:end]
        at = end
    msg = f"OpenCV could not encode a picture of shape {picture.shape} as WebP"
    raise OutputError(msg)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "little")
