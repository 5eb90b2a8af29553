"""Live evaluation: real nodes and a real player, against the offline figures."""

from __future__ import annotations

import json
import signal

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray

from fastdepth.bags import BagReader, BagWriter
from fastdepth.bags.topics import CAMERA_INFO, COMPRESSED_IMAGE
from fastdepth.bags.topics import IMAGE as RAW
from fastdepth.calibration import Calibration, FittedOn
from fastdepth.cli.main import main
from fastdepth.compressed_depth import encode_millimetres
from fastdepth.correction import Correction
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.records import read_records
from fastdepth.messages import decode_depth, image_fields
from fastdepth.sources import BagSource
from fastdepth_ros.demo.player import Player
from fastdepth_ros.demo.session import RosSession
from test.fastdepth_ros.dds import Client, NodeProcess, stamp_of, values_of, wait_until
from test.fastdepth_ros.demo.bags import (
    DEPTH,
    HEIGHT,
    IMAGE,
    INFO,
    PERIOD,
    START,
    WIDTH,
    camera_info,
    header,
    millimetres,
)
from test.fastdepth_ros.isolation import ENVIRONMENT
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

FRAMES = 24
ACCURACY = "/evaluate_node: accuracy"
TOLERANCE = 1e-4  # metres


def scene_bag(path, *, packed):
    """Write a bag of textured pictures; frame 5 has no ground truth, frame 7 none that is valid.

    Args:
        path: of the bag.
        packed: whether pictures and ground truth are compressed.

    """
    random = np.random.default_rng(3)
    with BagWriter(path) as writer:
        for index in range(FRAMES):
            stamp = START + index * PERIOD
            picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
            writer.write(INFO, CAMERA_INFO, stamp, header=header(stamp), **camera_info())
            if packed:
                data = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
                fields = {"header": header(stamp), "format": "jpeg", "data": data}
                writer.write(f"{IMAGE}/compressed", COMPRESSED_IMAGE, stamp, **fields)
            else:
                writer.write(IMAGE, RAW, stamp, header=header(stamp), **image_fields(picture))
            if index == 5:
                continue
            late = stamp + 3_000_000
            depth = random.uniform(0.5, 9.0, (HEIGHT, WIDTH))
            depth[: 48 if index == 7 else 12] = 0.0
            if packed:
                fields = encode_millimetres(np.rint(depth * 1000).astype(np.uint16))._asdict()
                topic = f"{DEPTH}/compressedDepth"
                writer.write(topic, COMPRESSED_IMAGE, late, header=header(late), **fields)
            else:
                writer.write(DEPTH, RAW, late, header=header(late), **millimetres(depth))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "mock.onnx"
    card = mock_card(width=32, height=24, focal_length=(20.0, 20.0), depth_range=(0.01, 100.0))
    return build_mock_model(path, card)


class Evaluation(NodeProcess):
    """An evaluate_node of its own process."""

    def __init__(self, domain, *arguments, **environment):
        code = (
            "import sys; from fastdepth_ros.evaluate_node import main; sys.exit(main(sys.argv[1:]))"
        )
        super().__init__(domain, *arguments, code=code, **environment)


def play(bag, domain, reports, tmp_path):
    """Play the bag once both nodes know its publishers, and are known."""
    environment = ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain), "ROS_LOG_DIR": str(tmp_path)}
    with RosSession("play", environment) as session, BagReader(bag) as reader:
        topics = [topic.name for topic in reader.topics]
        (image,) = [topic for topic in topics if topic.startswith(IMAGE)]
        player = Player(session.node, reader, topics, rate=0.5)

        def is_known():
            evaluation, depth = told_by(reports, ACCURACY), told_by(reports, "/depth_node: depth")
            return (
                evaluation.get("image_publishers") == "1"
                and evaluation.get("ground_truth_publishers") == "1"
                and depth.get("image_publishers") == "1"
                and player.has_subscribers()
                and session.node.count_subscribers(image) == 2
            )

        wait_until(is_known, "the nodes to find the player")
        for _ in player.play():
            session.check()
        wait_until(
            lambda: told_by(reports, ACCURACY).get("images") == str(FRAMES), "the last image"
        )


def agree_by_pixel(bag, model, factor, messages):
    """Compare each published depth image with what the model says offline, pixel by pixel."""
    estimator = DepthEstimator.load(model, threads=1)
    by_stamp = {stamp_of(message): message for message in messages}
    compared = 0
    for frame in BagSource(bag):
        message = by_stamp.get(frame.stamp)
        if message is None:
            continue
        expected = estimator.predict_frame(frame).values * np.float32(factor)
        published = decode_depth(message)
        assert np.ptp(published) > 0.5
        np.testing.assert_allclose(published, expected, rtol=0, atol=TOLERANCE)
        compared += 1
    assert compared >= FRAMES // 2


def told_by(reports, name):
    """Return the values of the last status of this name."""
    told = [status for array in list(reports) for status in array.status if status.name == name]
    return values_of(told[-1]) if told else {}


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "compressed and calibrated"])
def test_live_and_offline_agree_frame_by_frame(domain, model, tmp_path, monkeypatch, packed):
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))  # so that it is restored after the test
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    bag = scene_bag(tmp_path / "bag", packed=packed)
    remaps = ["-r", f"image:={IMAGE}", "-r", f"camera_info:={INFO}"]
    calibration = tmp_path / "calibration.yaml"
    node_options, transports = ["-p", f"model:={model}"], []
    if packed:
        Calibration(Correction(1.2), FittedOn("a bag", "mock 1", 1, 1)).write(calibration)
        remaps += ["-p", "image_transport:=compressed"]
        node_options += ["-p", f"calibration_file:={calibration}"]
        transports = ["-p", "truth_transport:=compressedDepth"]
    live, offline = tmp_path / "live", tmp_path / "offline"
    with (
        NodeProcess(domain, *remaps, *node_options, ROS_LOG_DIR=str(tmp_path)) as node,
        Evaluation(
            domain,
            *remaps,
            *transports,
            *("-r", f"ground_truth:={DEPTH}", "-p", f"out:={live}", "-p", "idle_timeout:=2.0"),
            ROS_LOG_DIR=str(tmp_path),
        ) as evaluation,
        Client(domain) as client,
    ):
        reports = client.collect(DiagnosticArray, "/diagnostics")
        evaluation.wait_for("ready for images on")
        play(bag, domain, reports, tmp_path)
        status = wait_until(
            lambda: (v := told_by(reports, ACCURACY)) and int(v["scored"]) > 1 and v,
            "running figures",
        )
        assert evaluation.wait_for_end() == 0, evaluation.lines
        assert node.stop() == 0
    assert 0 < float(status["abs_rel"]) < 10
    assert float(status["latency_median_ms"]) > 0

    corrected = ["--calibration", str(calibration)] if packed else []
    command = ["evaluate", str(bag), "--model", str(model), "--out", str(offline), *corrected]
    assert main(command) == 0
    agree_by_pixel(bag, model, 1.2 if packed else 1.0, client.depths)
    one, two = read_records(live / "frames.csv"), read_records(offline / "frames.csv")
    by_stamp = {row["stamp"]: row for row in two.values()}
    both = [
        (row, by_stamp[row["stamp"]])
        for row in one.values()
        if row["status"] == by_stamp[row["stamp"]]["status"] == "scored"
    ]
    assert len(both) >= FRAMES // 2
    for row, other in both:
        for key in ("mae", "rmse", "bias"):
            assert row[key] == pytest.approx(other[key], abs=TOLERANCE)
        assert row["pixels"] == other["pixels"] == WIDTH * (HEIGHT - 12)
        # 60 pixels are 30 at the input, of 20; live, a calibration shows no other way.
        assert row["camera_scale"] == pytest.approx(1.5)
    assert len({round(row["mae"], 6) for row, _ in both}) == len(both)

    figures = json.loads((live / "metrics.json").read_text())
    told = figures["live"]
    assert told["images"] == FRAMES
    assert figures["frames"] + sum(figures["skipped"].values()) == figures["total"] == FRAMES
    assert told["depths"] + sum(told["dropped"].values()) == FRAMES
    assert figures["skipped"].get("no depth came for it", 0) == FRAMES - told["depths"]
    assert 0 < told["latency_ms"]["median"] <= told["latency_ms"]["p95"]
    assert told["rate_hz"] > 0
    assert told["coverage"] == 1.0
    assert not figures["partial"]
    assert figures["model_file"] == str(model)
    assert figures["calibration"] == (
        {"file": str(calibration), "scale": 1.2, "offset": 0.0} if packed else None
    )
    assert (str(calibration) in (live / "report.html").read_text()) is packed
    assert any(sentence.startswith("Live, ") for sentence in figures["findings"])
    assert "Live, " in (live / "report.html").read_text()
    assert (live / "depth.mcap").stat().st_size > 0


@pytest.mark.parametrize(
    ("parameter", "message"),
    [("max_dt:=-1.0", "max_dt"), ("truth_transport:=png", "truth_transport")],
)
def test_a_parameter_that_cannot_be_is_named(domain, tmp_path, parameter, message):
    with Evaluation(domain, "-p", parameter, ROS_LOG_DIR=str(tmp_path)) as evaluation:
        assert evaluation.wait_for_end() == 1
    assert any(message in line for line in evaluation.lines)


def test_stopped_before_there_is_a_model_it_says_so_and_writes_nothing(domain, tmp_path):
    out = tmp_path / "out"
    arguments = ["-p", f"out:={out}"]
    with Evaluation(domain, *arguments, ROS_LOG_DIR=str(tmp_path)) as evaluation:
        evaluation.wait_for("waiting for the model on /depth/model")
        assert evaluation.stop(signal.SIGINT) == 1
    assert any("nothing was scored" in line for line in evaluation.lines)
    assert not out.exists()
