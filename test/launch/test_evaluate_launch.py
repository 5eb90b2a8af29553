"""evaluate.launch.py by the real launch, where that is installed: from a bag to the report."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")

from fastdepth.bags import BagReader, BagWriter
from fastdepth.bags.topics import COMPRESSED_IMAGE
from fastdepth.compressed_depth import encode_millimetres
from test.fastdepth_ros.demo.bags import DEPTH, HEIGHT, IMAGE, INFO, WIDTH, picture, write_bag
from test.fastdepth_ros.isolation import ROOT, leased_domain
from test.launch.prefix import environment, make_prefix
from test.mock_model import build_mock_model

RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [tuple(word.split(":=", 1)) for word in sys.argv[2:]]
source = PythonLaunchDescriptionSource(sys.argv[1])
service = LaunchService(argv=[])
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
)
sys.exit(service.run())
"""


def launched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    prefix = make_prefix(folder)
    depth_node = prefix / "lib" / "fastdepth" / "depth_node"
    program = depth_node.with_name("evaluate_node")
    program.write_text(depth_node.read_text().replace("depth_node", "evaluate_node"))
    program.chmod(0o755)
    launch_file = prefix / "share" / "fastdepth" / "launch" / "evaluate.launch.py"
    with leased_domain() as domain:
        return subprocess.run(
            [sys.executable, "-c", RUN, str(launch_file), *arguments],
            env=os.environ | environment(prefix, domain, folder) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_a_bag_becomes_a_report_and_everything_ends(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", truth=lambda _: np.full((HEIGHT, WIDTH), 2.0))
    model, out = build_mock_model(tmp_path / "mock.onnx"), tmp_path / "out"
    done = launched(tmp_path, f"bag:={bag}", f"out:={out}", f"model:={model}", "rate:=0.5")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["model"] == "mock"
    live = figures["live"]
    assert 0 < live["images"] <= 12
    assert live["depths"] + sum(live["dropped"].values()) == live["images"] == figures["total"]
    assert (out / "report.html").exists()


def test_a_bag_without_ground_truth_is_refused(tmp_path: Path) -> None:
    done = launched(tmp_path, f"bag:={write_bag(tmp_path / 'bag', frames=2)}")
    assert done.returncode != 0
    assert "has no ground truth" in done.stdout + done.stderr


def packed(path: Path, raw: Path) -> Path:
    """Write the bag with image/compressed and compressedDepth instead of raw pictures."""
    pictures = 0
    with BagReader(raw) as reader, BagWriter(path) as writer:
        for message, decoded in reader.messages():
            if message.topic == INFO:
                writer.write_raw(message.topic, message.type, message.time, message.cdr)
                continue
            stamp = decoded.header.stamp
            fields = {"header": {"stamp": {"sec": stamp.sec, "nanosec": stamp.nanosec}}}
            if message.topic == IMAGE:
                jpeg = cv2.imencode(".jpg", picture(pictures)[..., ::-1])[1]
                fields |= {"format": "jpeg", "data": jpeg.tobytes()}
                pictures += 1
            else:
                depth = np.frombuffer(decoded.data, "<u2").reshape(HEIGHT, WIDTH)
                fields |= encode_millimetres(depth)._asdict()
            kind = "compressed" if message.topic == IMAGE else "compressedDepth"
            topic = f"{message.topic}/{kind}"
            writer.write(topic, COMPRESSED_IMAGE, message.time, **fields)
    return path


def test_compressed_pictures_are_evaluated_as_they_are(tmp_path: Path) -> None:
    raw = write_bag(tmp_path / "raw", truth=lambda _: np.full((HEIGHT, WIDTH), 2.0))
    bag = packed(tmp_path / "bag", raw)
    model, out = build_mock_model(tmp_path / "mock.onnx"), tmp_path / "out"
    done = launched(tmp_path, f"bag:={bag}", f"out:={out}", f"model:={model}", "rate:=0.5")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((out / "metrics.json").read_text())
    assert figures["frames"] > 0
    assert figures["ranges"][0]["from"] == 2.0


@pytest.fixture
def launch_file() -> ModuleType:
    path = ROOT / "launch" / "evaluate.launch.py"
    spec = importlib.util.spec_from_file_location("evaluate_launch", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_player_waits_for_those_who_hear_it(launch_file: ModuleType) -> None:
    command = launch_file.player("b", "0.5", {IMAGE: 2, DEPTH: 1})
    assert command[1:6] == ["-m", "fastdepth", "bag", "play", "b"]
    first = command.index("--wait-for")
    assert command[first + 1 : first + 3] == [f"{IMAGE}=2", f"{DEPTH}=1"]
    assert "--clock" in command


def test_the_player_of_ros_gets_options_that_it_has(
    launch_file: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what its documentation says of Humble to Jazzy; the player itself is not at hand."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    command = launch_file.player("b", "0.5", {IMAGE: 2})
    assert command[:3] == ["ros2", "bag", "play"]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("bag_path")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--delay", type=float)
    parser.add_argument("--clock", type=float, nargs="?", const=40)
    parser.add_argument("--disable-keyboard-controls", action="store_true")
    args = parser.parse_args(command[3:])
    assert (args.bag_path, args.rate, args.clock) == ("b", 0.5, 40)
    assert args.delay > 0
    assert args.disable_keyboard_controls
