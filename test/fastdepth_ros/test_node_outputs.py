"""The node as a real process: every output, and each only while somebody listens."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CompressedImage, Image, PointCloud2

from fastdepth.colour import colourise
from fastdepth.messages import decode_compressed_depth, decode_depth
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    image_message,
    stamp_of,
    values_of,
    wait_until,
)
from test.mock_model import build_mock_model, mock_card

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 64, 48
K = (60.0, 60.0, 30.0, 20.0)
NEAR, FAR = 0.8, 8.0


def ramps() -> np.ndarray:
    """Red rises along x, blue along y: RGB."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0] = 4 * np.arange(WIDTH)
    image[..., 2] = 5 * np.arange(HEIGHT)[:, None]
    return image


@pytest.fixture
def model(tmp_path: Path) -> Path:
    card = mock_card(depth_range=(NEAR, FAR))
    return build_mock_model(tmp_path / "mock.onnx", card, weights=(6.0, 0.0, 4.0))


def test_every_output_shows_the_same_depth(model: Path, domain: int) -> None:
    with NodeProcess(domain, "-p", f"model:={model}") as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        compressed = client.collect(CompressedImage, "depth/image_rect/compressedDepth")
        colors = client.collect(Image, "depth/image_color")
        clouds = client.collect(PointCloud2, "depth/points")
        image = image_message(ramps(), "rgb8", 10**9)
        info = camera_info_message(WIDTH, HEIGHT, K, 10**9)
        client.show(image, info, lambda: compressed and colors and clouds)
        stamps = [{stamp_of(m) for m in made} for made in (compressed, colors, clouds)]
        stamp = max(set.intersection(*stamps))
        depth = decode_depth(wait_until(partial(client.depth_of, stamp), "depth"))
        assert depth.shape == (24, 32)
        invalid = np.isnan(depth)
        assert 5 < invalid.sum() < depth.size / 2

        def of(messages):
            return next(m for m in messages if stamp_of(m) == stamp)

        packed = of(compressed)
        assert packed.format == "32FC1; compressedDepth png"
        unpacked = decode_compressed_depth(packed)
        np.testing.assert_array_equal(np.isnan(unpacked), invalid)
        np.testing.assert_allclose(unpacked, depth, rtol=2e-3)

        color = of(colors)
        assert (color.encoding, color.width, color.height) == ("rgb8", 32, 24)
        rgb = np.frombuffer(color.data, np.uint8).reshape(24, 32, 3)
        np.testing.assert_array_equal(rgb, colourise(depth, NEAR, FAR))

        cloud = of(clouds)
        assert (cloud.width, cloud.height, cloud.is_dense) == (32, 24, False)
        assert [f.name for f in cloud.fields] == ["x", "y", "z", "rgb"]
        assert cloud.header == packed.header == color.header
        points = np.frombuffer(cloud.data, "<f4").reshape(24, 32, 4)
        np.testing.assert_array_equal(np.isnan(points[..., 2]), invalid)
        v, u = 18, 25
        fx, cx, cy = 30.0, 30.5 / 2 - 0.5, 20.5 / 2 - 0.5
        z = depth[v, u]
        expected = [(u - cx) / fx * z, (v - cy) / fx * z, z]
        np.testing.assert_allclose(points[v, u, :3], expected, rtol=1e-5)
        blue, green, red, _ = np.frombuffer(cloud.data, np.uint8).reshape(24, 32, 16)[v, u, 12:]
        assert (red, green, blue) == (4 * (2 * u + 0.5), 0, pytest.approx(5 * (2 * v + 0.5), abs=1))

        # Other settings, at run time.
        assert client.set_parameter("points_color", False) == ""
        assert client.set_parameter("depth_encoding", "16UC1") == ""

        def changed() -> bool:  # some from before may still be under way
            names = [f.name for f in clouds[-1].fields]
            return (names, compressed[-1].format) == (["x", "y", "z"], "16UC1; compressedDepth png")

        client.show(image, info, changed)
        whole = client.ask(image_message(ramps(), "rgb8", 5 * 10**9), info)
        assert (whole.encoding, whole.step) == ("16UC1", 64)
        millimetres = np.frombuffer(whole.data, "<u2").reshape(24, 32)
        np.testing.assert_array_equal(millimetres == 0, invalid)
        np.testing.assert_allclose(millimetres[~invalid], 1000 * depth[~invalid], atol=0.51)

        assert client.set_parameter("depth_size", "frame") == ""
        info.header = image.header
        whole = client.ask(image_message(ramps(), "rgb8", 6 * 10**9), info)
        assert (whole.width, whole.height) == (WIDTH, HEIGHT)
        out = wait_until(partial(client.info_of, 6 * 10**9), "camera_info")
        assert (out.width, out.height) == (WIDTH, HEIGHT)
        assert list(out.k) == list(info.k)
        assert list(out.p) == list(info.p)
        assert client.set_parameter("border", 0.25) == ""
        whole = decode_depth(client.ask(image_message(ramps(), "rgb8", 7 * 10**9), info))
        assert np.isnan(whole[:12]).all()
        assert np.isfinite(whole[20, 30])
        assert node.stop() == 0


def test_nothing_is_computed_for_nobody(model: Path, domain: int) -> None:
    with (
        NodeProcess(domain, "-p", f"model:={model}") as node,
        Client(domain, listens=False) as client,
    ):
        node.wait_for_start()
        client.wait_for_node()
        image = image_message(ramps(), "rgb8", 10**9)
        info = camera_info_message(WIDTH, HEIGHT, K, 10**9)

        def why(name: str, level: bytes) -> bool:
            status = client.statuses[-1] if client.statuses else None
            return status is not None and (values_of(status)["why"], status.level) == (name, level)

        client.show(image, info, lambda: why("no_listener", b"\0"))
        _, values = client.next_status(lambda s: values_of(s)["in_flight"] == "0")
        assert values["published"] == "0"
        # On a busy machine some are overtaken before anybody asks whether they are wanted.
        unwanted, overtaken = (
            int(values[f"dropped.{cause}"]) for cause in ("no_listener", "overwritten")
        )
        assert int(values["received"]) == unwanted + overtaken
        assert unwanted > 0
        client.show(image, info, lambda: node.matching("INFO.*nothing is published: nobody subs"))

        # One listener to one output is enough, and gets only what it asks for.
        clouds = client.collect(PointCloud2, "depth/points")
        client.show(image, info, lambda: clouds)
        client.show(image, None, lambda: client.latest_value("published") > 0)
        client.show(image, None, lambda: why("", b"\0"))
        assert node.stop() == 0
