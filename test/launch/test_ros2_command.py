"""`ros2 launch`, `lifecycle`, `param` and `topic` on the node, where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")

from test.fastdepth_ros.dds import (
    Client,
    camera_info_message,
    image_message,
    values_of,
    wait_until,
)
from test.fastdepth_ros.isolation import leased_domain
from test.launch.prefix import environment, make_prefix
from test.mock_model import build_mock_model

ROS2 = shutil.which("ros2", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
pytestmark = [
    pytest.mark.dds,
    pytest.mark.skipif(ROS2 is None, reason="ros2cli is not installed"),
]


class Robot:
    """A launched node, and the commands of `ros2` on it."""

    def __init__(self, variables: dict[str, str], *arguments: str) -> None:
        assert ROS2 is not None
        self._variables = os.environ | variables
        self.lines: list[str] = []
        self._launch = subprocess.Popen(
            [ROS2, "launch", "fastdepth", "depth.launch.py", *arguments],
            env=self._variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._launch.stdout is not None
        self.lines.extend(line.rstrip() for line in self._launch.stdout)

    def wait_for(self, pattern: str) -> None:
        wait_until(
            lambda: any(re.search(pattern, line) for line in list(self.lines)),
            lambda: f"{pattern!r} in:\n" + "\n".join(self.lines),
        )

    def run(self, *words: str) -> str:
        assert ROS2 is not None
        done = subprocess.run(
            [ROS2, *words],
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr

    def ask(self, *words: str) -> str:
        """Run a command without a daemon, again while it has not discovered the node."""
        said = ""

        def answered() -> bool:
            nonlocal said
            said = self.run(*words, "--no-daemon", "--spin-time", "3")
            return "not found" not in said

        wait_until(answered, lambda: f"an answer to {words}, not {said!r}")
        return said

    def told(self, said: str) -> str:
        """Return what a command said, and the node to that."""
        return "\n".join([said, *self.lines])

    def has_ended(self) -> bool:
        return self._launch.poll() is not None

    def stop(self) -> int:
        """Send SIGINT as Ctrl-C does; return the exit code."""
        if self._launch.poll() is None:
            os.killpg(self._launch.pid, signal.SIGINT)
        try:
            code = self._launch.wait(30)
        finally:
            if self._launch.poll() is None:
                os.killpg(self._launch.pid, signal.SIGKILL)
        self._reader.join(30)
        return code


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Path, int, dict[str, str]]]:
    """A model, a domain, and the variables for commands."""
    model = build_mock_model(tmp_path / "mock.onnx")
    prefix = make_prefix(tmp_path)
    with leased_domain() as domain:
        yield model, domain, environment(prefix, domain, tmp_path / "logs")


def test_the_commands_of_the_documentation(place: tuple[Path, int, dict[str, str]]) -> None:
    model, domain, variables = place
    robot = Robot(variables, f"model:={model}", "autostart:=false", "image:=/cam/image")
    try:
        node = "/depth_node"
        with Client(domain, namespace="/cam") as client:
            wait_until(lambda: client.statuses, "diagnostics")
            assert "unconfigured" in robot.ask("lifecycle", "get", node)
            said = robot.ask("lifecycle", "set", node, "activate")
            assert "Unknown transition" in said, robot.told(said)
            for transition, state in (("configure", "inactive"), ("activate", "active")):
                said = robot.ask("lifecycle", "set", node, transition)
                assert "Transitioning successful" in said, robot.told(said)
                assert state in robot.ask("lifecycle", "get", node)

            assert "Double value is: 0.0" in robot.ask("param", "get", node, "border")
            said = robot.ask("param", "set", node, "border", "0.25")
            assert "Set parameter successful" in said
            said = robot.ask("param", "set", node, "model", "/nowhere.onnx")
            assert "model file /nowhere.onnx does not exist" in said
            said = robot.ask("param", "describe", node, "max_step")
            assert "edges of things" in said

            client.wait_for_node()
            stop = threading.Event()

            def camera() -> None:
                for stamp in range(1_000_000, 2**40, 1_000_000):
                    k = (60.0, 60.0, 31.5, 23.5)
                    client.camera_info.publish(camera_info_message(64, 48, k, stamp))
                    pixels = np.zeros((48, 64, 3), np.uint8)
                    client.image.publish(image_message(pixels, "rgb8", stamp))
                    if stop.wait(0.05):
                        return

            thread = threading.Thread(target=camera)
            thread.start()
            try:
                assert ROS2 is not None
                listening = subprocess.Popen(
                    [ROS2, "topic", "hz", "/depth/image_rect", "--window", "20"],
                    env=os.environ | variables,
                    stdout=subprocess.PIPE,
                    text=True,
                )
                assert listening.stdout is not None
                line = next((w for w in listening.stdout if "average rate" in w), "")
                listening.send_signal(signal.SIGINT)
                listening.wait(30)
                listening.stdout.close()
                assert 10 < float(line.split()[-1]) < 30
            finally:
                stop.set()
                thread.join()
            _, values = client.next_status(lambda s: values_of(s)["state"] == "active")
            assert int(values["published"]) > 0
    finally:
        assert robot.stop() == 0, "\n".join(robot.lines)
    robot.wait_for("stopped: received")


def test_a_launch_that_cannot_start_says_why(place: tuple[Path, int, dict[str, str]]) -> None:
    _, _, variables = place
    robot = Robot(variables, "model:=/nowhere.onnx")
    try:
        robot.wait_for("model file /nowhere.onnx does not exist")
        robot.wait_for("process has died.*exit code 1")
        wait_until(robot.has_ended, lambda: "an end by itself:\n" + "\n".join(robot.lines))
    finally:
        robot.stop()
