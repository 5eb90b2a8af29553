from __future__ import annotations

import numpy as np
import pytest

from fastdepth.error_sums import error_sums, grouped_error_sums, metrics_of
from fastdepth.evaluation import breakdown as module
from fastdepth.evaluation.breakdown import Breakdown
from fastdepth.metrics import METRIC_KEYS, frame_metrics
from fastdepth.protocols import Pair


@pytest.fixture(autouse=True)
def every_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIXELS", 1 << 16)


def make_pair(height: int = 60, width: int = 90, seed: int = 0) -> Pair:
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.3, 12, (height, width)).astype(np.float32)
    truth[rng.random((height, width)) < 0.2] = np.nan
    # Errors that differ over the image, so that a region in the wrong place shows.
    slope = np.linspace(0.8, 1.5, width, dtype=np.float32) + np.arange(height)[:, None] / 100
    noise = rng.normal(1, 0.1, (height, width))
    prediction = (np.nan_to_num(truth, nan=1.0) * slope * noise).astype(np.float32)
    return Pair(prediction, truth, np.isfinite(truth))


def test_groups_add_up_to_the_whole() -> None:
    pair = make_pair(200, 200)
    p, g = pair.prediction[pair.valid], pair.truth[pair.valid]
    group = np.random.default_rng(1).integers(0, 7, p.size).astype(np.uint8)
    sums = grouped_error_sums(p, g, group, 9)
    np.testing.assert_allclose(sums.sum(axis=0), error_sums(p, g), rtol=1e-12)
    assert not sums[7:].any()
    for number in range(7):
        chosen = group == number
        np.testing.assert_allclose(sums[number], error_sums(p[chosen], g[chosen]), rtol=1e-12)


def test_ranges_are_the_metrics_of_their_pixels() -> None:
    breakdown = Breakdown()
    pairs = [make_pair(seed=seed) for seed in (1, 2)]
    for pair in pairs:
        breakdown.add(pair)
    prediction = np.concatenate([pair.prediction for pair in pairs])
    truth = np.concatenate([pair.truth for pair in pairs])
    found = {(each["from"], each["to"]): each for each in breakdown.ranges()}
    assert next(iter(found)) == (0.0, 1.0)
    assert list(found)[-1] == (10.0, 15.0)
    for (low, high), figures in found.items():
        inside = (truth >= low) & (truth < high)
        expected = frame_metrics(prediction, truth, inside)
        for key in METRIC_KEYS:
            assert figures[key] == pytest.approx(expected[key], rel=1e-9)
        assert figures["pixels"] == np.count_nonzero(inside)
        assert figures["bias"] == pytest.approx(np.mean((prediction - truth)[inside]), rel=1e-5)
    assert sum(each["share"] for each in found.values()) == pytest.approx(1)


def test_regions_are_where_they_are_in_the_image() -> None:
    breakdown = Breakdown()
    pair = make_pair()
    breakdown.add(pair)
    regions = breakdown.regions()
    for row in range(3):
        for column in range(3):
            rows, columns = slice(20 * row, 20 * row + 20), slice(30 * column, 30 * column + 30)
            mask = np.zeros_like(pair.valid)
            mask[rows, columns] = pair.valid[rows, columns]
            expected = frame_metrics(pair.prediction, pair.truth, mask)
            assert regions["grid"][row][column]["abs_rel"] == pytest.approx(expected["abs_rel"])
    assert regions["centre"] == regions["grid"][1][1]
    inside = np.zeros_like(pair.valid)
    inside[6:54, 9:81] = True
    for name, mask in (("inside", inside), ("border", ~inside)):
        expected = frame_metrics(pair.prediction, pair.truth, mask & pair.valid)
        assert regions[name]["rmse"] == pytest.approx(expected["rmse"])


def test_of_large_frames_a_grid_of_pixels_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIXELS", 1400)
    breakdown = Breakdown()
    pair = make_pair()  # 5400 pixels: every second of every second row
    breakdown.add(pair)
    some = (slice(1, None, 2),) * 2
    ranges = breakdown.ranges()
    assert sum(each["pixels"] for each in ranges) == np.count_nonzero(pair.valid[some])
    truth, prediction = pair.truth[some], pair.prediction[some]
    expected = frame_metrics(prediction, truth, (truth >= 3) & (truth < 4))
    (found,) = [each for each in ranges if each["from"] == 3]
    assert found["mae"] == pytest.approx(expected["mae"])


def test_of_sparse_truth_every_pixel_counts() -> None:
    pair = make_pair(900, 900)
    valid = np.zeros_like(pair.valid)
    valid[::30, ::30] = pair.valid[::30, ::30]
    breakdown = Breakdown()
    breakdown.add(pair._replace(valid=valid))
    assert sum(each["pixels"] for each in breakdown.ranges()) == np.count_nonzero(valid)


def test_many_frames_add_up() -> None:
    """More than are added up at once, and some that are left over."""
    breakdown, pairs = Breakdown(), [make_pair(20, 30, seed) for seed in range(37)]
    for pair in pairs:
        breakdown.add(pair)
    pixels = sum(np.count_nonzero(pair.valid) for pair in pairs)
    assert sum(each["pixels"] for each in breakdown.ranges()) == pixels
    assert sum(each["share"] for each in breakdown.ranges()) == pytest.approx(1)


def test_nothing_gives_nothing() -> None:
    assert Breakdown().ranges() == []
    assert Breakdown().regions() == {
        "grid": [[None] * 3] * 3,
        "centre": None,
        "inside": None,
        "border": None,
    }


def test_a_prediction_of_zero_counts_as_wrong() -> None:
    sums = error_sums(np.zeros(3, np.float32), np.full(3, 2, np.float32))
    assert metrics_of(sums)["delta3"] == 0
    grouped = grouped_error_sums(
        np.zeros(3, np.float32), np.full(3, 2, np.float32), np.zeros(3, np.uint8), 1
    )
    np.testing.assert_allclose(grouped[0], sums)
