"""The node of a live evaluation: subscriptions, and the running figures on /diagnostics."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.errors import SettingError
from fastdepth.frame import F32Array, U8Array
from fastdepth.messages import (
    camera_from_info,
    decode_compressed,
    decode_compressed_depth,
    decode_depth,
    decode_image,
    to_rgb,
)
from fastdepth_ros import topics
from fastdepth_ros.demo.diagnostics import DiagnosticsListener
from fastdepth_ros.demo.recorder import header_stamp
from fastdepth_ros.demo.session import message_class
from fastdepth_ros.live.evaluator import Engine, LiveEvaluator, LiveModel
from fastdepth_ros.live.pairs import Decoders, LivePairs, Patience
from fastdepth_ros.node.qos import profile

NAME = "evaluate_node"
READY = "ready for images on"
"""Begins the line that is logged once depth can come for every image."""

# Deep, so that nothing is lost while another callback runs; best effort takes from everybody.
_INPUT = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
_DEPTH = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)

_IMAGE = "sensor_msgs/msg/Image"
_COMPRESSED = "sensor_msgs/msg/CompressedImage"
_INFO = "sensor_msgs/msg/CameraInfo"


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of the node.

    Attributes:
        out: folder to write.
        image_transport: raw, or compressed.
        truth_transport: raw, or compressedDepth.
        max_dt: most seconds between the stamps of an image and its ground truth.
        idle: seconds without an image after which the evaluation ends.
        record_rate: most frames a second in depth.mcap; 0 for no such file.

    """

    out: Path
    image_transport: str
    truth_transport: str
    max_dt: float
    idle: float
    record_rate: float


class EvaluateNode(Node):  # type: ignore[misc]  # rclpy has no types
    """Hears image, camera_info, depth/image_rect, depth/model and ground_truth (all remappable)."""

    def __init__(self, context: Context, stop: Event) -> None:
        """Read the parameters.

        Args:
            context: of ROS.
            stop: ends the evaluation when set.

        Raises:
            SettingError: one of them cannot be.

        """
        super().__init__(NAME, context=context)
        self.settings = self._read_settings()
        self._stop = stop
        self.pairs: LivePairs | None = None
        self.model: LiveModel | None = None
        self.evaluator: LiveEvaluator | None = None
        self._is_ready = False
        self._listener = DiagnosticsListener(self, topics.DIAGNOSTICS.name)
        self._publisher = self.create_publisher(
            DiagnosticArray, topics.DIAGNOSTICS.name, profile(topics.DIAGNOSTICS.qos)
        )
        model = topics.MODEL
        self.create_subscription(String, model.name, self._take_model, profile(model.qos))
        self.create_timer(0.1, self._look_around)
        self.create_timer(1.0, self._report)

    def _read_settings(self) -> Settings:
        def declare(name: str, default: Any, description: str) -> Any:
            descriptor = ParameterDescriptor(description=description, read_only=True)
            return self.declare_parameter(name, default, descriptor).value

        settings = Settings(
            Path(declare("out", "evaluation", "Folder for the report and the figures.")),
            declare("image_transport", "raw", "raw, or compressed for image/compressed."),
            declare("truth_transport", "raw", "raw, or compressedDepth."),
            declare("max_dt", 0.02, "Most seconds between an image and its ground truth."),
            declare("idle_timeout", 5.0, "Seconds without an image after which this ends."),
            declare("record_rate", 2.0, "Most frames a second in depth.mcap; 0 for no such file."),
        )
        for name, value, known in (
            ("image_transport", settings.image_transport, ("raw", "compressed")),
            ("truth_transport", settings.truth_transport, ("raw", "compressedDepth")),
        ):
            if value not in known:
                msg = f"{name} is {value!r}; expected {' or '.join(known)}"
                raise SettingError(msg)
        for name, number in (("max_dt", settings.max_dt), ("idle_timeout", settings.idle)):
            if not 0 < number < math.inf:
                msg = f"{name} is {number}; expected seconds above 0"
                raise SettingError(msg)
        return settings

    def _take_model(self, message: String) -> None:
        """Begin to listen, once it is known whose depth this is."""
        if self.pairs is not None:
            return
        about = json.loads(message.data)
        card = ModelCard.from_json(json.dumps(about["card"]))
        settings = self.settings
        image = self.resolve_topic_name(topics.IMAGE.name)
        packed = settings.image_transport == "compressed"
        truth = self.resolve_topic_name("ground_truth")
        packed_truth = settings.truth_transport == "compressedDepth"
        self.pairs = LivePairs(
            f"{image} (live)",
            card,
            Decoders(
                partial(_image, packed=packed),
                partial(_depth, packed=False),
                partial(_depth, packed=packed_truth),
                _camera,
            ),
            Patience(settings.max_dt, settings.idle, settings.idle),
            self._stop,
        )
        self.model = LiveModel(
            card,
            Engine(about["engine"]),
            tuple(about["engine_notes"]),
            self.pairs,
            about["file"],
            _calibration(about),
        )
        self._truth_topic = f"{truth}/compressedDepth" if packed_truth else truth
        self._hear("truth", self._truth_topic, packed_truth)
        self._hear("depth", topics.DEPTH_IMAGE.name, False, _DEPTH)
        camera = topics.CAMERA_INFO.name
        self.create_subscription(
            message_class(_INFO), camera, self._adder("camera"), _INPUT, raw=True
        )
        self._image_topic = f"{image}/compressed" if packed else image
        self._hear("image", self._image_topic, packed)

    def _hear(self, kind: str, topic: str, packed: bool, qos: QoSProfile = _INPUT) -> None:
        message = message_class(_COMPRESSED if packed else _IMAGE)
        self.create_subscription(message, topic, self._adder(kind), qos, raw=True)

    def _adder(self, kind: str) -> Callable[[bytes], None]:
        pairs = self.pairs

        def add(cdr: bytes) -> None:
            if pairs is not None:
                pairs.add(kind, header_stamp(cdr), cdr)

        return add

    def _look_around(self) -> None:
        """Say once that depth can come: the depth node hears the images and is heard."""
        if self._is_ready or self.evaluator is None:
            return
        depth = self.resolve_topic_name(topics.DEPTH_IMAGE.name)
        if self.count_subscribers(self._image_topic) > 1 and self.count_publishers(depth) > 0:
            self._is_ready = True
            self.get_logger().info(f"{READY} {self._image_topic}")

    def _report(self) -> None:
        evaluator = self.evaluator
        if evaluator is None:
            return
        evaluator.node_counts = self._listener.latest()
        live, running = evaluator.live(), dict(evaluator.running())
        scored = int(running.pop("scored"))
        values = {"images": live["images"], "depths": live["depths"], "scored": scored}
        values["image_publishers"] = self.count_publishers(self._image_topic)
        values["ground_truth_publishers"] = self.count_publishers(self._truth_topic)
        values |= {f"dropped.{cause}": count for cause, count in live["dropped"].items()}
        values |= {key: f"{value:.4f}" for key, value in running.items()}
        for key, value in (live["latency_ms"] or {}).items():
            values[f"latency_{key}_ms"] = f"{value:.3f}"
        if live["rate_hz"] is not None:
            values["rate_hz"] = f"{live['rate_hz']:.2f}"
        message = f"{scored} frames scored"
        if scored:
            message += f", off by {running['abs_rel']:.1%} of the distance on average"
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK,
            name=f"{self.get_fully_qualified_name()}: accuracy",
            message=message,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._publisher.publish(array)


def _calibration(about: dict[str, Any]) -> dict[str, Any] | None:
    if about["calibration"] is None:
        return None
    correction = about["calibration"]["correction"]
    return {
        "file": about["calibration_file"],
        "scale": correction["scale"],
        "offset": correction["offset"],
    }


def _image(cdr: bytes, *, packed: bool) -> U8Array:
    message = deserialize_message(cdr, message_class(_COMPRESSED if packed else _IMAGE))
    return to_rgb(decode_compressed(message) if packed else decode_image(message))


def _depth(cdr: bytes, *, packed: bool) -> F32Array:
    message = deserialize_message(cdr, message_class(_COMPRESSED if packed else _IMAGE))
    return decode_compressed_depth(message) if packed else decode_depth(message)


def _camera(cdr: bytes) -> Intrinsics:
    return camera_from_info(deserialize_message(cdr, message_class(_INFO)))
