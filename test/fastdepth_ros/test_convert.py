"""Between rclpy's messages and arrays."""

from __future__ import annotations

import sys
from array import array
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import Image

from fastdepth.errors import EncodingError, ImageError
from fastdepth.estimator import Prediction
from fastdepth.messages import depth_fields
from fastdepth_ros.convert import ImageDecoder, camera_info_message, depth_message
from fastdepth_ros.pipeline import DepthResult
from test.fastdepth_ros.dds import header
from test.fastdepth_ros.fakes import FakeEstimator


def prediction() -> Prediction:
    return FakeEstimator().predict(np.zeros((6, 8, 3), np.uint8), "rgb", None)


def yuv_message(**fields: Any) -> Image:
    values = {"width": 4, "height": 2, "encoding": "yuv422", "step": 8, "data": bytes(range(16))}
    return Image(**(values | fields))


def install_cv_bridge(patch: pytest.MonkeyPatch, result: Any) -> list[str]:
    """Put a stand-in for cv_bridge in place; return the encodings it is asked for."""
    asked: list[str] = []

    class CvBridge:
        def imgmsg_to_cv2(self, message: Image, desired_encoding: str) -> Any:
            asked.append(desired_encoding)
            if isinstance(result, Exception):
                raise result
            return result

    module = ModuleType("cv_bridge")
    module.CvBridge = CvBridge  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "cv_bridge", module)
    return asked


def test_common_encodings_need_no_cv_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv_bridge", None)
    message = Image(width=2, height=1, encoding="bgr8", step=6, data=bytes(range(6)))
    pixels = ImageDecoder()(message)
    assert pixels.order == "bgr"
    assert pixels.array.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    message.data[0] = 77  # a view, not a copy
    assert pixels.array[0, 0, 0] == 77


def test_other_encodings_go_through_cv_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    asked = install_cv_bridge(monkeypatch, rgb)
    pixels = ImageDecoder()(yuv_message())
    assert asked == ["rgb8"]
    assert pixels.order == "rgb"
    np.testing.assert_array_equal(pixels.array, rgb)


def test_cv_bridge_is_not_handed_damaged_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = install_cv_bridge(monkeypatch, np.zeros((2, 4, 3), np.uint8))
    for damage in ({"data": b"123"}, {"width": 0}, {"height": 0}):
        with pytest.raises(ImageError, match="expected"):
            ImageDecoder()(yuv_message(**damage))
    assert asked == []


def test_what_cv_bridge_cannot_do_is_an_encoding_error(monkeypatch: pytest.MonkeyPatch) -> None:
    install_cv_bridge(monkeypatch, RuntimeError("no such conversion"))
    with pytest.raises(EncodingError, match=r"'yuv422'.*no such conversion"):
        ImageDecoder()(yuv_message())


def test_without_cv_bridge_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv_bridge", None)
    decoder = ImageDecoder()
    for _ in range(2):
        with pytest.raises(EncodingError, match=r"'yuv422'.*rgb8.*cv_bridge.*not usable"):
            decoder(yuv_message())


def test_depth_is_filled_in_as_an_array() -> None:
    depth = np.array([[1.5, np.nan], [0.25, 9.0]], np.float32)
    result = DepthResult(header(123, "cam"), depth_fields(depth), None, depth, prediction())
    message = depth_message(result)
    assert isinstance(message.data, array)
    assert message.header is result.header
    back = np.frombuffer(message.data, "<f4").reshape(2, 2)
    np.testing.assert_array_equal(back, depth)
    assert (message.encoding, message.step, message.is_bigendian) == ("32FC1", 8, 0)
    assert camera_info_message(result) is None
