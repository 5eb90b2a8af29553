"""Messages by field and a model under control, for tests without ROS."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec
from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.frame import U8Array
from fastdepth.geometry import fit_frame
from fastdepth.preprocess import PixelOrder

WIDTH, HEIGHT = 8, 6
SPEC = InputSpec(4, 3)


def fake_header(stamp: int) -> Any:
    return SimpleNamespace(
        stamp=SimpleNamespace(sec=stamp // 10**9, nanosec=stamp % 10**9), frame_id="camera"
    )


def fake_image(stamp: int, level: int = 0, **fields: Any) -> Any:
    """Return an rgb8 image of one grey level."""
    values = {
        "header": fake_header(stamp),
        "height": HEIGHT,
        "width": WIDTH,
        "encoding": "rgb8",
        "is_bigendian": 0,
        "step": 3 * WIDTH,
        "data": bytes([level]) * (3 * WIDTH * HEIGHT),
    }
    return SimpleNamespace(**(values | fields))


def fake_info(stamp: int, **fields: Any) -> Any:
    """Return the camera_info of such an image."""
    values = {
        "header": fake_header(stamp),
        "height": HEIGHT,
        "width": WIDTH,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [10.0, 0.0, 3.5, 0.0, 10.0, 2.5, 0.0, 0.0, 1.0],
        "r": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "p": [10.0, 0.0, 3.5, 0.0, 0.0, 10.0, 2.5, 0.0, 0.0, 0.0, 1.0, 0.0],
        "binning_x": 0,
        "binning_y": 0,
        "roi": SimpleNamespace(x_offset=0, y_offset=0, height=0, width=0, do_rectify=False),
    }
    return SimpleNamespace(**(values | fields))


class FakeEstimator:
    """Its depth is the grey level plus one, in metres; it waits for `let_through` where held."""

    def __init__(self, *, is_held: bool = False) -> None:
        self.begun = threading.Semaphore(0)
        self.cameras: list[Intrinsics | None] = []
        self.error: Exception | None = None
        self._gate = threading.Semaphore(0)
        self._is_held = is_held

    def let_through(self, count: int = 1) -> None:
        self._gate.release(count)

    def predict(self, image: U8Array, order: PixelOrder, camera: Intrinsics | None) -> Prediction:
        self.begun.release()
        self.cameras.append(camera)
        if self._is_held:
            assert self._gate.acquire(timeout=30)
        if self.error is not None:
            raise self.error
        geometry = fit_frame(SPEC, image.shape[1], image.shape[0])
        values = np.full((SPEC.height, SPEC.width), 1.0 + image[0, 0, 0], np.float32)
        seconds = StageSeconds(0.001, 0.002, 0.003)
        return Prediction(values, geometry, camera, (0.1, 1000.0), 1.0, seconds)


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until a condition of another thread holds."""
    done = threading.Event()
    for _ in range(int(seconds / 0.001)):
        if condition():
            return True
        done.wait(0.001)
    return False
