from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagReader, BagWriter
from fastdepth.calibration import Calibration, FittedOn
from fastdepth.cli.main import main
from fastdepth.correction import Correction
from fastdepth.errors import BagError, ProtocolError, SettingError
from fastdepth.evaluation import stream
from fastdepth.metrics import METRIC_KEYS
from test.data import shared
from test.fastdepth.evaluation import making
from test.fastdepth.evaluation.making import stamp_of
from test.mock_model import build_mock_model, mock_card


def numpy_metrics(p: np.ndarray, g: np.ndarray) -> dict[str, float]:
    """Return the metrics by their definitions, one line each."""
    p, g = p.astype(np.float64), g.astype(np.float64)
    ratio = np.maximum(p / g, g / p)
    logs = np.log(p) - np.log(g)
    return {
        "rmse": np.sqrt(np.mean((p - g) ** 2)),
        "mae": np.mean(np.abs(p - g)),
        "abs_rel": np.mean(np.abs(p - g) / g),
        "sq_rel": np.mean((p - g) ** 2 / g),
        "log10": np.mean(np.abs(np.log10(p) - np.log10(g))),
        "rmse_log": np.sqrt(np.mean(logs**2)),
        "silog": 100 * np.std(logs),
        "delta1": np.mean(ratio < 1.25),
        "delta2": np.mean(ratio < 1.25**2),
        "delta3": np.mean(ratio < 1.25**3),
        "accuracy15": np.mean(np.abs(p - g) / g < 0.15),
    }


@pytest.fixture(scope="module")
def tum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a TUM folder with a few of the real frames."""
    whole = shared("data", "tum_freiburg1_rpy")
    folder = tmp_path_factory.mktemp("data") / "freiburg1_few"
    folder.mkdir()
    for name in ("rgb", "depth"):
        (folder / name).symlink_to(whole / name)
        lines = (whole / f"{name}.txt").read_text().splitlines()
        (folder / f"{name}.txt").write_text("\n".join(lines[:12]) + "\n")
    return folder


def by_hand(
    tum: Path, model: Path, size: tuple[int, int], focal: float
) -> list[tuple[str, dict[str, float]]]:
    """Compute each frame's metrics from the files, with neither bags nor this package's model."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    listed = {
        name: [
            (float(line.split()[0]), line.split()[1])
            for line in (tum / f"{name}.txt").read_text().splitlines()
            if not line.startswith("#")
        ]
        for name in ("rgb", "depth")
    }
    found = []
    fx, fy = 517.3 * size[0] / 640, 516.5 * size[1] / 480
    for stamp, file in listed["rgb"]:
        nearest = min(listed["depth"], key=lambda d: abs(d[0] - stamp))
        if abs(nearest[0] - stamp) > 0.02:
            continue
        bgr = cv2.imread(str(tum / file))
        rgb = cv2.resize(bgr[..., ::-1], size, interpolation=cv2.INTER_LINEAR)
        tensor = (rgb * np.float32(1 / 255)).transpose(2, 0, 1)[None]
        (output,) = session.run(None, {"image": np.ascontiguousarray(tensor)})
        depth = output[0, 0] * np.float32(math.sqrt(fx / focal * fy / focal))
        depth = cv2.resize(depth, (640, 480), interpolation=cv2.INTER_LINEAR)
        stored = cv2.imread(str(tum / nearest[1]), cv2.IMREAD_UNCHANGED)
        truth = (stored / 5000).astype(np.float32)
        found.append((f"{stamp:.6f}", numpy_metrics(depth[truth > 0], truth[truth > 0])))
    return found


def test_the_figures_of_a_tum_bag_are_those_of_numpy(tum: Path, tmp_path: Path) -> None:
    size, focal = (64, 48), 60.0
    card = mock_card(width=size[0], height=size[1], focal_length=(focal, focal))
    model = build_mock_model(tmp_path / "m.onnx", card, weights=(-2.0, 0.3, -1.0), bias=3.5)
    assert main(["bag", "from-tum", str(tum), str(tmp_path / "bag")]) == 0

    out = tmp_path / "out"
    command = ["evaluate", str(tmp_path / "bag"), "--model", str(model), "--out", str(out)]
    assert main(command) == 0

    expected = by_hand(tum, model, size, focal)
    assert len(expected) >= 8
    scored = {row["stamp"][:17]: row for row in making.rows(out) if row["status"] == "scored"}
    assert len(scored) == len(expected)
    for stamp, metrics in expected:
        for key, value in metrics.items():
            assert float(scored[stamp][key]) == pytest.approx(value, abs=1e-6, rel=1e-6), key
    figures = json.loads((out / "metrics.json").read_text())
    for key in METRIC_KEYS:
        mean = np.mean([metrics[key] for _, metrics in expected])
        assert figures[key] == pytest.approx(mean, abs=1e-6, rel=1e-6)
    assert figures["frames"] == len(expected)
    assert figures["frames"] + sum(figures["skipped"].values()) == figures["total"]
    assert figures["total"] == (tum / "rgb.txt").read_text().count(".jpg")


def test_on_one_cpu_all_is_done_in_turn_and_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def truth(number: int, predicted: np.ndarray) -> np.ndarray | None:
        return None if number % 7 == 3 else predicted * np.float32(1 + number / 1000)

    # Alike enough from frame to frame for some of it to be steady.
    bag = making.write_bag(tmp_path / "bag", 30, truth, seed=lambda number: number // 15)
    options = making.options(tmp_path, record_rate=math.inf)
    monkeypatch.setattr(stream, "usable_cpus", lambda: 2.0)
    side_by_side = making.run(bag, options, tmp_path / "side_by_side")
    monkeypatch.setattr(stream, "usable_cpus", lambda: 1.0)
    threads: set[str] = set()
    monkeypatch.setattr(
        stream, "view", lambda _, frame: threads.add(threading.current_thread().name) or frame
    )
    in_turn = making.run(bag, options, tmp_path / "in_turn")
    assert threads == {threading.current_thread().name}
    assert in_turn["frames"] == 26
    assert in_turn["skipped"]
    assert in_turn["steadiness"]["frames"] > 10
    # Of what is written every figure is the same to the last bit, but for the times.
    assert _without_times(in_turn) == _without_times(side_by_side)
    both = [
        [
            {k: v for k, v in row.items() if not k.endswith("_ms")}
            for row in making.rows(tmp_path / out)
        ]
        for out in ("in_turn", "side_by_side")
    ]
    assert both[0] == both[1]
    with (
        BagReader(tmp_path / "in_turn" / "depth.mcap") as one,
        BagReader(tmp_path / "side_by_side" / "depth.mcap") as other,
    ):
        for mine, its in zip(one.raw(), other.raw(), strict=True):
            assert mine == its


def _without_times(figures: dict[str, Any]) -> dict[str, Any]:
    timed = {"ms", "seconds", "rate", "findings"}
    return {key: value for key, value in figures.items() if key not in timed}


def test_every_frame_is_scored_or_has_a_reason(tmp_path: Path) -> None:
    def truth(number: int, predicted: np.ndarray) -> np.ndarray | None:
        if number == 1:
            return None
        return np.full_like(predicted, np.nan) if number == 2 else predicted / np.float32(1.25)

    bag = making.write_bag(tmp_path / "bag", 6, truth)
    figures = making.run(bag, making.options(tmp_path), tmp_path / "out")

    assert figures["frames"] == 4
    assert figures["skipped"] == {
        "no ground truth near in time": 1,
        "no valid ground-truth pixel": 1,
    }
    assert figures["total"] == 6
    status = [row["status"] for row in making.rows(tmp_path / "out")]
    assert status[0] == status[3] == status[4] == status[5] == "scored"
    assert status[1:3] == ["no ground truth near in time", "no valid ground-truth pixel"]
    assert figures["abs_rel"] == pytest.approx(0.25, rel=1e-5)
    assert figures["scale"]["best"] == pytest.approx(0.8, rel=1e-5)
    assert any("25% too far" in sentence for sentence in figures["findings"])


def test_unreadable_images_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bag"
    making.write_bag(tmp_path / "whole", 3)
    with BagReader(tmp_path / "whole") as whole, BagWriter(path) as bag:
        for number, raw in enumerate(whole.raw()):
            cdr = raw.cdr[:200] if number == 0 else raw.cdr
            bag.write_raw(raw.topic, raw.type, raw.time, cdr)
    figures = making.run(path, making.options(tmp_path))
    assert sum(figures["skipped"].values()) + figures["frames"] == 3


@pytest.mark.parametrize("align", ["none", "median", "lstsq"])
def test_alignment_takes_the_scale_out_but_still_tells_it(tmp_path: Path, align: Any) -> None:
    bag = making.write_bag(tmp_path / "bag", 3, lambda _, predicted: predicted * np.float32(1.1))
    figures = making.run(bag, making.options(tmp_path, align=align))
    assert figures["abs_rel"] == pytest.approx(1 - 1 / 1.1 if align == "none" else 0, abs=1e-6)
    assert figures["scale"]["best"] == pytest.approx(1.1, rel=1e-5)
    assert "9% short" in " ".join(figures["findings"])


def test_scale_drift_is_told(tmp_path: Path) -> None:
    def truth(number: int, predicted: np.ndarray) -> np.ndarray:
        return predicted * np.float32(1 + 0.01 * number)

    figures = making.run(making.write_bag(tmp_path / "bag", 11, truth), making.options(tmp_path))
    # A percent each 50 ms is 12 a minute.
    assert figures["scale"]["drift_per_minute"] == pytest.approx(12, rel=1e-4)
    assert figures["scale"]["best"] == pytest.approx(1.05, rel=1e-5)


def test_a_bag_without_ground_truth_gives_speed_steadiness_and_pictures(tmp_path: Path) -> None:
    # The scene stands still, except that it changes altogether at frame 4.
    bag = making.write_bag(tmp_path / "bag", 8, lambda *_: None, seed=lambda n: n // 4)
    out = tmp_path / "out"
    figures = making.run(bag, making.options(tmp_path), out)

    assert figures["frames"] == 0
    assert "rmse" not in figures
    assert figures["skipped"] == {"no ground truth near in time": 8}
    assert figures["ms"]["infer"]["median"] > 0
    assert figures["steadiness"]["change"] == 0
    assert figures["steadiness"]["frames"] == 6
    page = (out / "report.html").read_text()
    assert "no ground truth" in page
    assert page.count("data:image/jpeg") >= 2


def test_a_calibration_is_applied(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 3, lambda _, predicted: predicted * np.float32(1.2))
    origin = FittedOn("a bag", "mock 1", 1, 1000)
    path = tmp_path / "calibration.yaml"
    Calibration(Correction(1.2), origin).write(path)
    figures = making.run(bag, making.options(tmp_path, calibration=path))
    assert figures["abs_rel"] == pytest.approx(0, abs=1e-6)
    assert figures["calibration"] == {"file": str(path), "scale": 1.2, "offset": 0.0}
    assert not figures["warnings"]

    Calibration(Correction(1.2), FittedOn("a bag", "another 3", 1, 1000)).write(path)
    figures = making.run(bag, making.options(tmp_path, calibration=path))
    assert "another 3" in figures["warnings"][0]


def test_a_calibration_hides_no_pixel_from_the_figures(tmp_path: Path) -> None:
    """Beyond infinity is as far as the model's range goes, and is scored."""
    bag = making.write_bag(tmp_path / "bag", 1)
    path = tmp_path / "calibration.yaml"
    Calibration(Correction(1.0, -0.25), FittedOn("a bag", "mock 1", 1, 1)).write(path)
    figures = making.run(bag, making.options(tmp_path, calibration=path))
    _, truth = making.scene(0)
    with np.errstate(divide="ignore"):
        corrected = np.where(truth < 4, 1 / (1 / truth.astype(np.float64) - 0.25), 8.0)
    assert np.count_nonzero(truth > 4) > 10
    assert figures["mae"] == pytest.approx(np.mean(np.abs(corrected - truth)), rel=1e-4)


def test_truth_in_the_wrong_unit_is_warned_of(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 2, lambda _, predicted: predicted * np.float32(1000))
    (warning,) = making.run(bag, making.options(tmp_path))["warnings"]
    assert "it is in millimetres, but stored as 32FC1" in warning


def test_an_uncalibrated_camera_is_warned_of(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 2, info={"k": [0.0] * 9})
    figures = making.run(bag, making.options(tmp_path))
    assert figures["frames"] == 2
    assert "2 frames have a camera_info with a K of zeros" in figures["warnings"][0]


def test_the_camera_scale_can_be_switched_off(tmp_path: Path) -> None:
    k = [80.0, 0, 19.5, 0, 80.0, 14.5, 0, 0, 1]
    bag = making.write_bag(tmp_path / "bag", 2, info={"k": k})
    assert making.run(bag, making.options(tmp_path))["abs_rel"] == pytest.approx(1, rel=1e-5)
    off = making.run(bag, making.options(tmp_path, camera_aware=False))
    assert off["abs_rel"] == pytest.approx(0, abs=1e-6)
    assert "--no-camera-scale" in off["warnings"][0]


def test_stamps_that_go_backwards_are_warned_of(tmp_path: Path) -> None:
    stamps = [stamp_of(n) for n in (5, 6, 0, 1)]
    figures = making.run(
        making.write_bag(tmp_path / "bag", 4, stamps=stamps), making.options(tmp_path)
    )
    assert figures["frames"] == 4
    assert "go backwards 1 times" in figures["warnings"][0]


def test_truth_of_another_resolution_is_scored_at_its_own(tmp_path: Path) -> None:
    def truth(_: int, predicted: np.ndarray) -> np.ndarray:
        size = (2 * making.WIDTH, 2 * making.HEIGHT)
        return cv2.resize(predicted, size, interpolation=cv2.INTER_LINEAR) / np.float32(1.25)

    bag = making.write_bag(tmp_path / "bag", 2, truth)
    figures = making.run(bag, making.options(tmp_path), tmp_path / "out")
    assert figures["abs_rel"] == pytest.approx(0.25, rel=1e-5)
    pixels = [float(row["pixels"]) for row in making.rows(tmp_path / "out")]
    assert pixels == [4 * making.WIDTH * making.HEIGHT] * 2


def test_an_empty_bag_and_missing_topics_say_what_is_there(tmp_path: Path) -> None:
    options = making.options(tmp_path)
    with BagWriter(tmp_path / "empty"):
        pass
    with pytest.raises(BagError, match="no image topic; it has no topics"):
        making.run(tmp_path / "empty", options)
    bag = making.write_bag(tmp_path / "bag", 1)
    named = making.options(tmp_path, source={"depth": "/nothing"})
    with pytest.raises(BagError, match=r"no topic /nothing; it has .*/camera/color/image_raw"):
        making.run(bag, named)
    wrong = making.options(tmp_path, source={"depth": "/camera/color/camera_info"})
    with pytest.raises(BagError, match=r"has type sensor_msgs/msg/CameraInfo; expected .*Image"):
        making.run(bag, wrong)


def test_impossible_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="record rate is -1"):
        making.options(tmp_path, record_rate=-1.0)
    with pytest.raises(ProtocolError, match="unknown protocol 'best'"):
        making.options(tmp_path, protocol="best")
