"""The YAML file that camera_calibration and camera_info_manager write, as a camera_info."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from fastdepth.errors import CameraError
from fastdepth.messages import camera_from_info


class Region(NamedTuple):
    """The fields of `sensor_msgs/RegionOfInterest`."""

    x_offset: int = 0
    y_offset: int = 0
    height: int = 0
    width: int = 0
    do_rectify: bool = False


WHOLE_SENSOR = Region()


@dataclass(frozen=True, slots=True)
class CameraFile:
    """The fields of `sensor_msgs/CameraInfo` (all but the header), from a file.

    Attributes:
        width: of the image that was calibrated, pixels.
        height: of the image that was calibrated, pixels.
        distortion_model: name of the model of `d`.
        d: distortion.
        k: 3x3, row by row.
        r: 3x3, row by row.
        p: 3x4, row by row.
        binning_x: none, as camera_calibration has none.
        binning_y: none.
        roi: the whole sensor.

    """

    width: int
    height: int
    distortion_model: str
    d: tuple[float, ...]
    k: tuple[float, ...]
    r: tuple[float, ...]
    p: tuple[float, ...]
    binning_x: int = 0
    binning_y: int = 0
    roi: Region = WHOLE_SENSOR

    @classmethod
    def read(cls, path: Path) -> CameraFile:
        """Read a file.

        Raises:
            CameraError: it is missing, no YAML, lacks a field, has one of the wrong kind, or is of
                no possible camera; the message names it.

        """
        try:
            value = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as err:
            msg = f"camera calibration {path} cannot be read: {err.strerror or err}"
            raise CameraError(msg) from err
        except (yaml.YAMLError, UnicodeDecodeError) as err:
            msg = f"camera calibration {path} is no valid YAML: {' '.join(str(err).split())}"
            raise CameraError(msg) from err
        try:
            made = cls._from(value)
            camera_from_info(made)
        except CameraError as err:
            msg = f"camera calibration {path}: {err}"
            raise CameraError(msg) from err
        return made

    @classmethod
    def _from(cls, value: Any) -> CameraFile:
        if not isinstance(value, dict):
            msg = f"it is a {type(value).__name__}; expected what camera_calibration writes"
            raise CameraError(msg)
        k = _numbers(value, "camera_matrix", 9)
        # A file of one camera, written by hand, often ends here.
        identity = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
        plain = (*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0)
        return cls(
            width=_size(value, "image_width"),
            height=_size(value, "image_height"),
            distortion_model=str(value.get("distortion_model", "plumb_bob")),
            d=_numbers(value, "distortion_coefficients", None, (0.0,) * 5),
            k=k,
            r=_numbers(value, "rectification_matrix", 9, identity),
            p=_numbers(value, "projection_matrix", 12, plain),
        )


def _size(value: dict[str, Any], name: str) -> int:
    size = value.get(name)
    if type(size) is not int or size < 1:
        msg = f"{name} is {size!r}; expected a whole number of pixels"
        raise CameraError(msg)
    return size


def _numbers(
    value: dict[str, Any],
    name: str,
    count: int | None,
    default: tuple[float, ...] | None = None,
) -> tuple[float, ...]:
    if name not in value and default is not None:
        return default
    matrix = value.get(name)
    data: Any = matrix.get("data") if isinstance(matrix, dict) else matrix
    good = (
        isinstance(data, list)
        and all(type(v) in {int, float} and math.isfinite(v) for v in data)
        and count in {None, len(data)}
    )
    if not good:
        many = "" if count is None else f"{count} "
        msg = f"{name} is {matrix!r}; expected a mapping whose 'data' are {many}numbers"
        raise CameraError(msg)
    return tuple(float(v) for v in data)
