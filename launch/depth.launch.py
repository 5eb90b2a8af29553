"""Start the depth node: ros2 launch fastdepth depth.launch.py image:=/camera/image_raw."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import ComposableNodeContainer, LoadComposableNodes, Node
from launch_ros.descriptions import ComposableNode
from launch_ros.parameter_descriptions import ParameterValue

# launch/ and config/ lie side by side in the source tree and under share/fastdepth.
CONFIG = Path(__file__).resolve().parent.parent / "config"

# What names a profile: the first for Fast DDS 2, the second for 3 (which warns of the first).
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
WITH_FAST_DDS_2 = ("humble", "iron", "jazzy")
PROFILE = CONFIG / "fastdds.xml"  # for whatever is started beside the node: camera drivers, say
NODE_PROFILE = CONFIG / "fastdds_node.xml"  # the node sends less than they do

SCAN_RANGE = (0.2, 10.0)
"""Metres that a scan may have: the valid range on the card of the package's own model."""

SCAN_ROWS = 8
"""Rows in the middle of the depth image of which a scan takes the nearest points."""

ARGUMENTS = [
    DeclareLaunchArgument(
        "image", default_value="image", description="Image topic of the camera (sensor_msgs/Image)."
    ),
    DeclareLaunchArgument(
        "camera_info",
        default_value="",
        description="Its camera_info topic; empty: 'camera_info' beside the image topic.",
    ),
    DeclareLaunchArgument(
        "model",
        default_value="",
        description="ONNX file with a model card; empty: the one in params_file, else the "
        "package's own.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value=str(CONFIG / "depth.yaml"),
        description="YAML file with the parameters of the node.",
    ),
    DeclareLaunchArgument(
        "autostart",
        default_value="",
        choices=["", "true", "false"],
        description="Configure and activate the node at once; false where a lifecycle manager does "
        "it; empty: as params_file says (true).",
    ),
    DeclareLaunchArgument(
        "image_transport",
        default_value="",
        choices=["", "raw", "compressed"],
        description="compressed subscribes to the topic IMAGE/compressed (JPEG or PNG); empty: as "
        "params_file says (raw).",
    ),
    DeclareLaunchArgument(
        "threads",
        default_value="",
        description="Threads of the engine; empty: as params_file says (one less than there are "
        "CPUs, at most 4).",
    ),
    DeclareLaunchArgument(
        "point_cloud",
        default_value="false",
        choices=["true", "false"],
        description="Start depth_image_proc beside it, which publishes depth/points_xyz (the node "
        "itself publishes depth/points, with colour).",
    ),
    DeclareLaunchArgument(
        "laser_scan",
        default_value="false",
        choices=["true", "false"],
        description="Start depthimage_to_laserscan beside it, which publishes depth/scan.",
    ),
    DeclareLaunchArgument(
        "scan_frame",
        default_value="camera_link",
        description="Frame of depth/scan: where the camera is, x forward and z up (not the optical "
        "frame of the image).",
    ),
    DeclareLaunchArgument(
        "consumers",
        default_value="processes",
        choices=["processes", "container", "load"],
        description="Where point_cloud and laser_scan run: each a process of its own, in a new "
        "component container, or loaded into one that runs already.",
    ),
    DeclareLaunchArgument(
        "container",
        default_value="depth_container",
        description="Name of that container; with consumers:=load its full name (/robot/perception)"
        ".",
    ),
    DeclareLaunchArgument(
        "namespace", default_value="", description="Namespace of the node and of its topics."
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="false",
        choices=["true", "false"],
        description="Take the time from /clock (simulation, ros2 bag play --clock).",
    ),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="Least severity that the node logs.",
    ),
]


def profile_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the variables to set; none where another profile was chosen already."""
    if any(environment.get(name) not in {None, "", str(PROFILE)} for name in PROFILE_VARIABLES):
        return []
    distribution = environment.get("ROS_DISTRO")
    if not distribution:  # ROS from wheels does not say
        return list(PROFILE_VARIABLES)
    return [PROFILE_VARIABLES[0 if distribution in WITH_FAST_DDS_2 else 1]]


def start_node(context: LaunchContext) -> list[Action]:
    """Return the node and its environment, as the arguments say."""
    value = {argument.name: context.launch_configurations[argument.name] for argument in ARGUMENTS}
    image = value["image"]
    beside = f"{image.rpartition('/')[0]}/camera_info" if "/" in image else "camera_info"
    parameters: list[object] = [value["params_file"]]
    parameters += [
        {name: ParameterValue(value[name], value_type=str)}
        for name in ("model", "image_transport")
        if value[name]
    ]
    if value["threads"]:
        parameters.append({"threads": int(value["threads"])})
    if value["autostart"]:
        parameters.append({"autostart": value["autostart"] == "true"})
    parameters.append(
        {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
    )
    names = profile_variables(context.environment)
    return [
        *(SetEnvironmentVariable(name, str(PROFILE)) for name in names),
        Node(
            package="fastdepth",
            executable="depth_node",
            name="depth_node",
            namespace=value["namespace"],
            output="screen",
            parameters=parameters,
            remappings=[("image", image), ("camera_info", value["camera_info"] or beside)],
            arguments=["--ros-args", "--log-level", value["log_level"]],
            additional_env=dict.fromkeys(names, str(NODE_PROFILE)),
            # It finishes the frame in the network first; launch's 5 s are few on a busy board.
            sigterm_timeout="15",
        ),
        *start_consumers(value),
    ]


class Consumer(NamedTuple):
    """A node that takes depth, of another package, as a program and as a component."""

    package: str
    executable: str
    plugin: str
    name: str
    parameters: list[dict[str, object]]
    remappings: list[tuple[str, str]]


def wanted(value: Mapping[str, str]) -> list[Consumer]:
    """Return the consumers that the arguments ask for."""
    time = {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
    consumers = {
        "point_cloud": Consumer(
            package="depth_image_proc",
            executable="point_cloud_xyz_node",
            plugin="depth_image_proc::PointCloudXyzNode",
            name="depth_point_cloud",
            parameters=[time],
            remappings=[
                ("image_rect", "depth/image_rect"),
                ("camera_info", "depth/camera_info"),
                ("points", "depth/points_xyz"),
            ],
        ),
        "laser_scan": Consumer(
            package="depthimage_to_laserscan",
            executable="depthimage_to_laserscan_node",
            plugin="depthimage_to_laserscan::DepthImageToLaserScanROS",
            name="depth_laser_scan",
            parameters=[
                {
                    "range_min": SCAN_RANGE[0],
                    "range_max": SCAN_RANGE[1],
                    "scan_height": SCAN_ROWS,
                    "output_frame": ParameterValue(value["scan_frame"], value_type=str),
                },
                time,
            ],
            remappings=[
                ("depth", "depth/image_rect"),
                ("depth_camera_info", "depth/camera_info"),
                ("scan", "depth/scan"),
            ],
        ),
    }
    return [consumer for name, consumer in consumers.items() if value[name] == "true"]


def start_consumers(value: Mapping[str, str]) -> list[Action]:
    """Return what starts the consumers: processes, or components and perhaps their container."""
    found, namespace = wanted(value), value["namespace"]
    if value["consumers"] == "processes":
        return [
            Node(
                package=consumer.package,
                executable=consumer.executable,
                name=consumer.name,
                namespace=namespace,
                parameters=consumer.parameters,
                remappings=consumer.remappings,
            )
            for consumer in found
        ]
    components = [
        ComposableNode(
            package=consumer.package,
            plugin=consumer.plugin,
            name=consumer.name,
            namespace=namespace,
            parameters=consumer.parameters,
            remappings=consumer.remappings,
        )
        for consumer in found
    ]
    if not components:
        return []
    if value["consumers"] == "load":
        return [
            LoadComposableNodes(
                target_container=value["container"], composable_node_descriptions=components
            )
        ]
    return [
        ComposableNodeContainer(
            package="rclcpp_components",
            executable="component_container",
            name=value["container"],
            namespace=namespace,
            composable_node_descriptions=components,
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start_node)])
