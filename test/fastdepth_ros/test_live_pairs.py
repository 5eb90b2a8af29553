"""How images, depth and ground truth are joined as they arrive; no ROS."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import ImageError
from fastdepth_ros.live.pairs import (
    NO_DEPTH,
    UNREADABLE,
    Decoders,
    LivePairs,
    Patience,
)
from test.mock_model import mock_card

WIDTH, HEIGHT = 64, 48
CAMERA = Intrinsics(WIDTH, HEIGHT, 60.0, 60.0, 31.5, 23.5)
MS = 1_000_000
START = 1_700_000_000_000_000_000


def depth_of(cdr):
    """Depth of one value; the upper half unpublished where the message asks for it."""
    text = cdr.decode()
    if text == "broken":
        raise ImageError(text)
    depth = np.full((24, 32), float(text.rstrip("h")), np.float32)
    if text.endswith("h"):
        depth[:12] = np.nan
    return depth


def truth_of(cdr):
    return np.full((HEIGHT, WIDTH), float(cdr), np.float32)


@pytest.fixture
def pairs():
    decoders = Decoders(
        lambda _: np.zeros((HEIGHT, WIDTH, 3), np.uint8), depth_of, truth_of, lambda _: CAMERA
    )
    card = mock_card(focal_length=(20.0, 20.0))
    stop = Event()
    made = LivePairs("test", card, decoders, Patience(0.02, 30.0, 30.0), stop)
    made.stop = stop
    return made


def at(milliseconds):
    return START + milliseconds * MS


def frames_of(pairs):
    """End it and return each frame's time, its prediction's value and its truth's."""
    pairs.stop.set()
    found = []
    for frame in pairs:
        prediction = pairs.predict_frame(frame)
        truth = None if frame.depth is None else float(np.nanmax(frame.depth))
        found.append(((frame.stamp - START) // MS, float(np.nanmax(prediction.values)), truth))
    return found


def test_depth_goes_by_its_stamp_and_truth_by_the_nearest(pairs):
    for time in (0, 50, 100):
        pairs.add("image", at(time), b"")
    # Both 45 and 52 are near enough to 50; nothing is to 100.
    for time, value in ((3, b"1"), (45, b"2"), (52, b"3"), (140, b"4")):
        pairs.add("truth", at(time), value)
    for time, value in ((0, b"10"), (50, b"11"), (100, b"12")):
        pairs.add("depth", at(time), value)
    assert frames_of(pairs) == [(0, 10.0, 1.0), (50, 11.0, 3.0), (100, 12.0, None)]
    assert len(pairs) == len(pairs.latencies) == 3
    assert not pairs.counts


def test_images_without_depth_are_counted_and_shift_nothing(pairs):
    for time in (0, 50, 100):
        pairs.add("image", at(time), b"")
        pairs.add("truth", at(time), str(time).encode() if time else b"7")
    pairs.add("depth", at(50), b"11")
    pairs.add("depth", at(100), b"broken")
    assert frames_of(pairs) == [(50, 11.0, 50.0)]
    assert pairs.counts == {NO_DEPTH: 1, UNREADABLE: 1}


def test_a_frame_comes_as_soon_as_nothing_better_can(pairs):
    for time in (0, 50):
        pairs.add("image", at(time), b"")
        pairs.add("truth", at(time), b"2")
    pairs.add("depth", at(0), b"3")
    frame = next(iter(pairs))  # would wait for 30 s otherwise
    assert frame.stamp == at(0)
    assert frame.name == f"000000_{START // 10**9}.000000000"
    assert pairs.predict_frame(frame).depth_range == (0.1, 20.0)


def test_what_is_not_published_is_not_scored(pairs):
    pairs.add("camera", at(0), b"")
    pairs.add("image", at(0), b"")
    pairs.add("truth", at(0), b"2")
    pairs.add("depth", at(0), b"3h")
    pairs.stop.set()
    (frame,) = pairs
    valid = np.isfinite(frame.depth)
    assert not valid[:24].any()
    assert valid[26:].all()
    assert pairs.measured == WIDTH * HEIGHT
    assert pairs.compared == np.count_nonzero(valid)
    assert frame.intrinsics == CAMERA
    prediction = pairs.predict_frame(frame)
    assert prediction.scale == pytest.approx(1.5)  # 60 pixels are 30 at the input, of 20
    assert (prediction.camera.width, prediction.camera.fx) == (32, 30.0)
