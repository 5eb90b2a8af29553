from __future__ import annotations

import numpy as np
import pytest

from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.evaluation.steadiness import Steadiness, SteadinessMeter
from fastdepth.frame import Frame
from fastdepth.geometry import InputGeometry, Rect

MS = 1_000_000
SHAPE = (20, 30)


def predicted(values: np.ndarray, seen: Rect | None = None) -> Prediction:
    whole = Rect(0, 0, SHAPE[1], SHAPE[0])
    geometry = InputGeometry(SHAPE[1], SHAPE[0], seen or whole, whole)
    return Prediction(
        values.astype(np.float32), geometry, None, (0.1, 10.0), 1.0, StageSeconds(0, 0, 0)
    )


def frame(ms: float, truth: np.ndarray | None, grey: int = 100) -> Frame:
    image = np.full((*SHAPE, 3), grey, np.uint8)
    depth = None if truth is None else truth.astype(np.float32)
    return Frame(image, depth, None, round(ms * MS), f"{ms}")


def test_only_where_the_truth_is_steady_counts() -> None:
    meter = SteadinessMeter()
    truth = np.full(SHAPE, 2.0)
    moved = truth.copy()
    moved[:, :15] *= 1.05  # five percent: not steady
    moved[:2, 15:] = np.nan
    first, second = np.full(SHAPE, 3.0), np.full(SHAPE, 3.3)
    second[:, :15] = 9.0

    assert meter.add(frame(0, truth), predicted(first)) is None
    steady = meter.add(frame(33, moved), predicted(second))

    assert isinstance(steady, Steadiness)
    assert steady.change == pytest.approx(0.1, rel=1e-5)
    assert steady.share == pytest.approx(18 * 15 / 600)


def test_without_truth_the_image_tells_what_is_steady() -> None:
    meter = SteadinessMeter()
    meter.add(frame(0, None, 100), predicted(np.full(SHAPE, 2.0)))
    steady = meter.add(frame(33, None, 103), predicted(np.full(SHAPE, 1.9)))
    assert steady is not None
    assert steady.change == pytest.approx(0.05, rel=1e-5)
    assert meter.add(frame(66, None, 120), predicted(np.full(SHAPE, 1.9))) is None


@pytest.mark.parametrize("ms", [0, -33, 501])
def test_frames_far_apart_or_out_of_order_are_not_compared(ms: float) -> None:
    meter = SteadinessMeter()
    truth = np.ones(SHAPE)
    meter.add(frame(1000, truth), predicted(truth))
    assert meter.add(frame(1000 + ms, truth), predicted(truth)) is None


def test_a_cut_frame_is_compared_with_its_part_of_the_truth() -> None:
    meter = SteadinessMeter()
    truth = np.full((40, 60), 2.0)  # twice the frame's resolution
    moved = truth.copy()
    moved[:, :20] = 5.0  # frame columns 0..9, which the network does not see
    seen = Rect(10, 0, 20, 20)
    meter.add(frame(0, truth), predicted(np.ones(SHAPE), seen))
    steady = meter.add(frame(33, moved), predicted(np.ones(SHAPE), seen))
    assert steady == Steadiness(0.0, 1.0)
