"""The node as a real process: compressed images, camera_info policies, cameras on their side."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from fastdepth.messages import decode_depth
from test.fastdepth_ros.dds import (
    Client,
    NodeProcess,
    camera_info_message,
    header,
    image_message,
    values_of,
    wait_until,
)
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds

WIDTH, HEIGHT = 64, 48
K = (60.0, 60.0, 31.5, 23.5)
CALIBRATION = """\
image_width: 64
image_height: 48
camera_matrix: {rows: 3, cols: 3, data: [120, 0, 31.5, 0, 120, 23.5, 0, 0, 1]}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return build_mock_model(tmp_path / "mock.onnx")


def bar() -> np.ndarray:
    """Black with a red bar on the right: RGB."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, 48:, 0] = 255
    return image


def test_compressed_images_are_taken_beside_the_remapped_topic(model: Path, domain: int) -> None:
    arguments = ("-p", f"model:={model}", "-r", "image:=/cam/raw", "-r", "camera_info:=/cam/info")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        node.wait_for_start()
        publisher = client.node.create_publisher(
            CompressedImage, "/cam/raw/compressed", qos_profile_sensor_data
        )
        status, values = client.next_status(lambda s: values_of(s)["why"] == "no_publisher")
        assert "images are on /cam/raw/compressed" in status.message
        assert values["image_topic"] == "/cam/raw"
        changes = {"image_transport": "compressed", "require_camera_info": False}
        assert client.set_parameters(**changes) == ""
        wait_until(publisher.get_subscription_count, "a listener")
        stamp = 0

        def depth_of(form: str, data: bytes) -> np.ndarray:
            nonlocal stamp
            stamp += 10**9
            message = CompressedImage(header=header(stamp), format=form, data=data)

            def come():
                publisher.publish(message)
                return client.depth_of(stamp)

            return decode_depth(wait_until(come, f"depth of {form}", interval=0.05))

        bgr = bar()[..., ::-1]
        png = cv2.imencode(".png", bgr)[1].tobytes()
        jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
        for form, data, tolerance in (
            ("rgb8; png compressed bgr8", png, 1e-5),
            ("rgb8; jpeg compressed bgr8", jpeg, 0.15),
        ):
            depth = depth_of(form, data)
            np.testing.assert_allclose(depth[:, 28:], 2.5, atol=tolerance)
            np.testing.assert_allclose(depth[:, :20], 0.5, atol=tolerance)

        broken = CompressedImage(header=header(77), format="jpeg", data=jpeg[: len(jpeg) // 2])

        def counted() -> bool:
            publisher.publish(broken)
            return client.latest_value("dropped.bad_image") > 0

        wait_until(counted, "a broken picture counted", interval=0.1)
        node.wait_for("ERROR.*bad_image: the compressed image.*cannot be decoded")
        assert client.depth_of(77) is None
        assert client.set_parameter("image_transport", "raw") == ""
        wait_until(lambda: not publisher.get_subscription_count(), "the end of the subscription")
        assert node.stop() == 0


def test_the_camera_by_stamp_by_file_and_turned(model: Path, domain: int, tmp_path: Path) -> None:
    calibration = tmp_path / "camera.yaml"
    calibration.write_text(CALIBRATION)
    arguments = ("-p", f"model:={model}", "-p", "camera_info_policy:=exact")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        node.wait_for_start()
        client.wait_for_node()
        image = image_message(bar(), "rgb8", 10**9)
        client.camera_info.publish(camera_info_message(WIDTH, HEIGHT, K, 5))

        def missed() -> bool:
            client.camera_info.publish(camera_info_message(WIDTH, HEIGHT, K, 5))
            client.image.publish(image)
            return bool(
                node.matching("no_camera_info: no camera_info has the stamp.*1000.0 ms apart")
            )

        wait_until(missed, "a frame without its camera_info", interval=0.05)
        assert not client.depths
        info = camera_info_message(WIDTH, HEIGHT, K, 2 * 10**9)
        client.ask(image_message(bar(), "rgb8", 2 * 10**9), info)
        assert client.set_parameter("camera_info_policy", "latest") == ""
        client.wait_for_node()
        client.ask(image_message(bar(), "rgb8", 3 * 10**9), info)

        refused = client.set_parameter("camera_info_policy", "file")
        assert "camera_info_file is empty" in refused
        changes = {"camera_info_policy": "file", "camera_info_file": str(tmp_path / "none.yaml")}
        assert "No such file" in client.set_parameters(**changes)
        changes["camera_info_file"] = str(calibration)
        assert client.set_parameters(**changes) == ""
        wait_until(lambda: not client.camera_info.get_subscription_count(), "its end")
        depth = decode_depth(client.ask(image_message(bar(), "rgb8", 4 * 10**9)))
        np.testing.assert_allclose(depth[:, 28:], 5.0, rtol=1e-5)  # twice the focal length
        out = wait_until(partial(client.info_of, 4 * 10**9), "camera_info")
        assert list(out.k)[:3] == [60.0, 0.0, 15.5]

        assert client.set_parameter("image_rotation", 45) != ""
        assert client.set_parameter("image_rotation", 90) == ""
        depth = decode_depth(client.ask(image_message(bar(), "rgb8", 5 * 10**9)))
        assert depth.shape == (32, 24)
        out = wait_until(partial(client.info_of, 5 * 10**9), "camera_info")
        assert (out.width, out.height) == (24, 32)
        assert node.stop() == 0


def test_qos_that_does_not_fit_is_told_with_the_remedy(model: Path, domain: int) -> None:
    override = "qos_overrides./image.subscription.reliability:=reliable"
    with (
        NodeProcess(domain, "-p", f"model:={model}", "-p", override) as node,
        Client(domain) as client,
    ):
        node.wait_for_start()  # the client's camera is best effort
        line = node.wait_for("WARN.*a publisher on /image offers a RELIABILITY")
        assert "qos_overrides./image.subscription.reliability:=best_effort" in line
        status, _ = client.next_status(lambda s: values_of(s)["why"] == "incompatible_qos")
        assert "RELIABILITY" in status.message
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        client.collect(Image, "depth/image_rect", latched)
        line = node.wait_for("WARN.*a subscription to /depth/image_rect asks for a DURABILITY")
        assert "qos_overrides./depth/image_rect.publisher.durability:=transient_local" in line
        assert node.stop() == 0


def test_overridden_qos_works(model: Path, domain: int) -> None:
    overrides = (
        "qos_overrides./image.subscription.reliability:=reliable",
        "qos_overrides./depth/image_rect.publisher.durability:=transient_local",
    )
    arguments = [word for override in overrides for word in ("-p", override)]
    with (
        NodeProcess(domain, "-p", f"model:={model}", "-p", "lazy:=false", *arguments) as node,
        Client(domain, listens=False) as client,
    ):
        node.wait_for_start()
        reliable = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
        camera = client.node.create_publisher(Image, "image", reliable)
        wait_until(camera.get_subscription_count, "a reliable subscription")
        client.image = camera
        info = camera_info_message(WIDTH, HEIGHT, K, 1)
        image = image_message(bar(), "rgb8", 1)
        client.show(image, info, lambda: client.latest_value("published"))
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        late = client.collect(Image, "depth/image_rect", latched)
        wait_until(lambda: late, "the depth from before")
        assert node.stop() == 0
