"""The managed node as a real process: transitions by service, refusals, recovery."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    image_message,
    wait_until,
)
from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 64, 48
K = (60.0, 60.0, 31.5, 23.5)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def ask(client: Client, stamp: int) -> np.ndarray:
    pixels = np.full((HEIGHT, WIDTH, 3), 51, np.uint8)
    info = camera_info_message(WIDTH, HEIGHT, K, stamp)
    depth = client.ask(image_message(pixels, "rgb8", stamp), info)
    return np.frombuffer(depth.data, "<f4")


def no_subscription(client: Client) -> bool:
    return client.image.get_subscription_count() == 0


def assert_refused(client: Client, node: NodeProcess, state: str, *transitions: str | int) -> None:
    for transition in transitions:
        assert not client.transit(transition), transition
        assert client.state() == state
        assert node.is_running


def test_a_life_in_transitions(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    arguments = ("-p", "autostart:=false", "-p", "model:=/nowhere.onnx")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        described = client.collect(String, "depth/model", LATCHED)
        assert client.state() == "unconfigured"
        status, values = client.next_status(lambda s: True)
        assert (status.level, values["state"], values["why"]) == (b"\0", *["unconfigured"] * 2)
        assert_refused(
            client, node, "unconfigured", "activate", "deactivate", "cleanup", "x", 3, 99
        )
        threads = node.threads()

        assert not client.transit("configure")
        node.wait_for("ERROR.*cannot configure: model file /nowhere.onnx does not exist")
        status, _ = client.next_status(lambda s: s.level == b"\2")
        assert "unconfigured: cannot configure: model file /nowhere.onnx" in status.message

        assert client.set_parameter("engine", "nonsense").startswith("engine is 'nonsense'")
        assert client.set_parameter("model", str(model)) == ""
        assert client.transit("configure")
        assert client.state() == "inactive"
        wait_until(lambda: described, "the latched description")
        assert json.loads(described[0].data)["card"]["name"] == "mock"
        assert no_subscription(client)
        assert_refused(client, node, "inactive", "configure", "deactivate")
        client.next_status(lambda s: "the node is inactive" in s.message and s.level == b"\0")

        for stamp in (1, 2):
            assert client.transit("activate")
            client.wait_for_node()
            np.testing.assert_allclose(ask(client, stamp), 2.2, rtol=1e-5)
            assert_refused(client, node, "active", "configure", "activate", "cleanup")
            assert client.transit("deactivate")
            wait_until(lambda: no_subscription(client), "the end of the subscription")

        assert client.transit("cleanup")
        assert client.state() == "unconfigured"
        publishers = client.node.count_publishers
        wait_until(lambda: not publishers("/depth/image_rect"), "the end of the publishers")
        # A few stay: of the middleware, made with the first publisher.
        wait_until(lambda: node.threads() <= threads + 1, "the end of the threads")

        assert client.transit("configure")
        assert client.transit("activate")
        client.wait_for_node()
        np.testing.assert_allclose(ask(client, 3), 2.2, rtol=1e-5)
        assert client.transit("shutdown")
        assert client.state() == "finalized"
        assert_refused(client, node, "finalized", "configure", "activate", "shutdown")
        client.next_status(lambda s: "the node is finalized" in s.message)
        assert node.stop() == 0
        assert not node.matching("Traceback|Failed to publish")
        node.wait_for(r"stopped: received \d+, published 3,")


FAULT = """
import sys
from fastdepth_ros.node import node
from fastdepth_ros.depth_node import main

class Broken:
    def __init__(self, *arguments):
        raise ZeroDivisionError("nobody thought of this")

work, node.Work = node.Work, Broken
mend = node.DepthNode.on_error
def on_error(self, state):
    node.Work = work
    return mend(self, state)
node.DepthNode.on_error = on_error
sys.exit(main(sys.argv[1:]))
"""


def test_a_fault_in_a_transition_leads_back_to_unconfigured(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    arguments = ("-p", "autostart:=false", "-p", f"model:={model}")
    with NodeProcess(domain, *arguments, code=FAULT) as node, Client(domain) as client:
        assert client.transit("configure")
        assert not client.transit("activate")
        node.wait_for("ERROR.*cannot activate: ZeroDivisionError: nobody thought of this")
        assert client.state() == "unconfigured"
        assert client.transit("configure")
        assert client.transit("activate")
        client.wait_for_node()
        np.testing.assert_allclose(ask(client, 1), 2.2, rtol=1e-5)
        assert node.stop() == 0


HANGS = """
import sys, time
from fastdepth_ros.depth_node import main
from fastdepth_ros.processing import DepthMaker

make, frames = DepthMaker.make, []
def make_once(self, *arguments):
    frames.append(1)
    if len(frames) == 2:
        time.sleep(3600)
    return make(self, *arguments)
DepthMaker.make = make_once
sys.exit(main(sys.argv[1:]))
"""


def test_an_engine_that_hangs_is_told_and_does_not_hold_the_node(
    tmp_path: Path, domain: int
) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    arguments = ("-p", f"model:={model}")
    with NodeProcess(domain, *arguments, code=HANGS) as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        ask(client, 1)
        image = image_message(np.zeros((HEIGHT, WIDTH, 3), np.uint8), "rgb8", 2)
        info = camera_info_message(WIDTH, HEIGHT, K, 2)
        client.show(image, info, lambda: client.latest_value("dropped.overwritten") > 0)
        assert client.transit("deactivate")
        node.wait_for("WARN.*deactivated while the model is still busy with a frame")
        assert not client.transit("activate")
        node.wait_for("ERROR.*cannot activate: the model is still busy with a frame from before")
        assert client.transit("cleanup")
        assert client.transit("configure")
        assert client.transit("activate")
        client.wait_for_node()
        ask(client, 10**10)
        assert node.stop(signal.SIGTERM) == 0
        node.wait_for(r"stopped: received \d+, published 2,")


def test_an_impossible_qos_override_is_a_reason(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    override = "qos_overrides./depth/image_rect.publisher.reliability:=maybe"
    with NodeProcess(domain, "-p", f"model:={model}", "-p", override) as node:
        assert node.wait_for_end() == 1
        node.wait_for("FATAL.*cannot configure: the QoS of depth/image_rect cannot be.*maybe")
        assert not node.matching("Traceback")


def test_the_node_runs_where_rclpy_cannot_be_bypassed(tmp_path: Path, domain: int) -> None:
    """Without what the receiving thread is made of, the executor serves the subscriptions."""
    model = build_mock_model(tmp_path / "mock.onnx")
    code = (
        "import sys\nfrom fastdepth_ros.node import receiver\nreceiver._WAIT_SET = None\n"
        "from fastdepth_ros.depth_node import main\nsys.exit(main(sys.argv[1:]))"
    )
    with NodeProcess(domain, "-p", f"model:={model}", code=code) as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        np.testing.assert_allclose(ask(client, 1), 2.2, rtol=1e-5)
        assert node.stop() == 0


def test_threads_are_ended_by_close(tmp_path: Path, domain: int) -> None:
    code = f"""
import threading, rclpy
from fastdepth_ros.node.node import DepthNode
rclpy.init(args=["--ros-args", "-p", "model:={build_mock_model(tmp_path / "mock.onnx")}"])
node = DepthNode()
assert node.start()
names = sorted(t.name for t in threading.enumerate() if t.name.startswith("depth-"))
assert names == ["depth-health", "depth-receiver", "depth-worker"], names
node.close()
left = [t.name for t in threading.enumerate() if t.name.startswith("depth-")]
assert left == [], left
node.destroy_node()
rclpy.shutdown()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
