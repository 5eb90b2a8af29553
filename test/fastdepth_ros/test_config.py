"""Layouts, examples and launch files name what the node and its consumers really have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fastdepth.engines import read_card
from fastdepth_ros.settings import SPECS, settings_of
from fastdepth_ros.topics import OUTPUTS
from test.fastdepth.evaluation.test_layouts import strings
from test.launch_files import LAUNCH, constant, declared, texts

ROOT = LAUNCH.parent
CONFIG = ROOT / "config"
CARD = read_card(ROOT / "models" / "fastdepth.onnx")

# Whose topics and frame the layouts show.
CAMERA = declared("camera.launch.py")["camera_name"].default

# Everything that there is to subscribe to beside the running node, with its type: what the node
# publishes, what the consumers of depth.launch.py do, and what the drivers of camera.launch.py do.
TYPES = {f"/{topic.name.lstrip('/')}": topic.type for topic in OUTPUTS}
TYPES |= {
    "/depth/points_xyz": "sensor_msgs/msg/PointCloud2",
    "/depth/scan": "sensor_msgs/msg/LaserScan",
    f"/{CAMERA}/image_raw": "sensor_msgs/msg/Image",
    f"/{CAMERA}/camera_info": "sensor_msgs/msg/CameraInfo",
}


def parameters(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CONFIG / file).read_text())
    return loaded


def test_the_foxglove_layout_shows_topics_that_there_are() -> None:
    layout = json.loads((CONFIG / "foxglove" / "depth.json").read_text())
    named = {text for text in strings(layout) if text.startswith("/")}
    assert named <= set(TYPES)
    assert {"/depth/image_rect", "/depth/points", "/diagnostics"} <= named
    panels = strings(layout["layout"]) & set(layout["configById"])
    assert panels == set(layout["configById"])
    cloud = layout["configById"]["3D!cloud"]
    assert cloud["followTf"] == f"{CAMERA}_optical_frame"


def test_the_rviz_configuration_shows_topics_that_there_are() -> None:
    config = yaml.safe_load((CONFIG / "rviz" / "depth.rviz").read_text())["Visualization Manager"]
    shown = {
        display["Topic"]["Value"]: display["Class"].rpartition("/")[2]
        for display in config["Displays"]
        if "Topic" in display
    }
    assert shown
    # A display is called as the type that it shows.
    assert {t: f"sensor_msgs/msg/{display}" for t, display in shown.items()}.items() <= (
        TYPES.items()
    )
    assert config["Global Options"]["Fixed Frame"] == f"{CAMERA}_optical_frame"


@pytest.mark.parametrize("file", sorted(path.name for path in LAUNCH.glob("*.launch.py")))
def test_launch_files_name_topics_of_the_node_and_of_its_consumers(file: str) -> None:
    named = {text for text in texts(file) if text.startswith("depth/")}
    assert {f"/{topic}" for topic in named} <= set(TYPES)


def test_launch_files_look_for_what_the_node_logs() -> None:
    said = (ROOT / "fastdepth_ros" / "node" / "work.py").read_text()
    assert f'f"{constant("camera.launch.py", "READY").decode()} ' in said


def test_a_scan_has_the_range_of_the_deployed_model() -> None:
    assert constant("depth.launch.py", "SCAN_RANGE") == CARD.depth_range


def nav2_sources() -> list[dict[str, Any]]:
    found = []
    for name in ("local_costmap", "global_costmap"):
        costmap = parameters("nav2_voxel_layer.yaml")[name][name]["ros__parameters"]
        assert set(costmap["plugins"]) <= set(costmap)
        for layer in (costmap[plugin] for plugin in costmap["plugins"]):
            names = layer.get("observation_sources", "").split()
            found += [{"layer": layer} | layer[source] for source in names]
    return found


def test_nav2_takes_topics_of_their_own_types() -> None:
    sources = nav2_sources()
    assert {source["topic"] for source in sources} == {"/depth/points", "/depth/scan"}
    for source in sources:
        assert TYPES[source["topic"]] == f"sensor_msgs/msg/{source['data_type']}"


def test_nav2_marks_within_the_range_of_model_and_node() -> None:
    nearest, farthest = CARD.depth_range
    node = parameters("nav2_voxel_layer.yaml")["/**/depth_node"]["ros__parameters"]
    for source in nav2_sources():
        assert nearest <= source["obstacle_min_range"] < source["obstacle_max_range"]
        assert source["obstacle_max_range"] <= source["raytrace_max_range"] <= node["max_depth"]
        assert source["min_obstacle_height"] < source["max_obstacle_height"]
        # Depth comes more often than Nav2 would complain.
        assert node["max_rate"] > 2 / source["expected_update_rate"]
    assert node["max_depth"] <= farthest


def test_the_voxels_of_nav2_are_as_many_as_it_can_and_reach_high_enough() -> None:
    (layer,) = (s["layer"] for s in nav2_sources() if s["layer"]["plugin"].endswith("VoxelLayer"))
    assert layer["z_voxels"] <= 16  # bits of a column
    top = layer["origin_z"] + layer["z_voxels"] * layer["z_resolution"]
    assert layer["max_obstacle_height"] == pytest.approx(top)


@pytest.mark.parametrize("file", ["nav2_voxel_layer.yaml", "multi_camera.yaml"])
def test_parameters_of_the_examples_are_the_nodes(file: str) -> None:
    defaults = {spec.name: spec.default for spec in SPECS}
    nodes = {
        name: part["ros__parameters"]
        for name, part in parameters(file).items()
        if name == "/**" or name.endswith("/depth_node")
    }
    assert nodes
    for given in nodes.values():
        assert set(given) <= set(defaults)
        settings_of(defaults | given)  # refuses what cannot be


def test_examples_and_layouts_are_documented() -> None:
    documented = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    files = [*CONFIG.glob("*.yaml"), *(CONFIG / "rviz").iterdir(), *(CONFIG / "foxglove").iterdir()]
    missing = [str(Path(f).relative_to(ROOT)) for f in files if f.name not in documented]
    missing += [path.name for path in LAUNCH.glob("*.launch.py") if path.name not in documented]
    assert not missing
