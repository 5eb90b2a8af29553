"""Run a launch file with stand-ins for what it starts, and see how that was started."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from test.fastdepth_ros.isolation import ROOT

PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
DEPTH_NODE = "fastdepth/depth_node"

# Stands where a program is installed, writes down how it was started, and ends.
_STAND_IN = """#!{python}
import json, os, pathlib, sys
arguments = sys.argv[1:]
files = [
    pathlib.Path(arguments[i + 1]).read_text()
    for i, word in enumerate(arguments) if word == "--params-file"
]
record = {{
    "program": {program!r},
    "arguments": arguments,
    "environment": dict(os.environ),
    "files": files,
}}
pathlib.Path({records!r}, f"{{os.getpid()}}.json").write_text(json.dumps(record))
print("waiting for images on /somewhere", flush=True)
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


class Started(NamedTuple):
    """How a program was started."""

    program: str
    arguments: list[str]
    environment: dict[str, str]
    files: list[str]

    def after(self, flag: str) -> list[str]:
        """Return the words that follow a flag."""
        return [self.arguments[i + 1] for i, word in enumerate(self.arguments) if word == flag]

    def parameters(self) -> str:
        """Return all parameter files together."""
        return "\n".join(self.files)


class Launched(NamedTuple):
    """What a launch file did."""

    code: int
    output: str
    started: list[Started]

    def one(self, program: str) -> Started:
        """Return how the only process of that program was started."""
        (found,) = (started for started in self.started if started.program == program)
        return found


def stand_in(path: Path, program: str, records: Path) -> None:
    """Put a stand-in for a program there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _STAND_IN.format(python=sys.executable, program=program, records=str(records))
    path.write_text(text)
    path.chmod(0o755)


def launch(
    folder: Path,
    file: str,
    *arguments: str,
    programs: tuple[str, ...] = (DEPTH_NODE,),
    commands: tuple[str, ...] = (),
    **environment: str,
) -> Launched:
    """Launch with stand-ins.

    Args:
        folder: to work in.
        file: name of the launch file.
        arguments: of the launch file, as `name:=value`.
        programs: `package/executable` of everything that is installed.
        commands: what else is on the PATH.
        environment: variables in addition.

    """
    prefix, records, search = folder / "prefix", folder / "records", folder / "bin"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    for made in (index, records, search):
        made.mkdir(parents=True)
    for program in programs:
        (index / program.partition("/")[0]).write_text("")
        stand_in(prefix / "lib" / program, program, records)
    for command in commands:
        stand_in(search / command, command, records)
    variables = {k: v for k, v in os.environ.items() if k not in (*PROFILES, "ROS_DISTRO")}
    variables |= {
        "AMENT_PREFIX_PATH": str(prefix),
        "PATH": f"{search}{os.pathsep}{os.environ['PATH']}",
        "ROS_LOG_DIR": str(folder),
        "PYTHONPATH": str(ROOT),
    } | environment
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(ROOT / "launch" / file), *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found: list[dict[str, Any]] = [json.loads(path.read_text()) for path in records.iterdir()]
    return Launched(done.returncode, done.stdout + done.stderr, [Started(**r) for r in found])


def module(file: str) -> ModuleType:
    """Return a launch file as a module, to call its functions."""
    spec = importlib.util.spec_from_file_location(file.replace(".", "_"), ROOT / "launch" / file)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def described(file: str) -> dict[str, str]:
    """Return the description of every argument, those of included files among them."""
    from launch.launch_description_sources import (  # noqa: PLC0415 - only where it is installed
        get_launch_description_from_python_launch_file,
    )

    path = ROOT / "launch" / file
    description = get_launch_description_from_python_launch_file(str(path))
    return {a.name: a.description for a in description.get_launch_arguments()}
