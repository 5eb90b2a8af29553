"""The node as a real process: far more frames than it can take, and large ones."""

from __future__ import annotations

import math
import re
import statistics
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from fastdepth.estimator import DepthEstimator
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    image_message,
    stamp_of,
    values_of,
    wait_until,
)
from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 160, 120
K = (150.0, 150.0, 79.5, 59.5)
WEIGHTS, BIAS = (3.0, 3.0, 3.0), 1.0
SECONDS = 10.0
FASTER = 10
SLOWEST_MODEL = 0.1  # seconds
STEP = 1_000_000  # nanoseconds between the stamps of two frames


def slow_model(path: Path) -> tuple[Path, float]:
    """Return a model that takes about 0.1 s on one thread here, and how long it takes at best."""
    card = mock_card(width=WIDTH, height=HEIGHT, focal_length=K[:2])
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def best(work: int) -> float:
        build_mock_model(path, card, weights=WEIGHTS, bias=BIAS, work=work)
        estimator = DepthEstimator.load(path, threads=1)
        runs = [estimator.predict(image).seconds for _ in range(5)]
        return min(s.prepare + s.infer + s.finish for s in runs)

    seconds = best(math.ceil(4 * SLOWEST_MODEL / best(4)))
    return path, seconds


def level_of(number: int) -> int:
    return 1 + number % 250


def expected_depth(number: int) -> float:
    return BIAS + sum(WEIGHTS) * level_of(number) / 255


def test_overload_costs_frames_and_nothing_else(tmp_path: Path, domain: int) -> None:
    model, seconds = slow_model(tmp_path / "slow.onnx")
    arguments = ("-p", f"model:={model}", "-p", "threads:=1", "--log-level", "depth_node:=debug")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        client.ask(
            image_message(np.full((HEIGHT, WIDTH, 3), level_of(0), np.uint8), "rgb8", 0),
            camera_info_message(WIDTH, HEIGHT, K, 0),
        )

        last_sent = 0
        lags: list[int] = []
        client.on_depth = lambda m: lags.append(last_sent - stamp_of(m) // STEP)
        memory: list[tuple[float, int, int]] = []
        period = seconds / FASTER
        start = time.monotonic()
        for number in range(1, math.ceil(SECONDS / period) + 1):
            stamp = number * STEP
            pixels = np.full((HEIGHT, WIDTH, 3), level_of(number), np.uint8)
            image = image_message(pixels, "rgb8", stamp)
            client.camera_info.publish(camera_info_message(WIDTH, HEIGHT, K, stamp))
            last_sent = number
            client.image.publish(image)
            if number % FASTER == 0:
                now = time.monotonic() - start
                memory.append((now, node.memory_kib(), node.threads()))
            time.sleep(max(0.0, start + number * period - time.monotonic()))
        _, counts = client.next_status(
            lambda s: values_of(s)["in_flight"] == "0" and float(values_of(s)["input_rate_hz"]) == 0
        )
        assert node.stop() == 0

        received, published = int(counts["received"]), int(counts["published"])
        assert received > 3 * published > 0, counts  # it was an overload

        # Counted: every frame, by cause, at every moment.
        assert received == published + int(counts["dropped.overwritten"])
        for values in map(values_of, client.statuses):
            in_flight = int(values["in_flight"])
            total = sum(int(v) for k, v in values.items() if k.startswith("dropped."))
            assert total == int(values["dropped_total"])
            assert int(values["received"]) == int(values["published"]) + total + in_flight
            assert in_flight in {0, 1, 2}
        dropped = received - published
        final = node.wait_for("stopped: received")
        assert f"received {received}, published {published}, dropped {dropped}" in final

        # Depth of the frame whose stamp it carries, each once, in order.
        wait_until(lambda: len(client.depths) >= published, "the last depth")
        stamps = [stamp_of(m) for m in client.depths]
        assert len(stamps) == published
        assert stamps == sorted(set(stamps))
        for message in client.depths:
            depth = np.frombuffer(message.data, "<f4")
            np.testing.assert_allclose(depth, expected_depth(stamp_of(message) // STEP), rtol=1e-4)

        # The frame was the newest that the node had received when inference began.
        seen: list[int] = []
        began: list[int] = []
        for line in node.matching(r"\[depth_node\]: (received|began) \d+$"):
            event, stamp = re.findall(r"(received|began) (\d+)$", line)[0]
            if event == "received":
                seen.append(int(stamp))
            else:
                began.append(int(stamp))
                assert int(stamp) == seen[-1]
        assert len(seen) == received
        assert sorted(began) == stamps

        # The same from outside: a queue would fall behind, in the end by nearly all frames.
        assert statistics.median(lags) < received / 4
        assert lags[-1] < received / 3

        # Memory and threads flat: a queue would hold a thousand frames, 57 kB each.
        middle = [kib for now, kib, _ in memory if 0.3 * SECONDS < now < 0.5 * SECONDS]
        end = [kib for now, kib, _ in memory if now > 0.8 * SECONDS]
        assert statistics.median(end) - statistics.median(middle) < 4096, memory
        assert memory[-1][2] <= memory[len(memory) // 2][2], memory


def test_large_images_arrive_between_processes(tmp_path: Path, domain: int) -> None:
    """With Fast DDS's default segment nearly every best-effort VGA image is lost."""
    model = build_mock_model(tmp_path / "mock.onnx", weights=WEIGHTS, bias=BIAS)
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        k = (600.0, 600.0, 319.5, 239.5)
        for number in range(25):
            stamp = (number + 1) * STEP
            image = np.full((480, 640, 3), level_of(number), np.uint8)
            message = image_message(image, "rgb8", stamp)
            info = camera_info_message(640, 480, k, stamp)
            if number == 0:
                client.ask(message, info)
                continue
            client.camera_info.publish(info)
            client.image.publish(message)  # once
            depth = wait_until(partial(client.depth_of, stamp), f"depth of frame {number}")
            values = np.frombuffer(depth.data, "<f4")
            np.testing.assert_allclose(values, expected_depth(number), rtol=1e-4)
        assert node.stop() == 0


def test_depth_of_large_frames_leaves_the_nodes_own_segment(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx", weights=WEIGHTS, bias=BIAS)
    profile = str(ROOT / "config" / "fastdds_node.xml")
    variables = {name: profile for name in ENVIRONMENT if name.endswith("PROFILES_FILE")}
    size = ("-p", "depth_size:=frame", "-p", "camera_aware_scale:=false")
    with (
        NodeProcess(domain, "-p", f"model:={model}", *size, **variables) as node,
        Client(domain) as client,
    ):
        node.wait_for_start()
        client.wait_for_node()
        for number in range(1, 5):
            stamp = number * STEP
            image = np.full((1080, 1920, 3), level_of(number), np.uint8)
            info = camera_info_message(1920, 1080, (1500.0, 1500.0, 959.5, 539.5), stamp)
            depth = client.ask(image_message(image, "rgb8", stamp), info)
            values = np.frombuffer(depth.data, "<f4")
            assert values.size == 1920 * 1080
            np.testing.assert_allclose(values[::1000], expected_depth(number), rtol=1e-4)
        assert node.stop() == 0
