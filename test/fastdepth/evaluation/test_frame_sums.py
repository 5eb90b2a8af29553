from __future__ import annotations

import numpy as np
import pytest

from fastdepth.error_sums import error_sums, metrics_of
from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.evaluation.frame_sums import FrameSums
from fastdepth.protocols import Pair


def make_pair(shape: tuple[int, int], seed: int = 0) -> Pair:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.3, 12, shape).astype(np.float32)
    prediction = (truth * rng.lognormal(0.05, 0.4, shape)).astype(np.float32)
    truth[rng.random(shape) < 0.3] = np.nan
    truth[rng.random(shape) < 0.05] = np.inf
    valid = np.isfinite(truth)
    valid.flat[0] = True
    truth.flat[0] = 2.0
    return Pair(prediction, truth, valid)


def exact(pair: Pair) -> np.ndarray:
    return error_sums(pair.prediction[pair.valid], pair.truth[pair.valid])


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (9, 1), (4, 4), (33, 47), (480, 640), (719, 401)]
)
def test_the_sums_are_those_of_double_precision(shape: tuple[int, int]) -> None:
    sums = FrameSums()
    for seed in (0, 1):  # the second finds the buffers of the first
        pair = make_pair(shape, seed)
        found, expected = sums(pair), exact(pair)
        np.testing.assert_allclose(found[:6], expected[:6], rtol=2e-6, atol=1e-7)
        np.testing.assert_allclose(
            found[6:9], expected[6:9], rtol=2e-6, atol=2e-7 * pair.truth.size
        )
        np.testing.assert_array_equal(found[9:], expected[9:])
        for key, value in metrics_of(expected).items():
            assert metrics_of(found)[key] == pytest.approx(value, rel=1e-6, abs=2e-7), key


def test_pixels_without_truth_count_for_nothing() -> None:
    """Neither as right nor as wrong, whatever is predicted there."""
    pair = make_pair((60, 80))
    pair.prediction[~pair.valid] = 1e4
    np.testing.assert_array_equal(FrameSums()(pair)[9:], exact(pair)[9:])
    assert FrameSums()(pair)[1] == pytest.approx(exact(pair)[1], rel=1e-6)


def test_a_view_of_a_larger_image_serves() -> None:
    pair = make_pair((100, 120))
    part = Pair(*(image[7:93, 5:111] for image in pair))
    np.testing.assert_allclose(FrameSums()(part)[:6], exact(part)[:6], rtol=1e-6)


def test_bounds_are_not_within() -> None:
    """A factor of exactly 1.25 is not below 1.25, from either side."""
    truth = np.array([[2.0, 2.5, 2.0]], np.float32)
    prediction = np.array([[2.5, 2.0, 2.25]], np.float32)
    sums = FrameSums()(Pair(prediction, truth, np.ones_like(truth, np.bool_)))
    assert sums[9:].tolist() == [1, 3, 3, 1]


def test_predictions_of_zero_and_beyond_the_crop_are_scored_as_before() -> None:
    pair = make_pair((40, 50))
    pair.prediction[3:9] = 0
    np.testing.assert_array_equal(FrameSums()(pair), exact(pair))
    pair.prediction[:, :10] = np.nan
    pair.valid[:, :10] = False
    np.testing.assert_array_equal(FrameSums()(pair), exact(pair))


def test_what_cannot_be_scored_is_told() -> None:
    pair = make_pair((40, 50))
    with pytest.raises(NoTruthError):
        FrameSums()(pair._replace(valid=np.zeros_like(pair.valid)))
    pair.prediction[pair.valid] = np.inf
    with pytest.raises(ProtocolError, match="not finite"):
        FrameSums()(pair)
