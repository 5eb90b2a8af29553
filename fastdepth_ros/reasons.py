"""Why nothing is published and what to do about it: the tables of the log and the docs."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fastdepth_ros.stats import DropCause


class Silence(Enum):
    """Why no depth leaves the node although no frame was dropped for a fault."""

    UNCONFIGURED = "unconfigured"
    INACTIVE = "inactive"
    NO_PUBLISHER = "no_publisher"
    INCOMPATIBLE_QOS = "incompatible_qos"
    NO_IMAGE = "no_image"
    CAMERA_STOPPED = "camera_stopped"
    NO_LISTENER = "no_listener"
    REPEATED_STAMP = "repeated_stamp"
    RATE_LIMITED = "rate_limited"
    TOO_SLOW = "too_slow"


class Explanation(NamedTuple):
    """What a reason means and what to do about it (empty where nothing is wrong)."""

    meaning: str
    remedy: str = ""


SILENCES: dict[Silence, Explanation] = {
    Silence.UNCONFIGURED: Explanation(
        "The node has no model yet, or configuring it failed; the reason stands behind it.",
        "Mend what the reason says, then `ros2 lifecycle set /depth_node configure` and "
        "`activate`.",
    ),
    Silence.INACTIVE: Explanation(
        "The node was configured and not activated, or was deactivated.",
        "`ros2 lifecycle set /depth_node activate`.",
    ),
    Silence.NO_PUBLISHER: Explanation(
        "Nobody publishes the image topic. The image topics that there are stand behind it.",
        "Start the camera; remap `image` to its topic; set `image_transport` to compressed where "
        "only the compressed topic is published.",
    ),
    Silence.INCOMPATIBLE_QOS: Explanation(
        "The publisher of the image topic offers a QoS that this subscription does not take.",
        "Set the parameter that the message names (`qos_overrides...`) and start the node again.",
    ),
    Silence.NO_IMAGE: Explanation(
        "The image topic has a publisher, and no image has come yet.",
        "Look whether the camera delivers (`ros2 topic hz`); see that large messages pass (the "
        "Fast DDS profile of this package, for the camera driver too).",
    ),
    Silence.CAMERA_STOPPED: Explanation(
        "Images came, and come no more.", "Look at the camera driver, its cable and its log."
    ),
    Silence.NO_LISTENER: Explanation(
        "Nobody subscribes to any depth topic, so no frame is put through the network.",
        "Nothing, or set `lazy` to false to work all the same.",
    ),
    Silence.REPEATED_STAMP: Explanation(
        "All images carry the stamp of the last depth: the camera repeats itself.",
        "Look at the camera driver: it delivers old pictures or does not stamp them.",
    ),
    Silence.RATE_LIMITED: Explanation("No frame was due since the last report (`max_rate`)."),
    Silence.TOO_SLOW: Explanation(
        "Images come, and none is through the network yet: it takes longer than a second.",
        "Take a smaller model, more `threads`, or another engine.",
    ),
}

DROPS: dict[DropCause, Explanation] = {
    DropCause.OVERWRITTEN: Explanation("A newer frame came before the model was free."),
    DropCause.RATE_LIMITED: Explanation("The frame came sooner than `max_rate` allows."),
    DropCause.REPEATED_STAMP: Explanation("Depth of that very stamp was published last."),
    DropCause.NO_LISTENER: Explanation("Nobody subscribes to any depth topic, and `lazy` is set."),
    DropCause.TOO_OLD: Explanation(
        "The image is older than `max_image_age`.",
        "Set `use_sim_time` where a bag or a simulation gives the time; synchronise the clocks of "
        "camera and computer; or allow more.",
    ),
    DropCause.NO_CAMERA_INFO: Explanation(
        "There is no camera_info for the image.",
        "Remap `camera_info` to the topic beside the image; or set `camera_info_policy` to file "
        "and name a calibration; or set `require_camera_info` to false.",
    ),
    DropCause.BAD_CAMERA_INFO: Explanation(
        "The camera_info is of no possible camera (a K of zeros, say).",
        "Calibrate the camera; or set `camera_info_policy` to file and name a calibration.",
    ),
    DropCause.CAMERA_MISMATCH: Explanation(
        "The camera_info is of an image of another size.",
        "Take image and camera_info from the same stream, at the same resolution.",
    ),
    DropCause.BAD_IMAGE: Explanation(
        "Size, step and data of the message do not make an image, or the picture is damaged.",
        "Look at the camera driver, or at the network between.",
    ),
    DropCause.UNSUPPORTED_ENCODING: Explanation(
        "The encoding cannot be decoded here.",
        "Let the driver publish rgb8, bgr8, rgba8, bgra8 or mono8; or debayer with image_proc; or "
        "install a cv_bridge that works with this NumPy.",
    ),
    DropCause.INFERENCE_FAILED: Explanation(
        "The engine raised an error on the frame.",
        "Read the reason; try another `engine` or `providers`, or the model from before.",
    ),
    DropCause.PUBLISH_FAILED: Explanation(
        "The middleware did not take the message.", "Read the reason, which is the middleware's."
    ),
    DropCause.INTERNAL_ERROR: Explanation(
        "Something else went wrong: a fault of this package.", "Report it, with the log."
    ),
    DropCause.DEACTIVATED: Explanation(
        "The node was deactivated or stopped before the frame was through."
    ),
}
