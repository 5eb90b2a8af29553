"""Start the depth node: ros2 launch fastdepth depth.launch.py image:=/camera/image_raw."""

from collections.abc import Mapping
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

# launch/ and config/ lie side by side in the source tree and under share/fastdepth.
CONFIG = Path(__file__).resolve().parent.parent / "config"

# What names a profile: the first for Fast DDS 2, the second for 3 (which warns of the first).
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
WITH_FAST_DDS_2 = ("humble", "iron", "jazzy")

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
    """Return the variables to set; none where a profile was chosen already."""
    if any(environment.get(name) for name in PROFILE_VARIABLES):
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
    if value["autostart"]:
        parameters.append({"autostart": value["autostart"] == "true"})
    parameters.append(
        {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
    )
    return [
        *(
            SetEnvironmentVariable(name, str(CONFIG / "fastdds.xml"))
            for name in profile_variables(context.environment)
        ),
        Node(
            package="fastdepth",
            executable="depth_node",
            name="depth_node",
            namespace=value["namespace"],
            output="screen",
            parameters=parameters,
            remappings=[("image", image), ("camera_info", value["camera_info"] or beside)],
            arguments=["--ros-args", "--log-level", value["log_level"]],
        ),
        *(node for name, node in consumers(value["namespace"]).items() if value[name] == "true"),
    ]


def consumers(namespace: str) -> dict[str, Node]:
    """Return the nodes that may be started beside it, by the argument that asks for them."""
    time = {"use_sim_time": ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)}
    return {
        "point_cloud": Node(
            package="depth_image_proc",
            executable="point_cloud_xyz_node",
            name="depth_point_cloud",
            namespace=namespace,
            parameters=[time],
            remappings=[
                ("image_rect", "depth/image_rect"),
                ("camera_info", "depth/camera_info"),
                ("points", "depth/points_xyz"),
            ],
        ),
        "laser_scan": Node(
            package="depthimage_to_laserscan",
            executable="depthimage_to_laserscan_node",
            name="depth_laser_scan",
            namespace=namespace,
            parameters=[time],
            remappings=[
                ("depth", "depth/image_rect"),
                ("depth_camera_info", "depth/camera_info"),
                ("scan", "depth/scan"),
            ],
        ),
    }


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start_node)])
