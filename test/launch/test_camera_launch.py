"""camera.launch.py and multi_camera.launch.py with real nodes, where launch is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("launch_ros", reason="launch_ros is not installed")

from fastdepth.messages import stamp_ns
from test.fastdepth_ros.dds import Client, camera_info_message, image_message, wait_until
from test.fastdepth_ros.demo.bags import PERIOD, START, write_bag
from test.fastdepth_ros.isolation import ROOT, leased_domain
from test.fastdepth_ros.launching import RUN
from test.launch.prefix import environment, make_prefix
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds


@contextmanager
def launched(
    folder: Path, domain: int, file: str, *arguments: str, died: int = 0
) -> Iterator[subprocess.Popen[bytes]]:
    """Launch for real; end it as Ctrl-C does, whereupon so many may end with an error."""
    prefix = make_prefix(folder)
    log = folder / "launch.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(prefix / "share/fastdepth/launch" / file), *arguments],
            env=os.environ | environment(prefix, domain, folder) | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            try:
                code = process.wait(30)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(30)
    assert code == 0, log.read_text()
    assert log.read_text().count("process has died") == died, log.read_text()


def test_a_bag_takes_the_cameras_place(tmp_path: Path) -> None:
    bag, model = write_bag(tmp_path / "bag"), build_mock_model(tmp_path / "mock.onnx")
    arguments = ("camera:=bag", f"bag:={bag}", f"model:={model}", "namespace:=robot")
    with (
        leased_domain() as domain,
        Client(domain, namespace="/robot") as client,
        launched(tmp_path, domain, "camera.launch.py", *arguments),
    ):
        # Again and again, by default: a stamp that comes a second time.
        stamps: list[int] = []

        def looped() -> bool:
            stamps[:] = [stamp_ns(depth.header) for depth in client.depths]
            return len(stamps) > len(set(stamps))

        wait_until(looped, lambda: f"depth of a bag that loops; stamps {stamps}")
        assert all((stamp - START) % PERIOD == 0 for stamp in stamps)
        # The clock is the bag's, so images of 2023 are some milliseconds old.
        _, values = client.next_status(lambda s: any(v.key == "image_age_ms" for v in s.values))
        assert abs(float(values["image_age_ms"])) < 60_000


def test_without_loop_all_ends_with_the_bag(tmp_path: Path) -> None:
    bag, model = write_bag(tmp_path / "bag", frames=3), build_mock_model(tmp_path / "mock.onnx")
    arguments = ("camera:=bag", f"bag:={bag}", f"model:={model}", "loop:=false")
    with (
        leased_domain() as domain,
        launched(tmp_path, domain, "camera.launch.py", *arguments) as process,
    ):
        process.wait(60)
    assert "the bag is over" in (tmp_path / "launch.log").read_text()


def test_ctrl_c_before_the_end_of_the_bag_ends_every_process_once(tmp_path: Path) -> None:
    bag, model = write_bag(tmp_path / "bag"), build_mock_model(tmp_path / "mock.onnx")
    arguments = ("camera:=bag", f"bag:={bag}", f"model:={model}", "loop:=false", "bag_rate:=0.02")
    with (
        leased_domain() as domain,
        Client(domain, namespace="/camera/color") as client,
        launched(tmp_path, domain, "camera.launch.py", *arguments, died=1),  # the player: 130
    ):
        wait_until(lambda: client.statuses, "diagnostics")
        wait_until(
            lambda: client.node.count_publishers("/camera/color/image_raw"), "a player at work"
        )
    log = (tmp_path / "launch.log").read_text()
    assert "the bag is over" not in log
    assert "exit code 130" in log, log


def test_each_camera_has_a_node(tmp_path: Path) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    parameters = tmp_path / "both.yaml"
    parameters.write_text("/rear/depth_node:\n  ros__parameters:\n    depth_encoding: 16UC1\n")
    arguments = ("cameras:=front,rear", f"model:={model}", f"params_file:={parameters}")
    with (
        leased_domain() as domain,
        launched(tmp_path, domain, "multi_camera.launch.py", *arguments),
    ):
        for name, encoding in (("front", "32FC1"), ("rear", "16UC1")):
            with Client(domain, namespace=f"/{name}") as client:
                client.image = client.node.create_publisher(
                    type(image_message(np.zeros((1, 1, 3), np.uint8), "rgb8", 0)), "image_raw", 5
                )
                client.wait_for_node()
                pixels = np.full((48, 64, 3), 51, np.uint8)
                info = camera_info_message(64, 48, (60.0, 60.0, 31.5, 23.5), 7)
                depth = client.ask(image_message(pixels, "rgb8", 7), info)
                assert depth.encoding == encoding
                values = np.frombuffer(depth.data, "<f4" if encoding == "32FC1" else "<u2")
                metres = values if encoding == "32FC1" else values / 1000
                np.testing.assert_allclose(metres, 2.2, atol=1e-3)
