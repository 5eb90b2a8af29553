"""The parameters of the node: descriptions, ranges, and what may change at run time."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import IntegerRange, ParameterDescriptor
from rclpy.node import Node

from fastdepth.paths import default_model


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of the parameters when the node started.

    Attributes:
        model: path of the ONNX file.
        threads: of the engine; 0 chooses by the CPUs this process may use.
        providers: onnxruntime execution providers in order of preference.
        camera_aware_scale: scale depth from the card's camera to the one in camera_info.
        require_camera_info: drop frames whose camera is unknown.
        hardware_id: of the diagnostics.

    """

    model: Path
    threads: int
    providers: tuple[str, ...]
    camera_aware_scale: bool
    require_camera_info: bool
    hardware_id: str


def declare_parameters(node: Node) -> None:
    """Declare all parameters of the depth node.

    Raises:
        rclpy.exceptions.ParameterException: a value given from outside has the wrong type or is out
            of range.

    """
    _declare(
        node,
        "model",
        "",
        "ONNX file with a model card; empty: the model that comes with the package. Read at start.",
        read_only=True,
    )
    _declare(
        node,
        "threads",
        0,
        "Threads of the engine; 0: as many as leave a CPU free, at most 4. Read at start.",
        read_only=True,
        integer_range=[IntegerRange(from_value=0, to_value=256, step=1)],
    )
    _declare(
        node,
        "providers",
        ["CPUExecutionProvider"],
        "onnxruntime execution providers in order of preference. Read at start.",
        read_only=True,
    )
    _declare(
        node,
        "camera_aware_scale",
        True,
        "Multiply depth by this camera's focal length over that on the model card. May change.",
    )
    _declare(
        node,
        "require_camera_info",
        True,
        "Publish nothing for frames without a valid camera_info; otherwise publish the depth that "
        "the card's own camera would see, without camera_info. May change.",
    )
    _declare(
        node,
        "hardware_id",
        "",
        "hardware_id of the diagnostics; empty: the name of the host. Read at start.",
        read_only=True,
    )


def read_settings(node: Node) -> Settings:
    """Return the values of the declared parameters.

    Raises:
        ModelError: no model is named and none is installed.

    """

    def value(name: str) -> Any:
        return node.get_parameter(name).value

    return Settings(
        model=Path(value("model")).expanduser() if value("model") else default_model(),
        threads=value("threads"),
        providers=tuple(value("providers")),
        camera_aware_scale=value("camera_aware_scale"),
        require_camera_info=value("require_camera_info"),
        hardware_id=value("hardware_id") or socket.gethostname(),
    )


def _declare(node: Node, name: str, default: Any, description: str, **fields: Any) -> None:
    node.declare_parameter(name, default, ParameterDescriptor(description=description, **fields))
