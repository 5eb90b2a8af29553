"""evaluate.launch.py by the real launch, where that is installed: from a bag to the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")

from test.fastdepth_ros.demo.bags import HEIGHT, WIDTH, write_bag
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
