"""Small bags whose depth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fastdepth.bags import BagWriter
from fastdepth.messages import image_fields

IMAGE = "/camera/color/image_raw"
INFO = "/camera/color/camera_info"
DEPTH = "/camera/aligned_depth_to_color/image_raw"
WIDTH, HEIGHT = 64, 48
START = 1_700_000_000_123_456_789
PERIOD = 50_000_000


def header(stamp: int) -> dict[str, Any]:
    return {
        "stamp": {"sec": stamp // 10**9, "nanosec": stamp % 10**9},
        "frame_id": "camera_color_optical_frame",
    }


def colour(index: int) -> tuple[int, int, int]:
    """The one colour of frame `index`, RGB; the channels differ."""
    return 20 + 5 * index, 200 - 6 * index, 60 + index


def picture(index: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), colour(index), np.uint8)


def camera_info(width: int = WIDTH, height: int = HEIGHT, focal: float = 60.0) -> dict[str, Any]:
    cx, cy = (width - 1) / 2, (height - 1) / 2
    return {
        "width": width,
        "height": height,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0],
        "r": np.eye(3).ravel().tolist(),
        "p": [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }


def millimetres(depth: np.ndarray) -> dict[str, Any]:
    raw = np.rint(depth * 1000.0).astype("<u2")
    return {
        "height": raw.shape[0],
        "width": raw.shape[1],
        "encoding": "16UC1",
        "step": 2 * raw.shape[1],
        "data": raw.tobytes(),
    }


def write_bag(
    path: Path,
    frames: int = 12,
    truth: Any = None,
    info: dict[str, Any] | None = None,
    *,
    with_info: bool = True,
) -> Path:
    """Write a bag of plain pictures at 20 Hz.

    Args:
        path: of the bag.
        frames: how many.
        truth: frame number to depth in metres (0 unknown), or None for a bag without.
        info: fields of camera_info.
        with_info: whether there is a camera_info topic.

    """
    with BagWriter(path) as writer:
        for index in range(frames):
            stamp = START + index * PERIOD
            if with_info:
                writer.write(
                    INFO,
                    "sensor_msgs/msg/CameraInfo",
                    stamp,
                    header=header(stamp),
                    **(info or camera_info()),
                )
            writer.write(
                IMAGE,
                "sensor_msgs/msg/Image",
                stamp,
                header=header(stamp),
                **image_fields(picture(index)),
            )
            if truth is not None:
                late = stamp + 3_000_000
                writer.write(
                    DEPTH,
                    "sensor_msgs/msg/Image",
                    late,
                    header=header(late),
                    **millimetres(truth(index)),
                )
    return path
