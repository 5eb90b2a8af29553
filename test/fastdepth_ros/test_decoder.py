"""From serialised messages to pixels."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

import cv2
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from fastdepth.errors import EncodingError, ImageError
from fastdepth_ros.cdr import ImageView, read_compressed, read_image
from fastdepth_ros.node.decoder import ImageDecoder
from test.fastdepth_ros.dds import header


def view_of(message: Image) -> ImageView:
    view = read_image(serialize_message(message))
    assert isinstance(view, ImageView)
    return view


def yuv_image(**fields: Any) -> Image:
    values = {"width": 4, "height": 2, "encoding": "yuv422", "step": 8, "data": bytes(range(16))}
    return Image(header=header(123, "cam"), **(values | fields))


def yuv_message(**fields: Any) -> ImageView:
    return view_of(yuv_image(**fields))


def install_cv_bridge(patch: pytest.MonkeyPatch, result: Any) -> list[str]:
    """Put a stand-in for cv_bridge in place; return the encodings it is asked for."""
    asked: list[str] = []

    class CvBridge:
        def imgmsg_to_cv2(self, message: Image, desired_encoding: str) -> Any:
            assert isinstance(message, Image)
            assert message == yuv_image()
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
    cdr = serialize_message(Image(width=2, height=1, encoding="bgr8", step=6, data=bytes(range(6))))
    pixels = ImageDecoder()(read_image(cdr))
    assert pixels.order == "bgr"
    assert pixels.array.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert np.shares_memory(pixels.array, np.frombuffer(cdr, np.uint8))  # a view, not a copy


def test_compressed_pictures_are_decoded() -> None:
    bgr = np.full((4, 6, 3), (10, 120, 250), np.uint8)
    for form in ("png", "jpeg"):
        data = cv2.imencode(f".{form}", bgr)[1].tobytes()
        pixels = ImageDecoder()(
            read_compressed(serialize_message(CompressedImage(format=form, data=data)))
        )
        assert pixels.order == "bgr"
        np.testing.assert_allclose(pixels.array, bgr, atol=4)
        half = CompressedImage(format=form, data=data[: len(data) // 2])
        with pytest.raises(ImageError, match="cannot be decoded"):
            ImageDecoder()(read_compressed(serialize_message(half)))


def test_what_cannot_be_read_is_a_damaged_image() -> None:
    cdr = serialize_message(yuv_image())
    with pytest.raises(ImageError, match="ends after"):
        ImageDecoder()(read_image(cdr[:-1]))


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
