"""How the benchmark sees copies of the pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from fastdepth.messages import Pixels, decode_image
from fastdepth_ros.bench import copies
from test.mock_model import build_mock_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "mock.onnx"
    build_mock_model(path)
    return path


def test_raw_pixels_are_not_copied(model: Path) -> None:
    found = copies.count_copies(model, "raw")
    assert found.image_bytes == 1920 * 1080 * 3
    assert found.is_view
    assert found.copies == 0
    assert 0 < found.peak_bytes < found.image_bytes / 2


def test_a_jpeg_is_decoded_once(model: Path) -> None:
    found = copies.count_copies(model, "compressed")
    assert not found.is_view
    assert found.copies == 1


def test_a_copy_is_seen(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copying(message: Any) -> Pixels:
        pixels = decode_image(message)
        return pixels._replace(array=np.array(pixels.array))

    monkeypatch.setattr(copies, "decode_image", copying)
    found = copies.count_copies(model, "raw")
    assert not found.is_view
    assert found.copies == 1
