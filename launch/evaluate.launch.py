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

SETTLE = 0.5
"""Seconds for the subscribers to have found the player too, once it has found all of them."""

DELAY = 4.0
"""Seconds until ROS's own player begins: it cannot be told to wait for subscribers."""

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


def player(bag: str, rate: str, subscribers: dict[str, int]) -> list[str]:
    """Return the command that plays a bag: ROS's own player where it is installed."""
    if importlib.util.find_spec("ros2bag") and shutil.which("ros2"):
        options = ["--delay", f"{DELAY:g}", "--clock", "40", "--disable-keyboard-controls"]
        return ["ros2", "bag", "play", bag, "--rate", rate, *options]
    wait = [f"{topic}={count}" for topic, count in subscribers.items()]
    options = ["--wait-for", *wait, "--delay", f"{SETTLE:g}", "--clock"]
    return [sys.executable, "-m", "fastdepth", "bag", "play", bag, "--rate", rate, *options]


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
    # A transport's topic is that of the raw image, and its own name behind.
    image = topics.image.removesuffix("/compressed")
    truth = topics.depth.removesuffix("/compressedDepth")
    transport = {
        "image_transport": "raw" if image == topics.image else "compressed",
        "truth_transport": "raw" if truth == topics.depth else "compressedDepth",
    }
    camera = topics.camera_info or f"{image.rpartition('/')[0]}/camera_info"
    depth_node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).resolve().parent / "depth.launch.py")),
        launch_arguments={
            "image": image,
            "image_transport": transport["image_transport"],
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
        parameters=[
            {"out": ParameterValue(str(Path(value["out"]).absolute()), value_type=str)},
            transport,
        ],
        remappings=[("image", image), ("camera_info", camera), ("ground_truth", truth)],
    )
    # Both nodes hear the camera, one of them the ground truth.
    hearers = {topics.image: 2, topics.depth: 1}
    if topics.camera_info:
        hearers[topics.camera_info] = 2
    play = ExecuteProcess(cmd=player(value["bag"], value["rate"], hearers), output="screen")
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
