"""Real message classes of rclpy and of rosbags, filled alike, for tests of the message code."""

from __future__ import annotations

import array
import importlib
from typing import Any

import numpy as np
import pytest

KINDS = ["rclpy", "rosbags", "ros1"]


def image(kind: str, **fields: Any) -> Any:
    """Make a sensor_msgs/Image of one kind; `data` is bytes."""
    data = fields.pop("data")
    if kind == "rclpy":
        msg = _rclpy("sensor_msgs.msg", "Image")()
        for name, value in fields.items():
            setattr(msg, name, value)
        msg.data = array.array("B", data)
        return msg
    store = typestore(kind)
    make = store.types["sensor_msgs/msg/Image"]
    return make(header=header(kind), data=np.frombuffer(data, np.uint8), **fields)


def camera_info(kind: str, roi: tuple[int, int, int, int] = (0, 0, 0, 0), **fields: Any) -> Any:
    """Make a sensor_msgs/CameraInfo of one kind; roi is (x, y, width, height), d k r p lists."""
    values = {
        "height": 480,
        "width": 640,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [0.0] * 9,
        "r": np.eye(3).ravel().tolist(),
        "p": [0.0] * 12,
        "binning_x": 0,
        "binning_y": 0,
    } | fields
    window = dict(zip(("x_offset", "y_offset", "width", "height"), roi, strict=True))
    if kind == "rclpy":
        msg = _rclpy("sensor_msgs.msg", "CameraInfo")()
        for name, value in values.items():
            setattr(msg, name, value)
        for name, number in window.items():
            setattr(msg.roi, name, number)
        return msg
    store = typestore(kind)
    region = store.types["sensor_msgs/msg/RegionOfInterest"](do_rectify=False, **window)
    for name in "dkrp":
        matrix = np.array(values.pop(name), np.float64)
        values[name.upper() if kind == "ros1" else name] = matrix
    return store.types["sensor_msgs/msg/CameraInfo"](header=header(kind), roi=region, **values)


def header(kind: str, stamp: int = 0, frame_id: str = "") -> Any:
    """Make a std_msgs/Header of one kind with a stamp in nanoseconds."""
    sec, nanosec = divmod(stamp, 1_000_000_000)
    if kind == "rclpy":
        msg = _rclpy("std_msgs.msg", "Header")()
        msg.stamp.sec, msg.stamp.nanosec, msg.frame_id = sec, nanosec, frame_id
        return msg
    types = typestore(kind).types
    time = types["builtin_interfaces/msg/Time"](sec=sec, nanosec=nanosec)
    sequence = {"seq": 0} if kind == "ros1" else {}
    return types["std_msgs/msg/Header"](stamp=time, frame_id=frame_id, **sequence)


def typestore(kind: str) -> Any:
    """Return rosbags' types of ROS 2 Humble or of ROS 1."""
    typesys = pytest.importorskip("rosbags.typesys")
    store = typesys.Stores.ROS1_NOETIC if kind == "ros1" else typesys.Stores.ROS2_HUMBLE
    return typesys.get_typestore(store)


def _rclpy(module: str, name: str) -> Any:
    pytest.importorskip("rclpy", reason="rclpy is not installed")
    return getattr(importlib.import_module(module), name)
