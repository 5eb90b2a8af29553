from __future__ import annotations

from typing import Any

import pytest

from fastdepth.evaluation.words import findings, range_name, warnings


def figures(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "frames": 10,
        "total": 10,
        "partial": False,
        "skipped": {},
        "align": "none",
        "abs_rel": 0.12,
        "rmse": 0.34,
        "delta1": 0.876,
        "scale": None,
        "calibration": None,
        "camera_aware": True,
        "counts": {},
        "ranges": [],
        "regions": {"inside": None, "border": None},
        "steadiness": None,
        "ms": {"prepare": None, "infer": None, "finish": None},
    }
    return values | more


def scale(best: float, low: float, high: float) -> dict[str, float]:
    return {"best": best, "p5": low, "p95": high, "drift_per_minute": 0.0}


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (1 / 0.92, "Depth is 8% short here"),
        (1 / 1.08, "Depth is 8% too far here"),
        (3.0, "short by a factor of 3"),
        (0.25, "too far by a factor of 4"),
        (1.01, "The scale is right to 1.0%"),
    ],
)
def test_the_scale_is_told_in_the_right_direction(best: float, words: str) -> None:
    said = " ".join(findings(figures(scale=scale(best, best * 0.99, best * 1.01))))
    assert words in said


def test_calibration_is_proposed_only_where_it_can_help() -> None:
    steady = findings(figures(scale=scale(1.1, 1.05, 1.15)))[1]
    assert "`fastdepth calibrate` tells whether" in steady
    mixed = findings(figures(scale=scale(1.1, 0.8, 1.3)))[1]
    assert "no single factor" in mixed
    done = findings(figures(scale=scale(1.1, 1.05, 1.15), calibration={"file": "c.yaml"}))[1]
    assert "calibrate" not in done


def test_the_first_sentence_is_the_accuracy() -> None:
    first = findings(figures())[0]
    assert first == (
        "Over 10 frames, depth is off by 12.0% of the distance on average (RMSE 0.34 m); 87.6% of "
        "the pixels are within 25 %."
    )
    assert "scaled to the ground truth" in findings(figures(align="median"))[0]
    assert "no ground truth" in findings(figures(frames=0))[0]


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (1100, "millimetres, but stored as 32FC1"),
        (0.0009, "metres, but stored as 16UC1"),
        (5.2, "5000 of its units are a metre"),
        (10.3, "tenths of a millimetre"),
        (60, "its unit is not what its encoding says"),
    ],
)
def test_a_wrong_unit_is_guessed(best: float, words: str) -> None:
    (warning,) = warnings(figures(scale=scale(best, best, best)))
    assert words in warning
    assert not warnings(figures(scale=scale(1.4, 1.4, 1.4)))


def test_few_scored_frames_are_warned_of() -> None:
    (warning,) = warnings(figures(frames=2, skipped={"no ground truth": 8}))
    assert warning == "Only 2 of 10 frames could be scored (no ground truth 8)."
    assert not warnings(figures(frames=2, skipped={"not reached": 8}, partial=True))


def test_ranges_and_border_are_told() -> None:
    ranges = [
        {"from": 0.0, "to": 1.0, "share": 0.5, "abs_rel": 0.3, "bias": 0.2},
        {"from": 1.0, "to": 2.0, "share": 0.49, "abs_rel": 0.1, "bias": 0.0},
        {"from": 40.0, "to": None, "share": 0.01, "abs_rel": 0.9, "bias": -20.0},
    ]
    regions = {"inside": {"abs_rel": 0.1}, "border": {"abs_rel": 0.2}}
    said = findings(figures(ranges=ranges, regions=regions))
    assert "best at 1-2 m (off by 10.0%) and worst at 0-1 m (30.0%, +0.20 m" in said[1]
    assert said[2] == "The border of the image is 2.0 times as wrong as the rest."
    assert range_name(ranges[2]) == "over 40 m"
