"""depth.mcap: image, prediction, ground truth and error of a run, for Foxglove and RViz."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.errors import OutputError
from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.messages import depth_fields, intrinsics_fields
from fastdepth.protocols import nearest

if TYPE_CHECKING:
    from typing_extensions import Self

    from fastdepth.bags import BagWriter

IMAGE_TOPIC = "/camera/image/compressed"
CAMERA_TOPIC = "/camera/camera_info"
DEPTH_TOPIC = "/depth/image_rect"
DEPTH_CAMERA_TOPIC = "/depth/camera_info"
TRUTH_TOPIC = "/ground_truth/image_rect"
ERROR_TOPIC = "/error/image_rect"
FRAME_ID = "camera_optical_frame"

_IMAGE = "sensor_msgs/msg/Image"
_COMPRESSED = "sensor_msgs/msg/CompressedImage"
_INFO = "sensor_msgs/msg/CameraInfo"
_JPEG_QUALITY = 85
# Depth is kept to a 1024th of a metre: the zeros behind it pack well, and nobody measures finer.
_STEPS_PER_METRE = np.float32(1024)
# For frames without stamps; a stamp of 0 means "not stamped" to much of ROS.
_FIRST_STAMP = 1_000_000_000
_PERIOD = 100_000_000


class Recording:
    """Writes depth.mcap; a context manager. The file is there when the block ends without error."""

    def __init__(self, path: Path, rate: float) -> None:
        """Prepare.

        Args:
            path: of the file.
            rate: most frames a second, by their stamps.

        Raises:
            MissingExtraError: the rosbags library is not installed.

        """
        from fastdepth.bags import BagWriter  # noqa: PLC0415 - an extra

        self._path = path
        self._folder = path.with_name(f".{path.stem}")
        self._bag: BagWriter = BagWriter(self._folder, "mcap", compress=True)
        self._gap = 1e9 / rate
        self._last: int | None = None
        self._count = 0

    def wants(self, stamp: int | None) -> bool:
        """Tell whether a frame of this stamp is due."""
        if stamp is None or self._last is None or stamp < self._last:
            return True
        # A camera's clock jitters: what is nearly due is due.
        return stamp - self._last >= 0.9 * self._gap

    def add(self, frame: Frame, prediction: Prediction) -> None:
        """Write a frame.

        Args:
            frame: what the model saw, with ground truth or none.
            prediction: for it.

        Raises:
            OutputError: the file cannot be written.

        """
        stamp = _FIRST_STAMP + self._count * _PERIOD if frame.stamp is None else frame.stamp
        self._count += 1
        self._last = stamp
        self._write(IMAGE_TOPIC, _COMPRESSED, stamp, format="jpeg", data=_jpeg(frame.image))
        self._write_camera(CAMERA_TOPIC, stamp, frame.intrinsics)
        depth = prediction.depth()
        self._write(DEPTH_TOPIC, _IMAGE, stamp, **depth_fields(_rounded(depth)))
        self._write_camera(DEPTH_CAMERA_TOPIC, stamp, prediction.camera)
        if frame.depth is None:
            return
        shown = prediction.geometry.seen
        truth = frame.depth
        if not prediction.geometry.sees_whole_frame and truth.shape == frame.image.shape[:2]:
            truth = truth[shown.slices]
        truth = nearest(truth, depth.shape[1], depth.shape[0])
        self._write(TRUTH_TOPIC, _IMAGE, stamp, **depth_fields(_rounded(truth)))
        self._write(ERROR_TOPIC, _IMAGE, stamp, **depth_fields(_rounded(depth - truth)))

    def _write_camera(self, topic: str, stamp: int, camera: Intrinsics | None) -> None:
        if camera is not None:
            self._write(topic, _INFO, stamp, **intrinsics_fields(camera))

    def _write(self, topic: str, kind: str, stamp: int, **fields: Any) -> None:
        seconds, nanoseconds = divmod(stamp, 1_000_000_000)
        header = {"stamp": {"sec": seconds, "nanosec": nanoseconds}, "frame_id": FRAME_ID}
        self._bag.write(topic, kind, stamp, header=header, **fields)

    def __enter__(self) -> Self:
        """Open the file; raises OutputError where that fails."""
        self._bag.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file, or leave nothing of it after an error."""
        try:
            self._bag.__exit__(kind, error, trace)
            if error is None:
                self._move()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _move(self) -> None:
        try:
            next(self._folder.glob("*.mcap")).replace(self._path)
        except (OSError, StopIteration) as err:
            msg = f"cannot write {self._path}: {err}"
            raise OutputError(msg) from err


def _rounded(depth: F32Array) -> F32Array:
    rounded: F32Array = np.rint(depth * _STEPS_PER_METRE) / _STEPS_PER_METRE
    return rounded


def _jpeg(image: U8Array) -> bytes:
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        msg = f"OpenCV could not encode an image of shape {image.shape} as JPEG"
        raise OutputError(msg)
    return bytes(data)
