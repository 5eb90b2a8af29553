"""Surroundings for ROS processes of our own: one domain on this machine alone."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Mapping
from pathlib import Path

from fastdepth.errors import FastDepthError
from fastdepth.paths import find_shared

_MOST_DOMAIN = 39  # the project's tests use those from 40
_PORT_BASE, _PORTS_A_DOMAIN = 7400, 250
_FIRST_PARTICIPANT = 10
# Of Fast DDS 2 (Humble, Jazzy) and of Fast DDS 3 (Kilted and later).
_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


def ros_environment(log_folder: Path) -> dict[str, str]:
    """Return environment variables for ROS processes that shall hear only one another.

    They get a domain that nobody on this machine uses, stay on the loopback interface, and use the
    Fast DDS profile of this package (camera images need a larger shared-memory segment than the
    default one) unless the user has chosen another.

    Args:
        log_folder: where ROS puts its log files, unless the user has chosen a place.

    """
    variables = {
        "ROS_DOMAIN_ID": str(free_domain()),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    if os.environ.get("ROS_DISTRO") == "humble":  # which does not know the variable above
        variables["ROS_LOCALHOST_ONLY"] = "1"
    if "ROS_LOG_DIR" not in os.environ:
        variables["ROS_LOG_DIR"] = str(log_folder)
    return variables | profile_variables()


def node_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables for a depth node, as depth.launch.py sets them.

    Args:
        variables: of `ros_environment`; the profile among them gives way to that of the node, which
            sends less than a camera.

    """
    profile = find_shared("config/fastdds_node.xml")
    if profile is None:
        return dict(variables)
    return {k: str(profile) if k in _PROFILE_VARIABLES else v for k, v in variables.items()}


def profile_variables() -> dict[str, str]:
    """Return the environment variables that choose this package's Fast DDS profile.

    None where the user has chosen another, or the profile is not installed.
    """
    profile = find_shared("config/fastdds.xml")
    if profile is None or any(name in os.environ for name in _PROFILE_VARIABLES):
        return {}
    return dict.fromkeys(_PROFILE_VARIABLES, str(profile))


def free_domain() -> int:
    """Return a ROS domain without a participant on this machine.

    Raises:
        FastDepthError: every domain is in use.

    """
    domains = list(range(1, _MOST_DOMAIN + 1))
    random.shuffle(domains)  # two that start at once shall not choose the same
    for domain in domains:
        if not _is_used(domain):
            return domain
    msg = f"every ROS domain from 1 to {_MOST_DOMAIN} is in use on this machine; end some processes"
    raise FastDepthError(msg)


def _is_used(domain: int) -> bool:
    """Return whether the first participant of a domain has its port (DDSI-RTPS 2.5, 9.6.2.3)."""
    port = _PORT_BASE + _PORTS_A_DOMAIN * domain + _FIRST_PARTICIPANT
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False
