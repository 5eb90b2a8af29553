"""The layouts that come with the package show what depth.mcap has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from fastdepth.evaluation import recording

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
