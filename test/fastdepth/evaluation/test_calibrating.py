from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.calibration import Calibration
from fastdepth.cli.main import main
from fastdepth.errors import CalibrationError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.calibrating import Calibrated, calibrate
from fastdepth.sources import BagSource
from test.data import shared
from test.fastdepth.evaluation import making
from test.mock_model import build_mock_model, mock_card


def fit(bag: Path, tmp_path: Path, **options: Any) -> Calibrated:
    estimator = DepthEstimator.load(making.model(tmp_path), threads=1)
    return calibrate(BagSource(bag), estimator, **options)


def noisy(factor: float, predicted: np.ndarray, number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    noise = rng.normal(1, 0.03, predicted.shape)
    return (predicted * factor * noise).astype(np.float32)


def test_half_of_a_bag_improves_the_other_half(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 20, lambda n, p: noisy(1.2, p, n))

    result = fit(bag, tmp_path)

    assert result.calibration.correction.scale == pytest.approx(1.2, rel=0.005)
    assert result.calibration.correction.offset == 0
    assert result.calibration.fitted_on.frames == 10
    gain = result.calibration.gain
    assert gain is not None
    assert gain.frames == 10
    assert gain.before["abs_rel"] == pytest.approx(1 - 1 / 1.2, abs=0.01)
    assert gain.after["abs_rel"] < 0.03
    assert result.helps


def test_the_gain_is_of_frames_that_were_not_fitted_to(tmp_path: Path) -> None:
    """The second half has another scale, so that a correction of the first makes it worse."""
    bag = making.write_bag(tmp_path / "bag", 20, lambda n, p: noisy(1.3 if n < 10 else 0.9, p, n))
    result = fit(bag, tmp_path)
    assert result.calibration.correction.scale == pytest.approx(1.3, rel=0.005)
    assert not result.helps


def test_scale_and_offset_are_told_apart(tmp_path: Path) -> None:
    def truth(number: int, predicted: np.ndarray) -> np.ndarray:
        del number
        return (1 / (1 / (1.1 * predicted.astype(np.float64)) + 0.05)).astype(np.float32)

    bag = making.write_bag(tmp_path / "bag", 10, truth)
    both = fit(bag, tmp_path, kind="scale-offset")
    assert both.calibration.correction.scale == pytest.approx(1.1, rel=1e-3)
    assert both.calibration.correction.offset == pytest.approx(0.05, rel=1e-2)
    alone = fit(bag, tmp_path)
    assert both.calibration.gain is not None
    assert alone.calibration.gain is not None
    assert both.calibration.gain.after["abs_rel"] < alone.calibration.gain.after["abs_rel"] / 5


def test_a_part_without_truth_is_an_error(tmp_path: Path) -> None:
    first = making.write_bag(tmp_path / "first", 8, lambda n, p: p if n < 4 else None)
    with pytest.raises(CalibrationError, match="no ground truth after its first 4 frames"):
        fit(first, tmp_path)
    last = making.write_bag(tmp_path / "last", 8, lambda n, p: p if n >= 4 else None)
    with pytest.raises(CalibrationError, match="the frames to fit to have no ground truth"):
        fit(last, tmp_path)
    with pytest.raises(CalibrationError, match="share of frames to fit to is 1"):
        fit(last, tmp_path, share=1.0)


def test_the_verb_writes_what_evaluate_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = making.write_bag(tmp_path / "bag", 12, lambda n, p: noisy(0.8, p, n))
    model, out = str(making.model(tmp_path)), tmp_path / "calibration.yaml"
    assert main(["calibrate", str(bag), "--model", model, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "6 other frames    before     after" in printed
    assert Calibration.read(out).correction.scale == pytest.approx(0.8, rel=0.005)
    assert main(["evaluate", str(bag), "--model", model, "--calibration", str(out)]) == 0
    assert "The scale is right" in capsys.readouterr().out


def test_a_correction_that_does_not_help_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = making.write_bag(tmp_path / "bag", 12, lambda n, p: noisy(1.3 if n < 6 else 0.9, p, n))
    out = tmp_path / "calibration.yaml"
    command = ["calibrate", str(bag), "--model", str(making.model(tmp_path)), "--out", str(out)]
    assert main(command) == 1
    assert "not written" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, "--force"]) == 0
    assert out.exists()


def test_a_known_scale_error_of_a_real_recording_is_found(tmp_path: Path) -> None:
    """A model that is only a fixed depth: real depth about it, with a factor put in."""
    whole = shared("data", "tum_freiburg1_rpy")
    folder = tmp_path / "freiburg1"
    folder.mkdir()
    for name in ("rgb", "depth"):
        (folder / name).symlink_to(whole / name)
        lines = (whole / f"{name}.txt").read_text().splitlines()
        (folder / f"{name}.txt").write_text("\n".join(lines[:11]) + "\n")
    found = []
    for bias in (1.0, 2.0):
        card = mock_card(width=32, height=24)
        model = build_mock_model(tmp_path / f"{bias}.onnx", card, weights=(0, 0, 0), bias=bias)
        out = tmp_path / f"{bias}.yaml"
        command = ["calibrate", str(folder), "--model", str(model), "--out", str(out)]
        assert main([*command, "--force"]) == 0
        found.append(Calibration.read(out))
    # Depth twice as far needs half the factor, and both end at the same figures.
    assert found[0].correction.scale / found[1].correction.scale == pytest.approx(2, rel=1e-4)
    assert found[0].gain is not None
    assert found[1].gain is not None
    assert found[0].gain.after["rmse"] == pytest.approx(found[1].gain.after["rmse"], rel=1e-4)
