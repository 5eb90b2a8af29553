"""depth.launch.py, run by the real launch where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.fastdepth_ros.isolation import ROOT

pytest.importorskip("launch.actions", reason="launch is not installed")
pytest.importorskip("launch_ros.actions", reason="launch_ros is not installed")

from test.fastdepth_ros.launching import (
    DEPTH_NODE,
    PROFILES,
    Started,
    described,
    launch,
)

FILE = "depth.launch.py"
POINT_CLOUD = "depth_image_proc/point_cloud_xyz_node"
LASER_SCAN = "depthimage_to_laserscan/depthimage_to_laserscan_node"


def node(folder: Path, *arguments: str, **environment: str) -> Started:
    """Launch, and return how the node was started."""
    done = launch(folder, FILE, *arguments, programs=(DEPTH_NODE,), commands=(), **environment)
    assert done.started, done.output
    return done.one(DEPTH_NODE)


def test_every_argument_has_a_description() -> None:
    arguments = described(FILE)
    assert set(arguments) == {
        "image",
        "camera_info",
        "model",
        "params_file",
        "autostart",
        "image_transport",
        "threads",
        "point_cloud",
        "laser_scan",
        "scan_frame",
        "consumers",
        "container",
        "namespace",
        "use_sim_time",
        "log_level",
    }
    assert all(len(text) > 20 for text in arguments.values())


def test_defaults(tmp_path: Path) -> None:
    started = node(tmp_path)
    assert "image:=image" in started.after("-r")
    assert "camera_info:=camera_info" in started.after("-r")
    assert started.after("--log-level") == ["info"]
    assert str(ROOT / "config" / "depth.yaml") in started.after("--params-file")
    given = "\n".join(started.files[1:])
    unset = ("model", "autostart", "image_transport", "threads")
    assert not [name for name in unset if name in given]
    for name in PROFILES:
        assert started.environment[name] == str(ROOT / "config" / "fastdds_node.xml")


@pytest.mark.parametrize(("distribution", "index"), [("humble", 0), ("jazzy", 0), ("kilted", 1)])
def test_the_profile_is_named_as_the_distribution_reads_it(
    distribution: str, index: int, tmp_path: Path
) -> None:
    environment = node(tmp_path, ROS_DISTRO=distribution).environment
    assert environment[PROFILES[index]] == str(ROOT / "config" / "fastdds_node.xml")
    assert PROFILES[1 - index] not in environment


def test_arguments_reach_the_node(tmp_path: Path) -> None:
    parameters = tmp_path / "mine.yaml"
    parameters.write_text("/**:\n  ros__parameters:\n    border: 0.1\n")
    started = node(
        tmp_path,
        "image:=/front/color/image_raw",
        "model:=/data/123",
        f"params_file:={parameters}",
        "namespace:=robot",
        "use_sim_time:=true",
        "log_level:=debug",
        "autostart:=false",
        "image_transport:=compressed",
        "threads:=3",
    )
    remappings = started.after("-r")
    assert "image:=/front/color/image_raw" in remappings
    assert "camera_info:=/front/color/camera_info" in remappings
    assert "__ns:=/robot" in remappings
    assert started.after("--log-level") == ["debug"]
    text = started.parameters()
    assert "border: 0.1" in text
    assert "model: /data/123" in text
    assert "use_sim_time: true" in text
    assert "autostart: false" in text
    assert "image_transport: compressed" in text
    assert "threads: 3\n" in text


def test_a_camera_info_of_ones_own(tmp_path: Path) -> None:
    assert "camera_info:=/b/info" in node(
        tmp_path, "image:=/a/image", "camera_info:=/b/info"
    ).after("-r")


def test_a_profile_that_is_set_already_stays(tmp_path: Path) -> None:
    environment = node(tmp_path, FASTRTPS_DEFAULT_PROFILES_FILE="/mine.xml").environment
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == "/mine.xml"
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in environment


def test_the_profile_of_cameras_gives_way_to_the_nodes(tmp_path: Path) -> None:
    cameras, own = (str(ROOT / "config" / f"{name}.xml") for name in ("fastdds", "fastdds_node"))
    environment = node(tmp_path, FASTRTPS_DEFAULT_PROFILES_FILE=cameras).environment
    assert environment["FASTRTPS_DEFAULT_PROFILES_FILE"] == own


def test_consumers_are_started_as_processes(tmp_path: Path) -> None:
    done = launch(
        tmp_path,
        FILE,
        "point_cloud:=true",
        "laser_scan:=true",
        "scan_frame:=lens",
        "namespace:=front",
        "use_sim_time:=true",
        programs=(DEPTH_NODE, POINT_CLOUD, LASER_SCAN),
    )
    cloud, scan = done.one(POINT_CLOUD), done.one(LASER_SCAN)
    assert {"__ns:=/front", "image_rect:=depth/image_rect", "points:=depth/points_xyz"} <= set(
        cloud.after("-r")
    )
    assert {"depth:=depth/image_rect", "scan:=depth/scan"} <= set(scan.after("-r"))
    assert "depth_camera_info:=depth/camera_info" in scan.after("-r")
    assert "output_frame: lens" in scan.parameters()
    for started in (cloud, scan):
        assert "use_sim_time: true" in started.parameters()
