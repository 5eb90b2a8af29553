"""Decode encoded pictures (JPEG, PNG and what else OpenCV reads), whole ones only."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_JPEG = b"\xff\xd8"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


def decode_picture(data: bytes, flags: int) -> NDArray[Any] | None:
    """Return a picture as OpenCV decodes it, or None where it is no picture or damaged.

    Old versions of OpenCV fill up what a file that was cut short does not have, with grey or with
    nothing; here such a file is damaged.

    Args:
        data: the file.
        flags: of cv2.imdecode.

    """
    if not _is_whole(data):
        return None
    try:
        decoded: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return decoded


def _is_whole(data: bytes) -> bool:
    if data.startswith(_JPEG):
        # Neither marker can stand inside a scan; a thumbnail has both before the first real scan.
        return data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN)
    if data.startswith(_PNG):
        return data.rfind(_PNG_END) > 0
    return bool(data)
