"""Consumers of depth are loaded into component containers, where launch is installed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")
pytest.importorskip("composition_interfaces", reason="composition_interfaces is not installed")

from test.fastdepth_ros.dds import wait_until
from test.fastdepth_ros.isolation import ROOT, leased_domain
from test.fastdepth_ros.launching import RUN
from test.launch.prefix import environment, make_prefix
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds

# Stands for rclcpp_components' container: takes the requests to load, and writes them down.
CONTAINER = """#!{python}
import json, pathlib, sys
import rclpy
from composition_interfaces.srv import LoadNode
from rclpy.executors import ExternalShutdownException
from rclpy.parameter import parameter_value_to_python

def load(request, response):
    record = {{
        "container": node.get_fully_qualified_name(),
        "plugin": [request.package_name, request.plugin_name],
        "name": f"{{request.node_namespace}}/{{request.node_name}}",
        "remap": sorted(request.remap_rules),
        "parameters": {{
            p.name: parameter_value_to_python(p.value) for p in request.parameters
        }},
    }}
    path = pathlib.Path({folder!r}, request.node_name + ".json")
    path.with_suffix(".part").write_text(json.dumps(record))
    path.with_suffix(".part").rename(path)
    response.success, response.full_node_name = True, record["name"]
    return response

rclpy.init(args=sys.argv)
node = rclpy.create_node("component_container")
node.create_service(LoadNode, "~/_container/load_node", load)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.mark.parametrize("mode", ["container", "load"])
def test_consumers_are_loaded(mode: str, tmp_path: Path) -> None:
    prefix, model = make_prefix(tmp_path), build_mock_model(tmp_path / "mock.onnx")
    program = prefix / "lib" / "rclcpp_components" / "component_container"
    program.parent.mkdir()
    (prefix / "share/ament_index/resource_index/packages/rclcpp_components").write_text("")
    program.write_text(CONTAINER.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(0o755)
    name = "depth_container" if mode == "container" else "/robot/perception"
    arguments = ["point_cloud:=true", "laser_scan:=true", "scan_frame:=lens", f"model:={model}"]
    arguments += [f"consumers:={mode}", f"container:={name}", "namespace:=robot"]
    file = prefix / "share/fastdepth/launch/depth.launch.py"
    with leased_domain() as domain, (tmp_path / "launch.log").open("wb") as log:
        variables = environment(prefix, domain, tmp_path) | {"PYTHONPATH": str(ROOT)}
        commands = [[sys.executable, "-c", RUN, str(file), *arguments]]
        if mode == "load":  # the robot's own, which runs already
            rules = ["-r", "__ns:=/robot", "-r", "__node:=perception"]
            commands.insert(0, [str(program), "--ros-args", *rules])
        processes = [
            subprocess.Popen(
                command,
                env=os.environ | variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for command in commands
        ]
        paths = [tmp_path / f"{node}.json" for node in ("depth_point_cloud", "depth_laser_scan")]
        try:
            wait_until(
                lambda: all(path.exists() for path in paths),
                lambda: f"both consumers; {(tmp_path / 'launch.log').read_text()}",
            )
        finally:
            for process in reversed(processes):
                os.killpg(process.pid, signal.SIGINT)
                process.wait(30)
    cloud, scan = (json.loads(path.read_text()) for path in paths)
    full = "/robot/depth_container" if mode == "container" else "/robot/perception"
    check(cloud, full, "depth_image_proc::PointCloudXyzNode", "/robot/depth_point_cloud")
    assert cloud["remap"] == [
        "camera_info:=depth/camera_info",
        "image_rect:=depth/image_rect",
        "points:=depth/points_xyz",
    ]
    check(
        scan,
        full,
        "depthimage_to_laserscan::DepthImageToLaserScanROS",
        "/robot/depth_laser_scan",
    )
    assert {"depth:=depth/image_rect", "scan:=depth/scan"} < set(scan["remap"])
    expected = {"output_frame": "lens", "range_min": 0.2, "range_max": 10.0, "scan_height": 8}
    assert expected.items() <= scan["parameters"].items()


def check(record: dict[str, Any], container: str, plugin: str, name: str) -> None:
    assert record["container"] == container
    assert record["plugin"] == [re.split("::", plugin)[0], plugin]
    assert record["name"] == name
    assert record["parameters"]["use_sim_time"] is False
