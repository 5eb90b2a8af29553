"""The parameters of the node as a real process, against the file that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")

from rcl_interfaces.srv import DescribeParameters, ListParameters

from fastdepth_ros.topics import CAMERA_INFO, IMAGE, OUTPUTS, Topic
from test.fastdepth_ros.dds import Client, NodeProcess
from test.fastdepth_ros.isolation import ROOT
from test.mock_model import build_mock_model

pytestmark = pytest.mark.dds

PARAMETERS = ROOT / "config" / "depth.yaml"
OWN_MODEL = ROOT / "models" / "fastdepth.onnx"
READ_ONLY = {"autostart", "hardware_id"}


def _full(topic: Topic) -> str:
    return f"/{topic.name.lstrip('/')}"


def test_the_shipped_file_names_every_parameter(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    shipped = set(yaml.safe_load(PARAMETERS.read_text())["/**"]["ros__parameters"])
    arguments = ("--params-file", str(PARAMETERS), "-p", f"model:={model}")
    with NodeProcess(domain, *arguments) as node, Client(domain) as client:
        node.wait_for_start()
        listed = client.call(ListParameters, "list_parameters", ListParameters.Request())
        foreign = {"use_sim_time", "start_type_description_service"}
        own = set(listed.result.names) - foreign
        names = sorted(name for name in own if not name.startswith("qos_overrides."))
        assert set(names) == shipped
        request = DescribeParameters.Request(names=names)
        described = client.call(DescribeParameters, "describe_parameters", request)
        for descriptor in described.descriptors:
            assert len(descriptor.description) > 20
            assert descriptor.read_only == (descriptor.name in READ_ONLY)
        overridable = {
            f"qos_overrides.{_full(topic)}.{kind}.{policy}"
            for kind, made in (
                ("subscription", (IMAGE, CAMERA_INFO)),
                ("publisher", OUTPUTS),
            )
            for topic in made
            for policy in ("depth", "durability", "history", "reliability")
        }
        assert overridable <= own
        assert node.stop() == 0


@pytest.mark.skipif(not OWN_MODEL.is_file(), reason="the package's model is not there")
def test_the_packages_own_model_is_the_default(domain: int) -> None:
    with NodeProcess(domain) as node:
        assert str(OWN_MODEL) in node.wait_for("model .* input .* depth .* of ")
        node.wait_for_start()
        assert node.stop() == 0


def test_names_and_namespaces_can_be_remapped(tmp_path: Path, domain: int) -> None:
    model = build_mock_model(tmp_path / "mock.onnx")
    remaps = ("-r", "__ns:=/robot", "-r", "__node:=eyes", "-r", "image:=/camera/image_raw")
    with NodeProcess(domain, "-p", f"model:={model}", *remaps) as node:
        line = node.wait_for("waiting for images on")
        assert "[robot.eyes]" in line
        assert "images on /camera/image_raw" in line
        assert "camera_info on /robot/camera_info" in line
        assert "depth on /robot/depth/image_rect" in line
        assert node.stop() == 0
