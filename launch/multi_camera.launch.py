"""Start a depth node for each of several cameras: ros2 launch fastdepth multi_camera.launch.py."""

import os
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource

HERE = Path(__file__).resolve().parent
DEPTH = str(HERE / "depth.launch.py")

MOST = 4
"""Threads that one engine takes at most, as in the node."""

ARGUMENTS = [
    DeclareLaunchArgument(
        "cameras",
        default_value="front,rear",
        description="Names of the cameras, with commas between: each is the namespace of a node "
        "that publishes NAME/depth/image_rect.",
    ),
    DeclareLaunchArgument(
        "image",
        default_value="image_raw",
        description="Image topic of every camera below its name (RealSense: color/image_raw), with "
        "camera_info beside it.",
    ),
    DeclareLaunchArgument(
        "threads",
        default_value="0",
        description="Threads of each engine; 0: the CPUs that may be used, shared among the "
        "cameras.",
    ),
    DeclareLaunchArgument(
        "namespace", default_value="", description="Namespace that the cameras lie in."
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value=str(HERE.parent / "config" / "multi_camera.yaml"),
        description="YAML file with the parameters of the nodes, together or by name "
        "(/front/depth_node).",
    ),
]

# Set for each node here.
OWN = {"cameras", "image", "camera_info", "threads", "namespace", "params_file"}


def passed_on() -> list[DeclareLaunchArgument]:
    """Return the arguments of depth.launch.py that hold for all nodes, for --show-args."""
    description = PythonLaunchDescriptionSource(DEPTH).try_get_launch_description_without_context()
    return [a for a in description.get_launch_arguments() if a.name not in OWN]


def share(threads: str, cameras: int) -> int:
    """Return the threads of each engine.

    One node alone leaves a CPU for the rest and takes at most 4, as its parameter says; several
    share what that leaves.
    """
    if int(threads):
        return int(threads)
    return max(1, min(MOST, int(cpus() - 1) // cameras))


def cpus() -> float:
    """Return the CPUs' worth of time that may be used, with the quota of a container if it can be.

    `ros2` may run in an interpreter that lacks what the engines import.
    """
    try:
        from fastdepth.engines import usable_cpus  # noqa: PLC0415 - takes a second to import
    except ImportError:
        return float(len(os.sched_getaffinity(0)))
    return usable_cpus()


def start(context: LaunchContext) -> list[Action]:
    """Return one node a camera."""
    value = context.launch_configurations
    names = [name.strip(" /") for name in value["cameras"].split(",")]
    if not all(names) or len(set(names)) < len(names):
        msg = f"cameras:={value['cameras']}: expected different names with commas between"
        raise RuntimeError(msg)
    threads = share(value["threads"], len(names))
    actions: list[Action] = []
    for name in names:
        namespace = "/".join(["", *filter(None, value["namespace"].split("/")), name])
        image = f"{namespace}/{value['image']}"
        arguments = {
            "namespace": namespace,
            "image": image,
            "camera_info": f"{image.rpartition('/')[0]}/camera_info",
            "threads": str(threads),
        }
        include = IncludeLaunchDescription(
            PythonLaunchDescriptionSource(DEPTH), launch_arguments=arguments.items()
        )
        actions.append(GroupAction([include]))
    return actions


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the nodes."""
    return LaunchDescription([*ARGUMENTS, *passed_on(), OpaqueFunction(function=start)])
