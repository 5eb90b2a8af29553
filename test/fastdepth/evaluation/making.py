"""Small bags and a model whose depth is known, for the tests of evaluation."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastdepth.bags import BagWriter
from fastdepth.bags.making import CAMERA_INFO_TOPIC, DEPTH_TOPIC, IMAGE_TOPIC
from fastdepth.bags.topics import CAMERA_INFO, IMAGE
from fastdepth.camera import Intrinsics
from fastdepth.evaluation import Options, evaluate_source
from fastdepth.frame import F32Array, U8Array
from fastdepth.messages import depth_fields, image_fields, intrinsics_fields
from test.mock_model import build_mock_model, mock_card

WIDTH, HEIGHT = 40, 30
CAMERA = Intrinsics(WIDTH, HEIGHT, 40.0, 40.0, 19.5, 14.5)
RATE = 20
MS = 1_000_000

RED = 4.0
BIAS = 0.5


def model(folder: Path) -> Path:
    """Write a model: depth is BIAS + RED * red / 255 for CAMERA, at the size of the frame."""
    card = mock_card(
        width=WIDTH, height=HEIGHT, focal_length=(CAMERA.fx, CAMERA.fy), depth_range=(0.1, 8.0)
    )
    return build_mock_model(folder / "model.onnx", card, weights=(RED, 0.0, 0.0), bias=BIAS)


def scene(seed: int) -> tuple[U8Array, F32Array]:
    """Return a picture and what the model predicts for it, exactly."""
    rng = np.random.default_rng(seed)
    image = rng.integers(20, 256, (HEIGHT, WIDTH, 3), np.uint8)
    red = image[..., 0].astype(np.float32) / np.float32(255)
    return image, (np.float32(RED) * red + np.float32(BIAS)).astype(np.float32)


def header(stamp: int) -> dict[str, Any]:
    seconds, nanoseconds = divmod(stamp, 1_000_000_000)
    return {"stamp": {"sec": seconds, "nanosec": nanoseconds}, "frame_id": "camera"}


def stamp_of(number: int) -> int:
    return 1_000_000_000 + number * 1_000_000_000 // RATE


def write_bag(
    path: Path,
    frames: int,
    truth: Callable[[int, F32Array], F32Array | None] = lambda _, predicted: predicted,
    *,
    seed: Callable[[int], int] = lambda number: number,
    info: dict[str, Any] | None = None,
    stamps: Sequence[int] | None = None,
    **writer: Any,
) -> Path:
    """Write a bag whose frame n is scene(seed(n)) with truth(n, what will be predicted).

    Args:
        path: of the bag.
        frames: how many.
        truth: gives the ground truth, or None for a frame without.
        seed: of the scene of a frame.
        info: fields that replace those of the camera_info.
        stamps: of the frames; stamp_of if None.
        writer: options of BagWriter.

    """
    with BagWriter(path, **writer) as bag:
        for number in range(frames):
            at = stamp_of(number)
            stamp = at if stamps is None else stamps[number]
            image, predicted = scene(seed(number))
            bag.write(IMAGE_TOPIC, IMAGE, at, header=header(stamp), **image_fields(image))
            fields = intrinsics_fields(CAMERA) | (info or {})
            bag.write(CAMERA_INFO_TOPIC, CAMERA_INFO, at, header=header(stamp), **fields)
            depth = truth(number, predicted)
            if depth is not None:
                bag.write(DEPTH_TOPIC, IMAGE, at, header=header(stamp), **depth_fields(depth))
    return path


def options(folder: Path, **more: Any) -> Options:
    """Return options with the model, one thread and every frame recorded."""
    values: dict[str, Any] = {"model": model(folder), "threads": 1, "record_rate": 0.0}
    return Options(**(values | more))


def never() -> bool:
    return False


def nothing(done: int, total: int) -> None:
    del done, total


def run(bag: Path, options: Options, out: Path | None = None) -> dict[str, Any]:
    """Evaluate a bag and return the figures."""
    return evaluate_source(bag, options, out, nothing, never)


def rows(out: Path) -> list[dict[str, str]]:
    """Return the lines of frames.csv."""
    with (out / "frames.csv").open(newline="") as file:
        return list(csv.DictReader(file))
