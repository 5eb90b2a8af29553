from __future__ import annotations

import numpy as np

from fastdepth.evaluation.pool import Pool, Snapshot, take_snapshot
from fastdepth.frame import Frame


def snapshot(number: int, error: float | None) -> Snapshot:
    image = np.zeros((3, 4, 3), np.uint8)
    return Snapshot(str(number), None, error, image, np.ones((3, 4), np.float32), None)


def fill(errors: list[float | None], most: int = 3) -> tuple[Pool, int]:
    pool, kept = Pool(most), 0
    for number, error in enumerate(errors):
        if pool.wants(error):
            kept += 1
            pool.add(snapshot(number, error))
        else:
            pool.skip()
    return pool, kept


def test_best_and_worst_are_exact_and_the_median_is_near() -> None:
    errors = np.random.default_rng(0).random(2000)
    pool, kept = fill(errors.tolist())
    assert kept < 400  # the rest was not even drawn small

    chosen = pool.chosen(errors)

    order = np.argsort(errors)
    by_kind = {kind: [c for c in chosen if c.kind == kind] for kind in ("best", "median", "worst")}
    assert [c.snapshot.name for c in by_kind["best"]] == [str(n) for n in order[:3]]
    assert [c.rank for c in by_kind["best"]] == [1, 2, 3]
    assert [c.snapshot.name for c in by_kind["worst"]] == [str(n) for n in order[-3:]]
    assert [c.rank for c in by_kind["worst"]] == [1998, 1999, 2000]
    for c in by_kind["median"]:
        assert abs(c.rank - 1000) < 150
        assert errors[order[c.rank - 1]] == c.snapshot.error  # the rank that is told is true


def test_a_short_run_shows_no_frame_twice() -> None:
    errors = np.array([0.3, 0.1, 0.2, 0.4])
    pool, _ = fill(errors.tolist())
    names = [c.snapshot.name for c in pool.chosen(errors)]
    assert sorted(names) == ["0", "1", "2", "3"]


def test_without_errors_frames_are_spread_over_the_run() -> None:
    pool, kept = fill([None] * 3000)
    chosen = pool.chosen(np.empty(0))
    numbers = [int(c.snapshot.name) for c in chosen]
    assert kept < 400
    assert 4 <= len(numbers) <= 12
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert numbers[-1] > 2000


def test_a_snapshot_has_one_size_for_all() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    truth = np.full((240, 320), 2.0, np.float32)
    depth = np.full((480, 640), np.nan, np.float32)
    taken = take_snapshot(Frame(image, truth, name="a"), depth, 1.0, 0.5)
    assert taken.image.shape == (240, 320, 3)
    assert taken.prediction.shape == taken.truth.shape == (240, 320)
    assert np.isnan(taken.prediction).all()
