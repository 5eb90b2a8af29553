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
    if value["model"]:
        parameters.append({"model": ParameterValue(value["model"], value_type=str)})
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
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start_node)])
