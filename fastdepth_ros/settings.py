"""The settings of the node: every parameter with its default, meaning, limits and scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from fastdepth.engines import EngineName, Fallback
from fastdepth.errors import SettingError
from fastdepth.rotation import Turn

ImageTransport = Literal["raw", "compressed"]
CameraInfoPolicy = Literal["latest", "exact", "file"]
DepthEncoding = Literal["32FC1", "16UC1"]
DepthSize = Literal["network", "frame"]


class Scope(Enum):
    """When a change of a parameter takes effect."""

    START = "read only"
    MODEL = "at once; the model is loaded again"
    INPUT = "at once; subscribes again"
    LIVE = "from the next frame"


class Spec(NamedTuple):
    """What is known of a parameter.

    Attributes:
        name: of the parameter and of the field of Settings.
        default: its value unless given.
        description: a sentence for `ros2 param describe`.
        scope: when a change takes effect.
        choices: the values it may have; any if empty.
        limits: least and greatest value, of a number.

    """

    name: str
    default: Any
    description: str
    scope: Scope
    choices: tuple[Any, ...]
    limits: tuple[float, float] | None


class About(NamedTuple):
    """What stands behind the type of a field of Settings."""

    description: str
    scope: Scope = Scope.LIVE
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of all parameters; a set that cannot be is refused when it is made."""

    autostart: Annotated[
        bool,
        About(
            "Configure and activate the node when it starts, and end the process where that "
            "fails; false where a lifecycle manager does it.",
            Scope.START,
        ),
    ] = True
    hardware_id: Annotated[
        str,
        About(
            "hardware_id of the diagnostics; empty: the name of the host.",
            Scope.START,
        ),
    ] = ""
    model: Annotated[
        str,
        About(
            "ONNX file with a model card; empty: the model that comes with the package. "
            "Setting it again, to the same path too, loads the file anew.",
            Scope.MODEL,
        ),
    ] = ""
    engine: Annotated[
        EngineName,
        About(
            "What runs the network.",
            Scope.MODEL,
        ),
    ] = "onnxruntime"
    providers: Annotated[
        tuple[str, ...],
        About(
            "Where the engine runs, in order of preference: execution providers of "
            "onnxruntime (CPU, CUDA, TensorRT, OpenVINO) or devices of OpenVINO (CPU, GPU, "
            "NPU).",
            Scope.MODEL,
        ),
    ] = ("CPUExecutionProvider",)
    fallback: Annotated[
        Fallback,
        About(
            "Where engine or provider cannot be had: warn takes the next and says so in log "
            "and diagnostics, strict refuses.",
            Scope.MODEL,
        ),
    ] = "warn"
    threads: Annotated[
        int,
        About(
            "Threads of the engine; 0: one less than the CPUs this process may use, at most 4.",
            Scope.MODEL,
            limits=(0, 256),
        ),
    ] = 0
    spinning: Annotated[
        bool,
        About(
            "Let idle threads of onnxruntime spin: quicker where a CPU is free, and takes it "
            "whole.",
            Scope.MODEL,
        ),
    ] = False
    image_transport: Annotated[
        ImageTransport,
        About(
            "raw subscribes to image, compressed (JPEG or PNG) to image/compressed.",
            Scope.INPUT,
        ),
    ] = "raw"
    camera_info_policy: Annotated[
        CameraInfoPolicy,
        About(
            "latest takes the camera_info of the image's stamp, else the last one; exact only"
            " that of the stamp; file reads camera_info_file and subscribes to none.",
            Scope.INPUT,
        ),
    ] = "latest"
    camera_info_file: Annotated[
        str,
        About(
            "YAML file of camera_calibration, for camera_info_policy file.",
            Scope.INPUT,
        ),
    ] = ""
    require_camera_info: Annotated[
        bool,
        About(
            "Publish nothing for frames without a valid camera_info; otherwise publish the "
            "depth that the model card's own camera would see, without camera_info.",
        ),
    ] = True
    image_rotation: Annotated[
        Turn,
        About(
            "Degrees clockwise by which a picture has to be turned to be upright, for a "
            "camera mounted on its side; the depth image is as the picture came.",
        ),
    ] = 0
    camera_aware_scale: Annotated[
        bool,
        About(
            "Multiply depth by this camera's focal length over that on the model card.",
        ),
    ] = True
    calibration_file: Annotated[
        str,
        About(
            "Field calibration (YAML) that was fitted for this model and camera; empty: none.",
        ),
    ] = ""
    depth_encoding: Annotated[
        DepthEncoding,
        About(
            "32FC1 is metres with NaN where invalid, 16UC1 millimetres with 0 where invalid.",
        ),
    ] = "32FC1"
    depth_size: Annotated[
        DepthSize,
        About(
            "Size of the depth image: the network's (small messages, exact K and P) or the "
            "frame's.",
        ),
    ] = "network"
    min_depth: Annotated[
        float,
        About(
            "Metres; nearer depth is invalid. 0: as the model card says.",
            limits=(0.0, 1000.0),
        ),
    ] = 0.0
    max_depth: Annotated[
        float,
        About(
            "Metres; farther depth is invalid. 0: as the model card says.",
            limits=(0.0, 1000.0),
        ),
    ] = 0.0
    border: Annotated[
        float,
        About(
            "Share of width and height along each edge that is made invalid.",
            limits=(0.0, 0.49),
        ),
    ] = 0.0
    max_step: Annotated[
        float,
        About(
            "Pixels between which depth changes by more than this share are made invalid "
            "(0.1, say): the edges of things, where points would float. 0: none.",
            limits=(0.0, 10.0),
        ),
    ] = 0.0
    points_color: Annotated[
        bool,
        About(
            "Give the points of depth/points their colour.",
        ),
    ] = True
    lazy: Annotated[
        bool,
        About(
            "Put frames through the network only while somebody subscribes to a depth topic.",
        ),
    ] = True
    max_rate: Annotated[
        float,
        About(
            "Frames a second (of wall time) that are let in at most; 0: all.",
            limits=(0.0, 1000.0),
        ),
    ] = 0.0
    max_image_age: Annotated[
        float,
        About(
            "Seconds; an image that is older by its stamp is dropped. 0: none is too old.",
            limits=(0.0, 3600.0),
        ),
    ] = 0.0
    max_allowed_processing_time_ms: Annotated[
        float,
        About(
            "A frame that takes longer makes the diagnostics WARN.",
            limits=(0.0, 60000.0),
        ),
    ] = 200.0
    max_acceptable_consecutive_delay_ms: Annotated[
        float,
        About(
            "Frames that take too long for longer than this make the diagnostics ERROR.",
            limits=(0.0, 600000.0),
        ),
    ] = 1000.0

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises:
            SettingError: a value is not among the choices or beyond the limits, or two of them
                contradict each other; the message names them.

        """
        for spec in SPECS:
            _check(spec, getattr(self, spec.name))
        if self.camera_info_policy == "file" and not self.camera_info_file:
            msg = "camera_info_policy is 'file' and camera_info_file is empty; name the YAML file"
            raise SettingError(msg)
        if self.max_depth and self.max_depth <= self.min_depth:
            msg = (
                f"min_depth is {self.min_depth:g} and max_depth {self.max_depth:g}; expected "
                "min_depth < max_depth (0 for the model card's)"
            )
            raise SettingError(msg)


def _spec(item: Field[Any], hint: Any) -> Spec:
    kind, about = get_args(hint)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    return Spec(item.name, item.default, about.description, about.scope, choices, about.limits)


_HINTS = get_type_hints(Settings, include_extras=True)
SPECS = tuple(_spec(item, _HINTS[item.name]) for item in fields(Settings))
"""What is known of each parameter, in the order of the documentation."""


def of_scope(scope: Scope) -> frozenset[str]:
    """Return the names of the parameters of a scope."""
    return frozenset(spec.name for spec in SPECS if spec.scope is scope)


def changed(old: Settings, new: Settings) -> frozenset[str]:
    """Return the names of the parameters whose values differ."""
    return frozenset(s.name for s in SPECS if getattr(old, s.name) != getattr(new, s.name))


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return the settings with these values of parameters; what is no parameter is left out.

    Raises:
        SettingError: the values cannot be.

    """
    known = {spec.name: values[spec.name] for spec in SPECS if spec.name in values}
    if "providers" in known:
        known["providers"] = tuple(known["providers"])
    return Settings(**known)


def _check(spec: Spec, value: Any) -> None:
    if spec.choices and value not in spec.choices:
        choices = ", ".join(map(str, spec.choices))
        msg = f"{spec.name} is {value!r}; expected one of {choices}"
        raise SettingError(msg)
    if spec.limits is not None:
        low, high = spec.limits
        if not low <= value <= high:
            msg = f"{spec.name} is {value:g}; expected {low:g} to {high:g}"
            raise SettingError(msg)
