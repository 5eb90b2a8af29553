"""The data of a compressed depth image, as image_transport's `compressedDepth` plugin has it.

`sensor_msgs/CompressedImage.format` is `<encoding>; compressedDepth png` (`<encoding>;
compressedDepth` or `<encoding>` alone in old recordings); `data` is a header of 12 bytes, little
endian (int32 0 and the float32 A and B) and a PNG of 16 bits:

    16UC1   millimetres as they are; 0 is invalid and A and B have no meaning
    32FC1   q = A / depth + B, inverse depth in steps of 1 / A; 0 is invalid

with A = z (z + 1) and B = 1 - A / depth_max for the plugin's parameters depth_quantization z and
depth_max, so that depth_max itself is q = 1. Source of the format: package
compressed_depth_image_transport, its codec.
"""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import EncodingError, ImageError, SettingError
from fastdepth.frame import F32Array

U16Array = NDArray[np.uint16]

DEPTH_MAX = 10.0
QUANTIZATION = 100.0
PNG_LEVEL = 1

_HEADER = struct.Struct("<iff")
_INVERSE_DEPTH = 0
_PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"


class CompressedDepth(NamedTuple):
    """The fields of a `sensor_msgs/CompressedImage` (all but the header)."""

    format: str
    data: bytes


def encode(
    depth: F32Array,
    *,
    depth_max: float = DEPTH_MAX,
    quantization: float = QUANTIZATION,
    png_level: int = PNG_LEVEL,
) -> CompressedDepth:
    """Compress depth in metres as a `32FC1` image.

    Depth comes back with an inverse depth that is off by 0.5 / A at most (A = 10100 by default: 1
    mm at 4.5 m, 5 mm at 10 m). The code is rounded to the nearest; the plugin cuts it off.

    Args:
        depth: HxW float32 metres, NaN invalid. What is no distance (zero, negative, infinite) and
            what is not nearer than `depth_max` becomes invalid; what is nearer than 16 bits can
            tell becomes the nearest that they can (0.15 m by default).
        depth_max: metres.
        quantization: of inverse depth; more is finer, and moves the nearest depth away.
        png_level: 0 (quick) to 9 (small).

    Raises:
        ImageError: `depth` is not HxW float32.
        SettingError: a setting is impossible.

    """
    _check(depth, np.float32)
    a, b = _parameters(depth_max, quantization)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        code = np.rint(a / depth + b)
        valid = (depth > 0) & (depth < np.float32(depth_max))
    # fmin: whatever is not valid may be NaN here and must not be cast.
    code = np.where(valid, np.fmin(code, np.float32(65535)), np.float32(0))
    return _compressed("32FC1", code.astype(np.uint16), float(a), float(b), png_level)


def encode_millimetres(
    depth: U16Array, *, depth_max: float = DEPTH_MAX, png_level: int = PNG_LEVEL
) -> CompressedDepth:
    """Compress depth in millimetres as a `16UC1` image, without loss up to `depth_max`.

    Args:
        depth: HxW uint16 millimetres, 0 invalid. What is beyond `depth_max` becomes invalid.
        depth_max: metres.
        png_level: 0 (quick) to 9 (small).

    Raises:
        ImageError: `depth` is not HxW uint16.
        SettingError: a setting is impossible.

    """
    _check(depth, np.uint16)
    _parameters(depth_max, QUANTIZATION)
    farthest = min(65535, math.floor(depth_max * 1000 + 1e-6))
    near = np.where(depth <= farthest, depth, np.uint16(0))
    return _compressed("16UC1", near, 0.0, 0.0, png_level)


def decode(form: str, data: Any) -> F32Array | U16Array:
    """Return the depth image in the data of a compressed one.

    Args:
        form: the message's `format`.
        data: the message's `data`, bytes or uint8. A plain PNG, without the header in front, is
            read too where its encoding is of 16 bits.

    Returns:
        HxW float32 metres with NaN where invalid if the encoding is `32FC1`, else HxW uint16
        millimetres with 0 where invalid.

    Raises:
        EncodingError: the data is compressed otherwise (by RVL).
        ImageError: the data is no PNG, is damaged or cut short, or is not of 16 bits.

    """
    if "rvl" in form.lower():
        msg = f"depth format {form!r} cannot be read; expected PNG"
        raise EncodingError(msg)
    is_metres = form.partition(";")[0].strip() == "32FC1"
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    a = b = 0.0
    if view[: len(_PNG_BEGIN)] != _PNG_BEGIN and len(view) > _HEADER.size:
        _, a, b = _HEADER.unpack_from(view)
        view = view[_HEADER.size :]
    code = _decode_png(view)
    if not is_metres:
        return code
    if not (math.isfinite(a) and math.isfinite(b) and a > 0):
        msg = f"the compressed depth has the parameters A={a:g}, B={b:g}; expected A > 0"
        raise ImageError(msg)
    with np.errstate(divide="ignore", over="ignore"):
        depth: F32Array = np.float32(a) / (code.astype(np.float32) - np.float32(b))
    depth[~((code != 0) & (depth > 0) & (depth < np.inf))] = np.nan
    return depth


def _parameters(depth_max: float, quantization: float) -> tuple[np.float32, np.float32]:
    """Return A and B, computed as the plugin does: in float32."""
    for name, value in (("depth_max", depth_max), ("quantization", quantization)):
        if not (math.isfinite(value) and value > 0):
            msg = f"{name} is {value:g}; expected a positive number"
            raise SettingError(msg)
    z = np.float32(quantization)
    a = z * (z + np.float32(1))
    return a, np.float32(1) - a / np.float32(depth_max)


def _compressed(
    encoding: str, code: U16Array, a: float, b: float, png_level: int
) -> CompressedDepth:
    if not 0 <= png_level <= 9:
        msg = f"png_level is {png_level}; expected 0 (quick) to 9 (small)"
        raise SettingError(msg)
    done, png = cv2.imencode(".png", code, [cv2.IMWRITE_PNG_COMPRESSION, png_level])
    if not done:
        msg = f"OpenCV {cv2.__version__} cannot write a PNG of 16 bits"
        raise ImageError(msg)
    header = _HEADER.pack(_INVERSE_DEPTH, a, b)
    return CompressedDepth(f"{encoding}; compressedDepth png", header + png.tobytes())


def _decode_png(view: memoryview) -> U16Array:
    # OpenCV fills in what a PNG that was cut short does not have.
    whole = view[: len(_PNG_BEGIN)] == _PNG_BEGIN and view[-len(_PNG_END) :] == _PNG_END
    try:
        array = cv2.imdecode(np.frombuffer(view, np.uint8), cv2.IMREAD_UNCHANGED) if whole else None
    except cv2.error:
        array = None
    if array is None:
        msg = f"the compressed depth ({len(view)} bytes) cannot be decoded; expected a whole PNG"
        raise ImageError(msg)
    if array.dtype != np.uint16 or array.ndim != 2:
        msg = f"the compressed depth is {array.dtype} of shape {array.shape}; expected 16-bit HxW"
        raise ImageError(msg)
    code: U16Array = array
    return code


def _check(depth: NDArray[Any], dtype: type) -> None:
    if depth.ndim != 2 or depth.dtype != dtype or depth.size == 0:
        want = np.dtype(dtype).name
        msg = f"the depth is {depth.dtype} of shape {depth.shape}; expected {want} HxW"
        raise ImageError(msg)
