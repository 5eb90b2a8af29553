"""Play a bag to the depth node and score it: ros2 launch fastdepth evaluate.launch.py bag:=BAG."""

import importlib.util
import shutil
import sys
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.events.process import ProcessIO
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from fastdepth.bags import BagReader, find_topics

DELAY = 4.0
"""Seconds between the start of the player and its first message, in which it is found."""

ARGUMENTS = [
    DeclareLaunchArgument("bag", description="The bag: image, camera_info and ground truth."),
    DeclareLaunchArgument(
        "out", default_value="evaluation", description="Folder for the report and the figures."
    ),
    DeclareLaunchArgument("rate", default_value="1.0", description="Speed of playing."),
    DeclareLaunchArgument(
        "image", default_value="", description="Image topic of the bag; empty: by convention."
    ),
    DeclareLaunchArgument(
        "camera_info", default_value="", description="Its camera_info; empty: by convention."
    ),
    DeclareLaunchArgument(
        "depth", default_value="", description="Ground truth of the bag; empty: by convention."
    ),
    DeclareLaunchArgument(
        "model",
        default_value="",
        description="ONNX file with a model card; empty: the package's own.",
    ),
]


def player(bag: str, rate: str) -> list[str]:
    """Return the command that plays a bag: ROS's own player where it is installed."""
    options = ["--rate", rate, "--delay", f"{DELAY:g}"]
    if importlib.util.find_spec("ros2bag") and shutil.which("ros2"):
        return ["ros2", "bag", "play", bag, *options, "--clock", "40"]
    return [sys.executable, "-m", "fastdepth", "bag", "play", bag, *options, "--clock"]


def start(context: LaunchContext) -> list[Action]:
    """Return both nodes, and the player once they are ready."""
    value = {argument.name: context.launch_configurations[argument.name] for argument in ARGUMENTS}
    with BagReader(value["bag"]) as bag:
        topics = find_topics(
            bag, value["image"] or None, value["camera_info"] or None, value["depth"] or None
        )
    if topics.depth is None:
        msg = f"{value['bag']} has no ground truth to score against; name its topic with depth:="
        raise RuntimeError(msg)
    if any(name.endswith(("/compressed", "/compressedDepth")) for name in topics if name):
        msg = f"{value['bag']} has compressed pictures; evaluate it with: fastdepth evaluate"
        raise RuntimeError(msg)
    camera = topics.camera_info or f"{topics.image.rpartition('/')[0]}/camera_info"
    depth_node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).resolve().parent / "depth.launch.py")),
        launch_arguments={
            "image": topics.image,
            "camera_info": camera,
            "model": value["model"],
            "use_sim_time": "true",
        }.items(),
    )
    evaluate_node = Node(
        package="fastdepth",
        executable="evaluate_node",
        name="evaluate_node",
        output="screen",
        parameters=[{"out": ParameterValue(str(Path(value["out"]).absolute()), value_type=str)}],
        remappings=[
            ("image", topics.image),
            ("camera_info", camera),
            ("ground_truth", topics.depth),
        ],
    )
    play = ExecuteProcess(cmd=player(value["bag"], value["rate"]), output="screen")
    begun = False

    def begin(event: ProcessIO) -> list[Action]:
        nonlocal begun
        if begun or b"ready for images on" not in event.text:
            return []
        begun = True
        return [play]

    return [
        depth_node,
        RegisterEventHandler(
            OnProcessIO(target_action=evaluate_node, on_stdout=begin, on_stderr=begin)
        ),
        RegisterEventHandler(
            OnProcessExit(
                target_action=evaluate_node,
                on_exit=[EmitEvent(event=Shutdown(reason="the evaluation is over"))],
            )
        ),
        evaluate_node,
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, the nodes and the player."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start)])
