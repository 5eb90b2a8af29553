"""Where the processes of the benchmark live: a ROS domain, a transport, a folder for logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from fastdepth.errors import FastDepthError
from fastdepth_ros.demo.environment import node_variables, ros_environment

Transport = Literal["shared memory", "udp"]

_ROOT = Path(__file__).resolve().parents[2]
_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
_UDP_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles">
  <profiles>
    <transport_descriptors>
      <transport_descriptor>
        <transport_id>udp</transport_id>
        <type>UDPv4</type>
      </transport_descriptor>
    </transport_descriptors>
    <participant profile_name="udp_alone" is_default_profile="true">
      <rtps>
        <userTransports>
          <transport_id>udp</transport_id>
        </userTransports>
        <useBuiltinTransports>false</useBuiltinTransports>
      </rtps>
    </participant>
  </profiles>
</dds>
"""


class BenchError(FastDepthError):
    """The benchmark of the node could not measure."""


class Surroundings:
    """Environment variables of the processes.

    Attributes:
        folder: for logs.
        own: variables for ROS in this process.

    """

    def __init__(self, folder: Path) -> None:
        """Choose a domain that nobody uses.

        Args:
            folder: an empty one that goes when the benchmark ends.

        """
        self.folder = folder
        self.own = ros_environment(folder) | {"ROS_LOG_DIR": str(folder)}
        self._udp = folder / "udp.xml"
        self._udp.write_text(_UDP_PROFILE, encoding="utf-8")

    def variables(self, transport: Transport) -> dict[str, str]:
        """Return what a node's environment has beyond this process's own."""
        return self._with(node_variables(self.own), transport)

    def environment(self, transport: Transport) -> dict[str, str]:
        """Return a whole environment for another process."""
        return {**os.environ, **self._with(self.own, transport)}

    def _with(self, variables: Mapping[str, str], transport: Transport) -> dict[str, str]:
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        chosen: Mapping[str, str] = {}
        if transport == "udp":
            chosen = dict.fromkeys(_PROFILE_VARIABLES, str(self._udp))
        return {**variables, **chosen, "PYTHONPATH": path}
