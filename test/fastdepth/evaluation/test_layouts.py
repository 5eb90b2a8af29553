"""The layouts that come with the package show what depth.mcap has."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from fastdepth.evaluation import evaluate_source, recording

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"

CONFIG = Path(__file__).resolve().parents[3] / "config"
TOPICS = {value for name, value in vars(recording).items() if name.endswith("_TOPIC")}


def strings(value: Any) -> set[str]:
    """Return all texts in a nested value, keys of mappings among them."""
    if isinstance(value, dict):
        return set().union(*(strings(part) for pair in value.items() for part in pair))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return {value} if isinstance(value, str) else set()


def test_the_foxglove_layout_names_the_topics_and_its_panels() -> None:
    layout = json.loads((CONFIG / "foxglove" / "evaluation.json").read_text())
    named = {text for text in strings(layout) if text.startswith("/")}
    assert named == TOPICS
    panels = strings(layout["layout"]) & set(layout["configById"])
    assert panels == set(layout["configById"])


def test_the_rviz_configuration_names_the_topics() -> None:
    config = yaml.safe_load((CONFIG / "rviz" / "evaluation.rviz").read_text())
    named = {text for text in strings(config) if text.startswith("/")}
    # RViz takes the transport apart, and finds camera_info beside the image.
    images = {topic.removesuffix("/compressed") for topic in TOPICS if "camera_info" not in topic}
    assert named == images
    fixed = config["Visualization Manager"]["Global Options"]["Fixed Frame"]
    assert fixed == recording.FRAME_ID


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the depth.mcap of an evaluation."""
    pytest.importorskip("rosbags", reason="the bags extra is not installed")
    from test.fastdepth.evaluation import making  # noqa: PLC0415 - needs the extra

    folder = tmp_path_factory.mktemp("layouts")
    bag = making.write_bag(folder / "bag", 3, lambda _, predicted: predicted + np.float32(0.5))
    options = making.options(folder, record_rate=math.inf)
    evaluate_source(bag, options, folder / "out", lambda *_: None, lambda: False)
    return folder / "out" / "depth.mcap"


def messages(recorded: Path) -> dict[str, tuple[str, Any]]:
    """Return type and first message of each topic, by the libraries that Foxglove's are akin to."""
    reader = pytest.importorskip("mcap.reader", reason="the mcap library is not installed")
    decoder = pytest.importorskip("mcap_ros2.decoder", reason="mcap-ros2-support is not installed")
    found: dict[str, tuple[str, Any]] = {}
    with recorded.open("rb") as file:
        opened = reader.make_reader(file, decoder_factories=[decoder.DecoderFactory()])
        assert opened.get_header().profile == "ros2"
        for schema, channel, _, message in opened.iter_decoded_messages():
            assert channel.message_encoding == "cdr"
            found.setdefault(channel.topic, (schema.name, message))
    return found


def test_the_recording_has_what_the_foxglove_panels_show(recorded: Path) -> None:
    found = messages(recorded)
    layout = json.loads((CONFIG / "foxglove" / "evaluation.json").read_text())["configById"]
    shown = 0
    for name, panel in layout.items():
        if name.startswith("Image!"):
            mode = panel["imageMode"]
            kind, image = found[mode["imageTopic"]]
            assert kind in {IMAGE, COMPRESSED}
            if kind == IMAGE:  # a colour map is for numbers
                assert image.encoding == "32FC1"
            if "calibrationTopic" in mode:
                assert found[mode["calibrationTopic"]][0] == INFO
            shown += 1
        if name.startswith("3D!"):
            clouds = [each for each in panel["topics"].items() if "cameraInfoTopic" in each[1]]
            ((topic, settings),) = clouds
            kind, info = found[settings["cameraInfoTopic"]]
            image = found[topic][1]
            assert kind == INFO
            assert (image.encoding, image.width, image.height) == ("32FC1", info.width, info.height)
            assert info.k[0] > 0
    assert shown == 4


def test_the_recording_has_what_the_rviz_displays_show(recorded: Path) -> None:
    found = messages(recorded)
    config = yaml.safe_load((CONFIG / "rviz" / "evaluation.rviz").read_text())
    displays = config["Visualization Manager"]["Displays"]
    named = [d["Topic"]["Value"] for d in displays if d["Class"] == "rviz_default_plugins/Image"]
    assert len(named) == 4
    for topic in named:
        kind = found[topic][0] if topic in found else found[f"{topic}/compressed"][0]
        assert kind == (IMAGE if topic in found else COMPRESSED)
    for _, message in found.values():
        assert message.header.frame_id == recording.FRAME_ID
