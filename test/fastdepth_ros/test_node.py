"""The node as a real process: what it publishes for known images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CameraInfo

from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    header,
    image_message,
    stamp_of,
    wait_until,
)
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

# The frame is not of the network's shape, so that x and y are scaled differently.
WIDTH, HEIGHT = 64, 36
NET_WIDTH, NET_HEIGHT = 32, 24
WEIGHTS, BIAS = (6.0, 0.5, 4.0), 0.5
NEAR, FAR = 0.8, 9.0
K = (60.0, 54.0, 30.0, 20.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = mock_card(
        width=NET_WIDTH, height=NET_HEIGHT, focal_length=(30.0, 30.0), depth_range=(NEAR, FAR)
    )
    path = tmp_path_factory.mktemp("model") / "mock.onnx"
    return build_mock_model(path, card, weights=WEIGHTS, bias=BIAS)


@pytest.fixture
def node(model: Path, domain: int) -> Iterator[NodeProcess]:
    with NodeProcess(domain, "-p", f"model:={model}") as process:
        process.wait_for_start()
        yield process
        assert process.stop() == 0, "\n".join(process.lines)


@pytest.fixture
def client(node: NodeProcess, domain: int) -> Iterator[Client]:
    with Client(domain) as made:
        made.wait_for_node()
        yield made


def ramps() -> np.ndarray:
    """Red rises along x, blue along y, green is constant: RGB."""
    image = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0] = 4 * np.arange(WIDTH)
    image[..., 1] = 100
    image[..., 2] = 7 * np.arange(HEIGHT)[:, None]
    return image


def expected_depth(scale: float) -> np.ndarray:
    """Depth of the ramps at the pixel centres of the network, written out by hand."""
    x = (np.arange(NET_WIDTH) + 0.5) * (64 / 32) - 0.5
    y = ((np.arange(NET_HEIGHT) + 0.5) * (36 / 24) - 0.5)[:, None]
    red, green, blue = 4 * x / 255, 100 / 255, 7 * y / 255
    return (0.5 + 6.0 * red + 0.5 * green + 4.0 * blue) * scale


def received_depth(message) -> np.ndarray:
    assert message.encoding == "32FC1"
    assert not message.is_bigendian
    assert (message.width, message.height, message.step) == (NET_WIDTH, NET_HEIGHT, 4 * NET_WIDTH)
    return np.frombuffer(message.data, "<f4").reshape(NET_HEIGHT, NET_WIDTH)


def assert_is_ramps(depth: np.ndarray, scale: float) -> None:
    expected = expected_depth(scale)
    # The resized image is rounded to whole levels: half a level of red and of blue.
    tolerance = 0.5 * (6 + 4) / 255 * scale + 1e-4
    believable = (expected > NEAR + tolerance) & (expected < FAR - tolerance)
    beyond = (expected < NEAR - tolerance) | (expected > FAR + tolerance)
    assert believable.sum() > 500
    assert beyond.sum() > 10
    assert np.isnan(depth[beyond]).all()
    error = depth[believable] - expected[believable]
    assert np.abs(error).max() < tolerance  # a shift of half a pixel: 0.047 along x, 0.055 along y
    assert abs(error.mean()) < 0.004


CHANNELS = {"rgb8": [0, 1, 2], "bgr8": [2, 1, 0], "rgba8": [0, 1, 2, 3], "bgra8": [2, 1, 0, 3]}


@pytest.mark.parametrize("padding", [0, 7])
def test_a_known_image_becomes_its_depth(node: NodeProcess, client: Client, padding: int) -> None:
    with_alpha = np.dstack([ramps(), np.full((HEIGHT, WIDTH), 9, np.uint8)])
    scale = math.sqrt((60 * 32 / 64 / 30) * (54 * 24 / 36 / 30))
    for i, (encoding, channels) in enumerate(CHANNELS.items()):
        stamp = 1_700_000_000_000_000_001 + 123_456_789 * i
        pixels = np.ascontiguousarray(with_alpha[..., channels])
        image = image_message(pixels, encoding, stamp, padding)
        image.header.frame_id = f"camera_{encoding}"
        info = camera_info_message(WIDTH, HEIGHT, K, stamp)
        depth = client.ask(image, info)
        assert depth.header == image.header
        assert_is_ramps(received_depth(depth), scale)


def test_a_grey_image_is_seen_as_grey(node: NodeProcess, client: Client) -> None:
    grey = np.full((HEIGHT, WIDTH), 51, np.uint8)
    info = camera_info_message(WIDTH, HEIGHT, (60.0, 45.0, 30.0, 20.0), 5)
    depth = received_depth(client.ask(image_message(grey, "mono8", 5, 3), info))
    np.testing.assert_allclose(depth, 0.5 + (6.0 + 0.5 + 4.0) * 51 / 255, atol=1e-5)


def test_the_camera_follows_the_resize(node: NodeProcess, client: Client) -> None:
    stamp = 7_000_000_009
    image = image_message(ramps(), "rgb8", stamp)
    info = camera_info_message(WIDTH, HEIGHT, K, stamp)
    info.p[3], info.p[7] = -6.0, 3.0
    client.ask(image, info)
    out = wait_until(lambda: client.info_of(stamp), "the camera_info of the depth")
    assert out.header == image.header
    assert (out.width, out.height) == (NET_WIDTH, NET_HEIGHT)
    # fx * 32/64, (cx + 0.5) * 32/64 - 0.5; fy * 24/36, (cy + 0.5) * 24/36 - 0.5
    cx, cy = 14.75, 20.5 * 2 / 3 - 0.5
    np.testing.assert_allclose(out.k, [30, 0, cx, 0, 36, cy, 0, 0, 1], rtol=1e-12)
    np.testing.assert_allclose(out.p, [30, 0, cx, -3, 0, 36, cy, 2, 0, 0, 1, 0], rtol=1e-12)
    assert list(out.d) == list(info.d)
    assert list(out.r) == list(info.r)
    assert out.distortion_model == "plumb_bob"
    assert (out.binning_x, out.binning_y, out.roi.width, out.roi.height) == (0, 0, 0, 0)


def test_each_depth_has_the_stamp_and_the_camera_of_its_frame(
    node: NodeProcess, client: Client
) -> None:
    """Frames whose content tells their number, each with a focal length of its own."""
    cameras = []
    for number in range(1, 21):
        stamp = number * 33_333_333
        grey = np.full((HEIGHT, WIDTH, 3), 10 * number, np.uint8)
        fx = 60.0 + number
        info = camera_info_message(WIDTH, HEIGHT, (fx, 45.0, 30.0, 20.0), stamp)
        depth = received_depth(client.ask(image_message(grey, "bgr8", stamp), info))
        scale = math.sqrt(fx / 60)
        expected = (0.5 + 10.5 * 10 * number / 255) * scale
        if NEAR < expected < FAR:
            np.testing.assert_allclose(depth, expected, rtol=1e-5)
        else:
            assert np.isnan(depth).all()
        cameras.append((stamp, fx / 2))
    for stamp, fx in cameras:
        out = wait_until(partial(client.info_of, stamp), "camera_info")
        assert out.k[0] == pytest.approx(fx)
    stamps = [stamp_of(m) for m in client.depths]
    assert stamps == sorted(stamps)


def test_scale_and_camera_info_can_be_done_without(model: Path, domain: int) -> None:
    arguments = ("-p", f"model:={model}", "-p", "require_camera_info:=false")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        client.wait_for_node()
        depth = client.ask(image_message(ramps(), "rgb8", 11))
        assert_is_ramps(received_depth(depth), 1.0)
        assert not client.infos
        zeros = CameraInfo(header=header(12), width=WIDTH, height=HEIGHT)
        assert_is_ramps(received_depth(client.ask(image_message(ramps(), "rgb8", 12), zeros)), 1.0)
        assert not client.infos
        line = node.wait_for("bad_camera_info.*not calibrated.*camera of the model card is assumed")
        assert "dropped" not in line
        assert node.stop() == 0


def test_camera_aware_scale_can_be_switched_off(model: Path, domain: int) -> None:
    arguments = ("-p", f"model:={model}", "-p", "camera_aware_scale:=false")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        client.wait_for_node()
        info = camera_info_message(WIDTH, HEIGHT, K, 13)
        depth = client.ask(image_message(ramps(), "rgb8", 13), info)
        assert_is_ramps(received_depth(depth), 1.0)
        out = wait_until(lambda: client.info_of(13), "camera_info")
        assert out.k[0] == pytest.approx(30.0)
        assert node.stop() == 0
