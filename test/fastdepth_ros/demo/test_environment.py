import re
import socket
from pathlib import Path

import pytest

from fastdepth_ros.demo import environment
from fastdepth_ros.demo.environment import free_domain, node_variables, ros_environment


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch):
    for name in (
        "ROS_DISTRO",
        "ROS_LOG_DIR",
        "FASTRTPS_DEFAULT_PROFILES_FILE",
        "FASTDDS_DEFAULT_PROFILES_FILE",
    ):
        monkeypatch.delenv(name, raising=False)


def test_processes_stay_on_loopback_with_room_for_camera_images(tmp_path):
    variables = ros_environment(tmp_path)
    assert variables["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert variables["ROS_LOG_DIR"] == str(tmp_path)
    for name in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
        profile = Path(variables[name]).read_text()
        assert int(re.findall(r"<segment_size>(\d+)<", profile)[0]) >= 32 * 2**20


def test_the_node_has_the_same_profile_with_a_smaller_segment(tmp_path):
    variables = ros_environment(tmp_path)
    own = node_variables(variables)
    for name in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
        cameras, nodes = (
            Path(v.pop(name)).read_text().partition("<dds")[2] for v in (variables, own)
        )
        assert nodes == cameras.replace("33554432", "16777216")
    assert own == variables


def test_a_profile_of_the_users_is_the_nodes_too(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "/mine")
    assert "/config/" not in "".join(node_variables(ros_environment(tmp_path)).values())


def test_humble_is_kept_on_loopback_by_its_own_variable(tmp_path, monkeypatch):
    assert "ROS_LOCALHOST_ONLY" not in ros_environment(tmp_path)
    monkeypatch.setenv("ROS_DISTRO", "humble")
    assert ros_environment(tmp_path)["ROS_LOCALHOST_ONLY"] == "1"


@pytest.mark.parametrize("name", ["FASTRTPS_DEFAULT_PROFILES_FILE", "ROS_LOG_DIR"])
def test_what_the_user_has_chosen_is_kept(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "/mine")
    assert name not in ros_environment(tmp_path)


def test_a_domain_in_use_is_not_taken(monkeypatch):
    monkeypatch.setattr(environment, "_MOST_DOMAIN", 2)
    monkeypatch.setattr(environment, "_PORT_BASE", 21000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as participant:
        participant.bind(("", 21000 + 250 * 1 + 10))
        assert {free_domain() for _ in range(20)} == {2}
