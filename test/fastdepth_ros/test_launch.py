"""The launch file, run by the real launch where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from test.fastdepth_ros.isolation import ROOT

pytest.importorskip("launch.actions", reason="launch is not installed")
pytest.importorskip("launch_ros.actions", reason="launch_ros is not installed")

LAUNCH_FILE = ROOT / "launch" / "depth.launch.py"
PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

# Stands where the node is installed and writes down how it was started.
STAND_IN = """#!{python}
import json, os, pathlib, sys
record = {{"arguments": sys.argv[1:], "environment": dict(os.environ)}}
arguments = sys.argv[1:]
record["files"] = [
    pathlib.Path(arguments[i + 1]).read_text()
    for i, word in enumerate(arguments) if word == "--params-file"
]
pathlib.Path({record!r}).write_text(json.dumps(record))
"""

RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [tuple(word.split(":=", 1)) for word in sys.argv[2:]]
include = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments
)
service = LaunchService(argv=[])
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


def launched(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """Launch with a stand-in for the node; return how that was started."""
    prefix, record = folder / "prefix", folder / "record.json"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "fastdepth").write_text("")
    program = prefix / "lib" / "fastdepth" / "depth_node"
    program.parent.mkdir(parents=True)
    program.write_text(STAND_IN.format(python=sys.executable, record=str(record)))
    program.chmod(0o755)
    variables = {k: v for k, v in os.environ.items() if k not in (*PROFILES, "ROS_DISTRO")}
    variables |= {"AMENT_PREFIX_PATH": str(prefix), "ROS_LOG_DIR": str(folder)} | environment
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(LAUNCH_FILE), *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert record.exists(), done.stdout + done.stderr
    started: dict[str, Any] = json.loads(record.read_text())
    return started


def pairs(started: dict[str, Any], flag: str) -> list[str]:
    words = started["arguments"]
    return [words[i + 1] for i, word in enumerate(words) if word == flag]


def test_every_argument_has_a_description() -> None:
    from launch.launch_description_sources import (  # noqa: PLC0415 - only where it is installed
        get_launch_description_from_python_launch_file,
    )

    description = get_launch_description_from_python_launch_file(str(LAUNCH_FILE))
    arguments = {a.name: a.description for a in description.get_launch_arguments()}
    assert set(arguments) == {
        "image",
        "camera_info",
        "model",
        "params_file",
        "autostart",
        "image_transport",
        "point_cloud",
        "laser_scan",
        "namespace",
        "use_sim_time",
        "log_level",
    }
    assert all(len(text) > 20 for text in arguments.values())


def test_defaults(tmp_path: Path) -> None:
    started = launched(tmp_path)
    assert "image:=image" in pairs(started, "-r")
    assert "camera_info:=camera_info" in pairs(started, "-r")
    assert pairs(started, "--log-level") == ["info"]
    assert str(ROOT / "config" / "depth.yaml") in pairs(started, "--params-file")
    given = "\n".join(started["files"][1:])
    assert not [name for name in ("model", "autostart", "image_transport") if name in given]
    for name in PROFILES:
        assert started["environment"][name] == str(ROOT / "config" / "fastdds.xml")


@pytest.mark.parametrize(("distribution", "index"), [("humble", 0), ("jazzy", 0), ("kilted", 1)])
def test_the_profile_is_named_as_the_distribution_reads_it(
    distribution: str, index: int, tmp_path: Path
) -> None:
    environment = launched(tmp_path, ROS_DISTRO=distribution)["environment"]
    assert environment[PROFILES[index]] == str(ROOT / "config" / "fastdds.xml")
    assert PROFILES[1 - index] not in environment


def test_arguments_reach_the_node(tmp_path: Path) -> None:
    parameters = tmp_path / "mine.yaml"
    parameters.write_text("/**:\n  ros__parameters:\n    threads: 3\n")
    started = launched(
        tmp_path,
        "image:=/front/color/image_raw",
        "model:=/data/123",
        f"params_file:={parameters}",
        "namespace:=robot",
        "use_sim_time:=true",
        "log_level:=debug",
        "autostart:=false",
        "image_transport:=compressed",
    )
    remappings = pairs(started, "-r")
    assert "image:=/front/color/image_raw" in remappings
    assert "camera_info:=/front/color/camera_info" in remappings
    assert "__ns:=/robot" in remappings
    assert pairs(started, "--log-level") == ["debug"]
    text = "\n".join(started["files"])
    assert "threads: 3" in text
    assert "model: /data/123" in text
    assert "use_sim_time: true" in text
    assert "autostart: false" in text
    assert "image_transport: compressed" in text


def test_a_camera_info_of_ones_own(tmp_path: Path) -> None:
    started = launched(tmp_path, "image:=/a/image", "camera_info:=/b/info")
    assert "camera_info:=/b/info" in pairs(started, "-r")


def test_a_profile_that_is_set_already_stays(tmp_path: Path) -> None:
    started = launched(tmp_path, FASTRTPS_DEFAULT_PROFILES_FILE="/mine.xml")
    assert started["environment"]["FASTRTPS_DEFAULT_PROFILES_FILE"] == "/mine.xml"
    assert "FASTDDS_DEFAULT_PROFILES_FILE" not in started["environment"]
