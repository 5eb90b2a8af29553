from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.cli.main import main
from fastdepth.errors import SettingError, SourceError
from fastdepth.evaluation import comparing, evaluate_source
from fastdepth.evaluation.comparing import compare_runs
from test.fastdepth.evaluation import making


def run(bag: Path, tmp_path: Path, name: str, **options: Any) -> Path:
    out = tmp_path / name
    evaluate_source(bag, making.options(tmp_path, **options), out, lambda *_: None, lambda: False)
    return out


def noisy(number: int, predicted: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(number)
    return predicted * rng.uniform(0.85, 0.95, predicted.shape).astype(np.float32)


def test_a_better_run_is_better_and_the_same_run_is_no_different(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 60, noisy)
    a = run(bag, tmp_path, "a")
    b = run(bag, tmp_path, "b", align="median")

    runs = compare_runs(a, b)

    error = runs.metrics["abs_rel"]
    assert error.verdict("abs_rel") == "better"
    assert error.low < error.difference < error.high < 0
    assert error.better == 1
    assert runs.metrics["accuracy15"].verdict("accuracy15") == "better"
    assert runs.frames == 60
    assert runs.settings == {"align": ("none", "median")}
    assert compare_runs(b, a).metrics["abs_rel"].verdict("abs_rel") == "worse"
    same = compare_runs(a, a).metrics["rmse"]
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    assert same.verdict("rmse") == "no clear difference"


def test_the_interval_is_that_of_the_mean_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of independent frames the bootstrap agrees with the textbook's 1.96 standard errors."""
    monkeypatch.setattr(comparing, "BLOCK_SECONDS", 0.001)
    bag = making.write_bag(tmp_path / "bag", 80, noisy)
    a, b = run(bag, tmp_path, "a"), run(bag, tmp_path, "b", align="median")
    runs = compare_runs(a, b)
    first, second = runs.columns["rmse"]
    change = second - first
    found = runs.metrics["rmse"]
    assert runs.block == 1
    assert found.difference == pytest.approx(change.mean(), rel=1e-9)
    half = 1.96 * change.std(ddof=1) / np.sqrt(change.size)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_neighbouring_frames_are_resampled_together(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 100)
    a = run(bag, tmp_path, "a")
    assert compare_runs(a, a).block == making.RATE  # a second of them


def test_only_frames_that_both_scored_are_compared(tmp_path: Path) -> None:
    def some(number: int, predicted: np.ndarray) -> np.ndarray | None:
        return None if number < 3 else predicted

    a = run(making.write_bag(tmp_path / "one" / "bag", 10), tmp_path, "a")
    b = run(making.write_bag(tmp_path / "two" / "bag", 10, some), tmp_path, "b")
    runs = compare_runs(a, b)
    assert (runs.frames, runs.only_a, runs.only_b) == (7, 3, 0)
    assert "source" in runs.settings


def test_the_verb_prints_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = making.write_bag(tmp_path / "bag", 20, noisy)
    a, b = run(bag, tmp_path, "a"), run(bag, tmp_path, "b", align="median")
    result, page = tmp_path / "c.json", tmp_path / "c.html"
    assert main(["compare", str(a), str(b), "--json", str(result), "--html", str(page)]) == 0
    out = capsys.readouterr().out
    assert "20 frames that both scored, protocol full" in out
    assert "they also differ in align: A none, B median" in out
    assert json.loads(result.read_text())["metrics"]["abs_rel"]["verdict"] == "better"
    assert "<svg" in page.read_text()


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    a = run(making.write_bag(tmp_path / "one" / "bag", 3), tmp_path, "a")
    later = [making.stamp_of(n + 100) for n in range(3)]
    b = run(making.write_bag(tmp_path / "two" / "bag", 3, stamps=later), tmp_path, "b")
    with pytest.raises(SourceError, match="no scored frame in common"):
        compare_runs(a, b)
    figures = json.loads((b / "metrics.json").read_text())
    (b / "metrics.json").write_text(json.dumps(figures | {"protocol": "eigen"}))
    with pytest.raises(SettingError, match=r"protocol full, .* by eigen"):
        compare_runs(a, b)
    with pytest.raises(SourceError, match=r"metrics\.json cannot be read"):
        compare_runs(a, tmp_path)
