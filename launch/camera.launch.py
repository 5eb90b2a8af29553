"""Start a camera (or a bag) and the depth node: ros2 launch fastdepth camera.launch.py."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.events.process import ProcessExited, ProcessIO
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

DEPTH = Path(__file__).resolve().parent / "depth.launch.py"

READY = b"waiting for images on"
"""What the depth node logs when it is active."""

SETTLE = 0.5
"""Seconds for the depth node to have found the player too, once the player has found it."""

DELAY = 2.0
"""Seconds until ROS's own player begins: it cannot be told to wait for subscribers."""

ARGUMENTS = [
    DeclareLaunchArgument(
        "camera",
        default_value="v4l2",
        choices=["v4l2", "usb_cam", "realsense", "libcamera", "bag"],
        description="What gives the images: a driver (package v4l2_camera, usb_cam, "
        "realsense2_camera or camera_ros, which has to be installed), or a bag.",
    ),
    DeclareLaunchArgument(
        "camera_name",
        default_value="camera",
        description="Name of the camera: its topics are below it (/camera/image_raw), its frame is "
        "NAME_optical_frame.",
    ),
    DeclareLaunchArgument(
        "device",
        default_value="",
        description="Which camera: a device file (v4l2, usb_cam; empty: /dev/video0), a serial "
        "number (realsense) or an index or name (libcamera); empty: the first.",
    ),
    DeclareLaunchArgument(
        "width", default_value="640", description="Width of the images in pixels, of a driver."
    ),
    DeclareLaunchArgument(
        "height", default_value="480", description="Height of the images in pixels, of a driver."
    ),
    DeclareLaunchArgument("fps", default_value="30", description="Images a second, of a driver."),
    DeclareLaunchArgument(
        "calibration",
        default_value="",
        description="Calibration of the camera as camera_calibration writes it "
        "(file:///home/robot/camera.yaml); empty: where the driver looks by itself.",
    ),
    DeclareLaunchArgument(
        "bag",
        default_value="",
        description="The bag to play, with camera:=bag; the package has one: samples/rooms.",
    ),
    DeclareLaunchArgument("bag_rate", default_value="1.0", description="Speed of playing the bag."),
    DeclareLaunchArgument(
        "loop",
        default_value="true",
        choices=["true", "false"],
        description="Play the bag again and again; otherwise all ends with the bag.",
    ),
    DeclareLaunchArgument(
        "image",
        default_value="",
        description="Image topic that the depth node takes; empty: that of the driver, or of the "
        "bag by convention.",
    ),
    DeclareLaunchArgument(
        "camera_info",
        default_value="",
        description="Its camera_info topic; empty: 'camera_info' beside the image topic.",
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=["", "true", "false"],
        description="Take the time from /clock; empty: with a bag, whose time is on it, yes.",
    ),
]


def v4l2(value: Mapping[str, str], namespace: str) -> Node:
    """Return the driver of package v4l2_camera: publishes image_raw, camera_info."""
    return Node(
        package="v4l2_camera",
        executable="v4l2_camera_node",
        name="driver",
        namespace=namespace,
        output="screen",
        parameters=[
            {
                "video_device": ParameterValue(value["device"] or "/dev/video0", value_type=str),
                "image_size": [int(value["width"]), int(value["height"])],
                "time_per_frame": [1, int(value["fps"])],
                "output_encoding": "rgb8",
                "camera_frame_id": f"{value['camera_name']}_optical_frame",
            },
            *calibration(value),
        ],
    )


def usb_cam(value: Mapping[str, str], namespace: str) -> Node:
    """Return the driver of package usb_cam: publishes image_raw, camera_info."""
    return Node(
        package="usb_cam",
        executable="usb_cam_node_exe",
        name="driver",
        namespace=namespace,
        output="screen",
        parameters=[
            {
                "video_device": ParameterValue(value["device"] or "/dev/video0", value_type=str),
                "image_width": int(value["width"]),
                "image_height": int(value["height"]),
                "framerate": float(value["fps"]),
                "pixel_format": "yuyv2rgb",
                "frame_id": f"{value['camera_name']}_optical_frame",
                "camera_name": value["camera_name"],
            },
            *calibration(value),
        ],
    )


def realsense(value: Mapping[str, str], namespace: str) -> Node:
    """Return the driver of package realsense2_camera: publishes color/image_raw and camera_info.

    It publishes below its own name, so its namespace is that above the camera's.
    """
    profile = f"{value['width']}x{value['height']}x{value['fps']}"
    serial = {"serial_no": ParameterValue(value["device"], value_type=str)}
    return Node(
        package="realsense2_camera",
        executable="realsense2_camera_node",
        name=value["camera_name"],
        namespace=namespace.rpartition("/")[0],
        output="screen",
        parameters=[
            {
                "camera_name": value["camera_name"],
                "enable_color": True,
                "enable_depth": False,
                "rgb_camera.color_profile": profile,
                "rgb_camera.profile": profile,  # its name before realsense2_camera 4.55
            },
            *([serial] if value["device"] else []),
        ],
    )


def libcamera(value: Mapping[str, str], namespace: str) -> Node:
    """Return the driver of package camera_ros: publishes image_raw, camera_info below its name."""
    device = value["device"]
    which = {"camera": int(device) if device.isdigit() else device}
    return Node(
        package="camera_ros",
        executable="camera_node",
        name=value["camera_name"],
        namespace=namespace.rpartition("/")[0],
        output="screen",
        parameters=[
            {
                "width": int(value["width"]),
                "height": int(value["height"]),
                "format": "RGB888",  # little-endian as in DRM: bgr8
                "frame_id": f"{value['camera_name']}_optical_frame",
            },
            *([which] if device else []),
            *calibration(value),
        ],
    )


DRIVERS: dict[str, tuple[Callable[[Mapping[str, str], str], Node], str]] = {
    "v4l2": (v4l2, "image_raw"),
    "usb_cam": (usb_cam, "image_raw"),
    "realsense": (realsense, "color/image_raw"),
    "libcamera": (libcamera, "image_raw"),
}
"""What starts a driver, and its image topic below the camera's name."""


def calibration(value: Mapping[str, str]) -> list[dict[str, ParameterValue]]:
    """Return the parameter that names the calibration, if there is one."""
    if not value["calibration"]:
        return []
    return [{"camera_info_url": ParameterValue(value["calibration"], value_type=str)}]


def camera_namespace(value: Mapping[str, str], outer: str) -> str:
    """Return the camera's namespace, which lies in the one that the depth node gets."""
    return "/".join(["", *filter(None, outer.split("/")), value["camera_name"]])


def bag_topics(value: Mapping[str, str]) -> tuple[str, str, str]:
    """Return image topic, camera_info topic and transport of the bag.

    Raises:
        RuntimeError: no bag was named, or it has to be read to know and cannot be here.

    """
    if not value["bag"]:
        msg = "camera:=bag needs the bag: bag:=PATH"
        raise RuntimeError(msg)
    image, info = value["image"], value["camera_info"]
    if not image:
        try:
            from fastdepth.bags import BagReader, find_topics  # noqa: PLC0415 - needs rosbags
        except ImportError as err:
            msg = f"the bag cannot be read here ({err}): name its image topic with image:="
            raise RuntimeError(msg) from err
        with BagReader(value["bag"]) as bag:
            topics = find_topics(bag)
        image, info = topics.image, info or topics.camera_info or ""
    stem = image.removesuffix("/compressed")
    return stem, info, "compressed" if stem != image else "raw"


def python() -> str:
    """Return the interpreter that has this package, by the rule of lib/fastdepth/depth_node."""
    virtual = sys.prefix != sys.base_prefix
    return sys.executable if virtual else shutil.which("python3") or sys.executable


def player(value: Mapping[str, str], topic: str) -> list[str]:
    """Return the command that plays the bag: ROS's own player where it is installed.

    Args:
        value: arguments of this file.
        topic: of the images, that the depth node has to have found.

    """
    options = [value["bag"], "--rate", value["bag_rate"], "--clock"]
    loop = ["--loop"] if value["loop"] == "true" else []
    if importlib.util.find_spec("ros2bag") and shutil.which("ros2"):
        more = ["40", "--delay", f"{DELAY:g}", "--disable-keyboard-controls"]
        return ["ros2", "bag", "play", *options, *more, *loop]
    more = ["--wait-for", f"{topic}=1", "--delay", f"{SETTLE:g}"]
    return [python(), "-m", "fastdepth", "bag", "play", *options, *more, *loop]


def read(context: LaunchContext) -> dict[str, str]:
    """Return the arguments of this file."""
    return {argument.name: context.launch_configurations[argument.name] for argument in ARGUMENTS}


def prepare(context: LaunchContext) -> list[Action]:
    """Set what depth.launch.py takes: the topics, the time and the transport."""
    value = read(context)
    given = context.launch_configurations
    if value["camera"] == "bag":
        image, info, transport = bag_topics(value)
        given["camera_info"] = info
        given["use_sim_time"] = value["use_sim_time"] or "true"
        given["image_transport"] = given.get("image_transport") or transport
    else:
        namespace = camera_namespace(value, given.get("namespace", ""))
        image = value["image"] or f"{namespace}/{DRIVERS[value['camera']][1]}"
        given["use_sim_time"] = value["use_sim_time"] or "false"
    given["image"] = image
    return []


def start(context: LaunchContext) -> list[Action]:
    """Return the driver or the player, started last: with the profile that large images need."""
    value = read(context)
    if value["camera"] == "bag":
        given = context.launch_configurations
        compressed = "/compressed" if given["image_transport"] == "compressed" else ""
        return play(value, given["image"] + compressed)
    namespace = camera_namespace(value, context.launch_configurations.get("namespace", ""))
    return [DRIVERS[value["camera"]][0](value, namespace)]


def play(value: Mapping[str, str], topic: str) -> list[Action]:
    """Return what plays the bag once the depth node waits for images."""
    process = ExecuteProcess(cmd=player(value, topic), output="screen", sigterm_timeout="15")
    begun = False

    def begin(event: ProcessIO) -> list[Action]:
        nonlocal begun
        if begun or READY not in event.text:
            return []
        begun = True
        return [LogInfo(msg=f"playing {value['bag']}"), process]

    def over(_event: ProcessExited, context: LaunchContext) -> list[Action]:
        if context.is_shutdown:  # by Ctrl-C, which the others have got too
            return []
        reason = "the bag is over"
        return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]

    return [
        RegisterEventHandler(OnProcessIO(on_stdout=begin, on_stderr=begin)),
        RegisterEventHandler(OnProcessExit(target_action=process, on_exit=over)),
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, those of depth.launch.py among them, the node and the camera."""
    return LaunchDescription(
        [
            *ARGUMENTS,
            OpaqueFunction(function=prepare),
            IncludeLaunchDescription(PythonLaunchDescriptionSource(str(DEPTH))),
            OpaqueFunction(function=start),
        ]
    )
