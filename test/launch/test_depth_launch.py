"""depth.launch.py under launch_testing, where that is installed."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_testing", reason="launch_testing is not installed")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")

import launch_testing.actions
import launch_testing.asserts
import launch_testing.markers
import numpy as np
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

from test.fastdepth_ros.dds import Client, camera_info_message, image_message
from test.fastdepth_ros.isolation import ROOT, leased_domain
from test.launch.prefix import environment, make_prefix
from test.mock_model import build_mock_model

_FOLDER = tempfile.TemporaryDirectory(prefix="fastdepth_launch_")
_LEASE = leased_domain()


@pytest.mark.launch_test
@launch_testing.markers.keep_alive  # type: ignore[untyped-decorator]
def generate_test_description() -> tuple[LaunchDescription, dict[str, Any]]:
    """Launch the node with its defaults, as a user would."""
    folder = Path(_FOLDER.name)
    domain = _LEASE.__enter__()
    os.environ.update(environment(make_prefix(folder), domain, folder / "logs"))
    model = build_mock_model(folder / "mock.onnx")
    source = PythonLaunchDescriptionSource(str(ROOT / "launch" / "depth.launch.py"))
    arguments = [("model", str(model)), ("image", "/front/image_raw"), ("namespace", "front")]
    launched = IncludeLaunchDescription(source, launch_arguments=arguments)
    ready = launch_testing.actions.ReadyToTest()
    return LaunchDescription([launched, ready]), {"domain": domain}


class TestWhileRunning(unittest.TestCase):
    def test_images_become_depth(self, domain: int) -> None:
        with Client(domain, namespace="/front") as client:
            client.image = client.node.create_publisher(
                type(image_message(np.zeros((1, 1, 3), np.uint8), "rgb8", 0)), "image_raw", 5
            )
            client.wait_for_node()
            pixels = np.full((48, 64, 3), 51, np.uint8)
            info = camera_info_message(64, 48, (60.0, 60.0, 31.5, 23.5), 7)
            depth = client.ask(image_message(pixels, "rgb8", 7), info)
            np.testing.assert_allclose(np.frombuffer(depth.data, "<f4"), 2.2, rtol=1e-5)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_the_node_ended_cleanly(self, proc_info: Any) -> None:
        launch_testing.asserts.assertExitCodes(proc_info)
        _LEASE.__exit__(None, None, None)
        _FOLDER.cleanup()
