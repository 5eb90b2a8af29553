"""What an evaluation leaves behind: whole, stopped, or failed."""

from __future__ import annotations

import math
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagReader
from fastdepth.engines.onnxruntime_engine import OnnxRuntimeEngine
from fastdepth.errors import OutputError, ProtocolError
from fastdepth.evaluation import evaluate_source, finished, stream
from fastdepth.evaluation.recording import Recording
from fastdepth.messages import decode_compressed, decode_depth
from test.fastdepth.evaluation import making
from test.fastdepth.evaluation.making import stamp_of
from test.mock_model import build_mock_model, mock_card


def test_a_stop_leaves_a_valid_partial_result(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 40)
    stopped = threading.Event()
    done: list[int] = []

    def show(count: int, total: int) -> None:
        assert total == 40
        done.append(count)
        if count == 5:
            stopped.set()

    out = tmp_path / "out"
    options = making.options(tmp_path, record_rate=math.inf)
    figures = evaluate_source(bag, options, out, show, stopped.is_set)

    assert figures["partial"]
    assert 5 <= figures["frames"] < 40  # some were under way
    assert figures["frames"] == len(done) == len(making.rows(out))
    assert figures["skipped"] == {
        "not reached before the interruption": 40 - figures["frames"],
    }
    assert "<b>Partial.</b>" in (out / "report.html").read_text()
    with BagReader(out / "depth.mcap") as recording:
        assert recording.topic("/depth/image_rect").count == figures["frames"]
    assert finished(out, figures["fingerprint"]) is None  # it is not taken for a whole one


def test_depth_mcap_holds_image_prediction_truth_and_error(tmp_path: Path) -> None:
    bag = making.write_bag(
        tmp_path / "bag", 4, lambda n, predicted: None if n == 3 else predicted + np.float32(0.5)
    )
    out = tmp_path / "out"
    making.run(bag, making.options(tmp_path, record_rate=math.inf), out)

    with BagReader(out / "depth.mcap") as recording:
        assert {topic.name: topic.count for topic in recording.topics} == {
            "/camera/image/compressed": 4,
            "/camera/camera_info": 4,
            "/depth/image_rect": 4,
            "/depth/camera_info": 4,
            "/ground_truth/image_rect": 3,
            "/error/image_rect": 3,
        }
        first = {}
        for raw, message in recording.messages():
            first.setdefault(raw.topic, message)
    for message in first.values():
        assert message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec == stamp_of(
            0
        )
    image, predicted = making.scene(0)
    jpeg = decode_compressed(first["/camera/image/compressed"])
    assert jpeg.array.shape == image.shape
    depth = decode_depth(first["/depth/image_rect"])
    np.testing.assert_allclose(depth, predicted, atol=0.0006)
    truth = decode_depth(first["/ground_truth/image_rect"])
    np.testing.assert_allclose(truth - depth, 0.5, atol=0.0012)
    error = np.frombuffer(first["/error/image_rect"].data, np.float32).reshape(depth.shape)
    np.testing.assert_allclose(error, -0.5, atol=0.0006)
    assert first["/depth/camera_info"].k[0] == pytest.approx(making.CAMERA.fx)


def test_the_recording_keeps_to_its_rate(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 40)  # two seconds
    for rate, expected in ((5.0, 10), (10.0, 20), (math.inf, 40)):
        out = tmp_path / f"out{rate}"
        making.run(bag, making.options(tmp_path, record_rate=rate), out)
        with BagReader(out / "depth.mcap") as recording:
            assert recording.topic("/depth/image_rect").count == expected
    making.run(bag, making.options(tmp_path, record_rate=0.0), tmp_path / "none")
    assert not (tmp_path / "none" / "depth.mcap").exists()


def test_the_output_replaces_only_its_own_kind(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 2)
    options = making.options(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match="is not the output of an earlier evaluation"):
        making.run(bag, options, other)
    assert (other / "thesis.tex").read_text() == "years"
    with pytest.raises(OutputError, match="lies in the output folder"):
        making.run(bag, options, bag)
    making.run(bag, options, tmp_path / "out")
    making.run(bag, options, tmp_path / "out")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["bag", "model.onnx", "other", "out"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 3)
    with pytest.raises(ProtocolError, match="640x480"):
        making.run(bag, making.options(tmp_path, protocol="eigen"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert sorted(f.name for f in tmp_path.iterdir()) == ["bag", "model.onnx"]


@pytest.mark.parametrize("stage", ["read", "predict", "score"])
@pytest.mark.parametrize("cpus", [1.0, 2.0])
def test_an_error_in_any_stage_ends_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, cpus: float
) -> None:
    """It is raised when the frames before it are done; nothing is left, and no thread runs on."""
    bag = making.write_bag(tmp_path / "bag", 20)
    options = making.options(tmp_path, record_rate=math.inf)
    monkeypatch.setattr(stream, "usable_cpus", lambda: cpus)
    what = {
        "read": (BagReader, "decode"),
        "predict": (OnnxRuntimeEngine, "run"),
        "score": (Recording, "add"),
    }[stage]
    whole, calls = getattr(*what), Counter[str]()

    def fails(*args: Any, **named: Any) -> Any:
        calls[stage] += 1
        # Messages are decoded for other reasons too; the model has been warmed up twice.
        sixth = {
            "read": lambda: args[1].type.endswith("/Image") and args[1].time == stamp_of(6),
            "predict": lambda: calls[stage] == 9,
            "score": lambda: calls[stage] == 7,
        }
        if sixth[stage]():
            msg = f"cannot {stage}"
            raise OutputError(msg)
        return whole(*args, **named)

    monkeypatch.setattr(*what, fails)
    done: list[int] = []
    before = threading.active_count(), cv2.getNumThreads(), sys.getswitchinterval()
    with pytest.raises(OutputError, match=f"cannot {stage}"):
        evaluate_source(
            bag, options, tmp_path / "out", lambda count, _: done.append(count), lambda: False
        )
    assert done == [1, 2, 3, 4, 5, 6]
    assert (threading.active_count(), cv2.getNumThreads(), sys.getswitchinterval()) == before
    assert sorted(f.name for f in tmp_path.iterdir()) == ["bag", "model.onnx"]


def test_a_fingerprint_changes_with_what_the_result_depends_on(tmp_path: Path) -> None:
    bag = making.write_bag(tmp_path / "bag", 1)
    options = making.options(tmp_path)
    first = options.fingerprint(bag)
    assert making.options(tmp_path, threads=2).fingerprint(bag) == first
    assert making.options(tmp_path, align="median").fingerprint(bag) != first
    assert making.options(tmp_path, source={"max_dt": 0.1}).fingerprint(bag) != first
    other = making.write_bag(tmp_path / "other" / "bag", 2)
    assert options.fingerprint(other) != first
    card = mock_card(width=making.WIDTH, height=making.HEIGHT)
    build_mock_model(tmp_path / "model.onnx", card, bias=0.6)
    assert options.fingerprint(bag) != first
