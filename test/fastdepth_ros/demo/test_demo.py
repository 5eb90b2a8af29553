"""`fastdepth demo` from start to end: real processes, real DDS, a bag whose depth is known."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from fastdepth.bags import BagReader
from fastdepth.cli.main import main
from fastdepth.messages import decode_depth, stamp_ns
from fastdepth.metrics import METRIC_KEYS
from fastdepth_ros.demo.session import wait_until
from test.fastdepth_ros.demo import bags
from test.fastdepth_ros.demo.bags import (
    DEPTH,
    HEIGHT,
    IMAGE,
    INFO,
    PERIOD,
    START,
    WIDTH,
    camera_info,
    colour,
    write_bag,
)
from test.fastdepth_ros.isolation import ROOT
from test.mock_model import BIAS, WEIGHTS, build_mock_model, mock_card

pytestmark = pytest.mark.dds

FRAMES = 12
NET_WIDTH, NET_HEIGHT = 32, 24
# The network sees the 64x48 frames at half size: a focal length of 60 is 30 there.
CARD_FOCAL = 20.0
SCALE = 30.0 / CARD_FOCAL
TOO_FAR = 0.25  # metres that the prediction is beyond the truth


def predicted(index):
    """What the mock model says for frame `index`, with the scale to this camera; metres."""
    values = np.array(colour(index)) / 255.0
    return SCALE * (BIAS + float(np.dot(WEIGHTS, values)))


def truth(index):
    """Nearer than the prediction by TOO_FAR; the upper third is not measured."""
    depth = np.full((HEIGHT, WIDTH), predicted(index) - TOO_FAR)
    depth[: HEIGHT // 3] = 0.0
    return depth


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    card = mock_card(width=NET_WIDTH, height=NET_HEIGHT, focal_length=(CARD_FOCAL, CARD_FOCAL))
    # A name that would be misread if it were not quoted.
    folder = tmp_path_factory.mktemp("a model") / "of: mine #1"
    folder.mkdir()
    return build_mock_model(folder / "mock.onnx", card)


def demo(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "fastdepth", "demo", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def finished(model, tmp_path_factory):
    """Run the demo once; return its output folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    bag = write_bag(folder / "bag", FRAMES, truth)
    done = demo(bag, "--model", model, "--out", folder / "out" / "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out" / "demo", done.stdout


@pytest.fixture
def metrics(finished):
    return json.loads((finished[0] / "metrics.json").read_text())


def test_every_frame_is_accounted_for(metrics):
    assert metrics["frames_in"] == FRAMES
    assert metrics["frames_out"] + sum(metrics["dropped"].values()) == FRAMES
    assert metrics["frames_out"] >= 0.8 * FRAMES
    assert 0.0 < metrics["latency_ms"]["median"] <= metrics["latency_ms"]["p95"] < 10_000


def test_the_accuracy_is_the_known_one(metrics):
    assert set(METRIC_KEYS) <= set(metrics)
    assert metrics["frames"] == metrics["frames_out"]
    # Truth is stored in whole millimetres.
    assert metrics["mae"] == pytest.approx(TOO_FAR, abs=1e-3)
    assert metrics["rmse"] == pytest.approx(TOO_FAR, abs=1e-3)
    relative = [TOO_FAR / (predicted(index) - TOO_FAR) for index in range(FRAMES)]
    assert min(relative) <= metrics["abs_rel"] <= max(relative)
    assert metrics["delta1"] == 1.0
    assert metrics["coverage"] == 1.0
    assert (metrics["protocol"], metrics["align"]) == ("full", "none")
    assert metrics["model"] == "mock"


def test_the_recording_is_a_bag_with_everything_on_the_clock_of_the_played_one(finished, metrics):
    with BagReader(finished[0] / "depth") as reader:
        counts = {topic.name: topic.count for topic in reader.topics}
        messages = list(reader.messages(["/depth/image_rect"]))
        cameras = list(reader.messages(["/depth/camera_info"]))
        assert reader.storage == "mcap"
        assert reader.start >= START
        assert reader.end < START + FRAMES * PERIOD + 5_000_000_000
    out = metrics["frames_out"]
    assert counts == {
        IMAGE: FRAMES,
        INFO: FRAMES,
        DEPTH: FRAMES,
        "/depth/image_rect": out,
        "/depth/camera_info": out,
    }
    for raw, message in messages:
        stamp = stamp_ns(message.header)
        index, rest = divmod(stamp - START, PERIOD)
        assert rest == 0
        assert raw.time > stamp
        np.testing.assert_allclose(decode_depth(message), predicted(index), rtol=1e-5)
    for (_, message), (_, camera) in zip(messages, cameras, strict=True):
        assert stamp_ns(camera.header) == stamp_ns(message.header)
        assert (camera.width, camera.height) == (NET_WIDTH, NET_HEIGHT)
        assert camera.k[0] == 30.0


def test_the_recording_can_be_evaluated_by_itself(finished, model, tmp_path):
    json_file = tmp_path / "e.json"
    recording = str(finished[0] / "depth")
    assert main(["evaluate", recording, "--model", str(model), "--json", str(json_file)]) == 0
    assert json.loads(json_file.read_text())["mae"] == pytest.approx(TOO_FAR, abs=1e-3)


def test_pictures_are_written(finished):
    strip = cv2.imread(str(finished[0] / "strip.png"))
    assert strip.shape[1] > 1000
    shown = (strip == np.array(colour(0)[::-1])).all(axis=2).sum()
    assert shown >= 320 * 240 * 0.9
    animation = (finished[0] / "depth.webp").read_bytes()
    assert animation.count(b"ANMF") >= 0.8 * FRAMES


def test_what_is_printed_is_what_was_measured(finished, metrics):
    text = finished[1]
    assert f"frames in   {FRAMES}" in text
    assert f"frames out  {metrics['frames_out']}" in text
    assert f"{metrics['latency_ms']['median']:.1f} ms median" in text
    assert f"{metrics['latency_ms']['p95']:.1f} ms p95" in text
    assert "delta1" in text
    assert str(finished[0]) in text
    for entry in finished[0].iterdir():
        assert entry.name in text


def test_nothing_else_is_left_behind(finished):
    assert [entry.name for entry in finished[0].parent.iterdir()] == ["demo"]
    assert {e.name for e in finished[0].iterdir()} == {
        "strip.png", "depth.webp", "metrics.json", "depth", "node.log",
    }  # fmt: skip


def test_a_bag_without_depth_and_camera_is_played_without_accuracy(model, tmp_path, monkeypatch):
    image = "camera/rgb/image_color"  # without its slash, as in ROS 1
    monkeypatch.setattr(bags, "IMAGE", image)
    bag = write_bag(tmp_path / "bag", 4, with_info=False)
    done = demo(bag, "--model", model, "--out", tmp_path / "out", "--rate", "2")
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["frames_in"] == 4
    assert metrics["frames_out"] >= 1
    assert metrics["frames"] == 0
    assert "rmse" not in metrics
    assert metrics["topics"] == {"image": image, "camera_info": None, "depth": None}
    assert "no depth to compare with" in done.stdout
    with BagReader(tmp_path / "out" / "depth") as reader:
        assert [topic.name for topic in reader.topics] == [f"/{image}", "/depth/image_rect"]
        _, message = next(reader.messages(["/depth/image_rect"]))
    index = (stamp_ns(message.header) - START) // PERIOD
    np.testing.assert_allclose(decode_depth(message), predicted(index) / SCALE, rtol=1e-5)


def test_no_depth_at_all_fails_and_says_why(model, tmp_path):
    wrong = write_bag(tmp_path / "bag", 4, info=camera_info(width=320, height=240))
    out = tmp_path / "results" / "out"
    done = demo(wrong, "--model", model, "--out", out)
    assert done.returncode == 1
    assert "no depth came back for 4 frames" in done.stderr
    assert "camera_mismatch 4" in done.stderr
    assert "320x240" in done.stderr
    assert list(out.parent.iterdir()) == []


def test_a_model_the_node_refuses_fails_with_the_nodes_words(tmp_path):
    # The card is valid, but the network takes another size.
    model = build_mock_model(tmp_path / "m.onnx", mock_card(), with_card=True)
    data = model.read_bytes()
    assert data.count(b'"width": 32') == 1
    model.write_bytes(data.replace(b'"width": 32', b'"width": 48'))
    bag = write_bag(tmp_path / "bag", 2)
    out = tmp_path / "results" / "out"
    done = demo(bag, "--model", model, "--out", out)
    assert done.returncode == 1
    assert "the depth node ended by itself (exit code 1)" in done.stderr
    assert "depth_node" in done.stderr
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("missing model", "does not exist"),
        ("card-less model", "no model card"),
        ("missing bag", "nowhere"),
        ("bag without images", "no image topic"),
        ("own topic", "name of a topic that the node publishes"),
        ("unwritable out", "cannot make the output folder"),
        ("out is not a demo's", "not the output of an earlier demo"),
    ],
)
def test_bad_input_is_named_before_anything_is_played(model, tmp_path, capsys, what, told):
    bag = write_bag(tmp_path / "bag", 2)
    out = tmp_path / "results" / "out"
    out.parent.mkdir()
    left: list[str] = []
    options: list[str] = []
    if what == "missing model":
        model = tmp_path / "none.onnx"
    elif what == "card-less model":
        model = build_mock_model(tmp_path / "m.onnx", with_card=False)
    elif what == "missing bag":
        bag = tmp_path / "nowhere"
    elif what == "bag without images":
        bag = write_bag(tmp_path / "empty", 0)
    elif what == "own topic":
        bag = _with_topics_of_the_node(tmp_path / "own")
        options = ["--depth", "/depth/image_rect"]
    elif what == "unwritable out":
        out = bag / "metadata.yaml" / "out"
    else:
        out.mkdir()
        (out / "thesis.txt").touch()
        left = ["out"]
    assert main(["demo", str(bag), "--model", str(model), "--out", str(out), *options]) == 1
    assert told in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "results").iterdir()] == left


def test_a_wrong_rate_is_wrong_usage(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["demo", str(tmp_path / "bag"), "--rate", "0"])
    assert ended.value.code == 2
    assert "--rate" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_the_node_and_leaves_nothing(model, tmp_path, number):
    bag = write_bag(tmp_path / "bag", FRAMES)
    out = tmp_path / "results" / "out"
    command = [sys.executable, "-m", "fastdepth", "demo", str(bag), "--model", str(model)]
    command += ["--out", str(out), "--rate", "0.01"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert wait_until(lambda: _has_depth(out.parent), 60.0, lambda: None)
            nodes = _children(process.pid)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert nodes
    assert not any(Path(f"/proc/{pid}").exists() for pid in nodes)
    assert list(out.parent.iterdir()) == []


def _with_topics_of_the_node(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bags, "DEPTH", "/depth/image_rect")
        return write_bag(path, 2, truth)


def _has_depth(folder):
    """Return whether a demo that writes into a folder is under way: the node has published."""
    logs = folder.rglob("node.log") if folder.exists() else ()
    return any("first depth" in log.read_text() for log in logs)


def _children(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split() if _is_node(int(word))]


def _is_node(pid):
    return b"depth_node" in Path(f"/proc/{pid}/cmdline").read_bytes()
