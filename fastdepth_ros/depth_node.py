"""The depth node: camera images in, metric depth out, over ROS 2."""

from __future__ import annotations

import argparse
import sys
from time import monotonic
from typing import Any

import cv2
import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import LoggingSeverity, get_logger
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import CameraInfo, Image

from fastdepth.errors import FastDepthError
from fastdepth.estimator import DepthEstimator
from fastdepth.messages import stamp_ns
from fastdepth_ros.convert import ImageDecoder, camera_info_message, depth_message
from fastdepth_ros.diagnostics import Inputs, Reporter
from fastdepth_ros.log_files import arguments_without_log_files
from fastdepth_ros.notices import ONCE, Throttle
from fastdepth_ros.parameters import Settings, declare_parameters, read_settings
from fastdepth_ros.pipeline import ClosedError, DepthPipeline, DepthResult, Fault
from fastdepth_ros.stats import DropCause

NAME = "depth_node"
NOTICE_PERIOD = 5.0  # seconds between two log lines about the same fault


class DepthNode(Node):  # type: ignore[misc]  # rclpy has no types
    """Publishes metric depth for the newest camera image.

    Subscribers:
        image (sensor_msgs/Image): rgb8, bgr8, rgba8, bgra8, mono8; others through cv_bridge.
        camera_info (sensor_msgs/CameraInfo): of that image; paired by stamp, else the latest.

    Publishers:
        depth/image_rect (sensor_msgs/Image): 32FC1, metres, NaN invalid, at network size, with the
            header of the image.
        depth/camera_info (sensor_msgs/CameraInfo): its camera, with the same header.
        /diagnostics (diagnostic_msgs/DiagnosticArray): once a second.

    Parameters: see fastdepth_ros.parameters.
    """

    def __init__(self) -> None:
        """Declare the parameters; `open` does the rest.

        Raises:
            rclpy.exceptions.ParameterException: a parameter has a wrong type or value.

        """
        super().__init__(NAME)
        declare_parameters(self)
        self._throttle = Throttle()
        self._reasons: dict[DropCause, str] = {}
        self._is_first = True

    def open(self) -> None:
        """Load the model, then publish and subscribe.

        Raises:
            ModelError: the model is missing, damaged or has no card.

        """
        settings = read_settings(self)
        self._estimator = DepthEstimator.load(
            settings.model,
            providers=settings.providers,
            threads=settings.threads,
            camera_aware=settings.camera_aware_scale,
        )
        is_traced = self.get_logger().is_enabled_for(LoggingSeverity.DEBUG)
        self._pipeline = DepthPipeline(
            self._estimator,
            self._publish,
            on_fault=self._on_fault,
            on_event=self._trace if is_traced else None,
            decode=ImageDecoder(),
            require_camera_info=settings.require_camera_info,
        )
        self.add_on_set_parameters_callback(self._apply_parameters)
        reliable = QoSProfile(depth=5)
        self._depth_publisher = self.create_publisher(Image, "depth/image_rect", reliable)
        self._info_publisher = self.create_publisher(CameraInfo, "depth/camera_info", reliable)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._reporter = Reporter(monotonic(), self._identity(settings))
        self._hardware_id = settings.hardware_id
        self._image_subscription = self.create_subscription(
            Image, "image", self._pipeline.receive, qos_profile_sensor_data
        )
        self._info_subscription = self.create_subscription(
            CameraInfo, "camera_info", self._pipeline.receive_camera_info, qos_profile_sensor_data
        )
        # Diagnostics go on when a simulated clock stands still.
        self._timer = self.create_timer(
            1.0, self._publish_diagnostics, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._log_start(settings)
        self._pipeline.start()

    def close(self) -> str:
        """Stop the worker and return what was counted; the node can then be destroyed."""
        is_done = self._pipeline.stop()
        counts = self._pipeline.counters.snapshot()
        causes = [f"{cause.value} {n}" for cause, n in counts.dropped.items() if n]
        return (
            f"stopped{'' if is_done else ' although the model is still busy'}: "
            f"received {counts.received}, published {counts.published}, "
            f"dropped {counts.dropped_total}{': ' if causes else ''}{', '.join(causes)}"
        )

    def _identity(self, settings: Settings) -> dict[str, str]:
        card = self._estimator.card
        return {
            "model": card.name,
            "model_version": card.version,
            "model_path": str(settings.model),
            "engine": self._estimator.engine.description,
            "input_size": f"{card.input.width}x{card.input.height}",
            "output_size": f"{self._estimator.output_width}x{self._estimator.output_height}",
        }

    def _log_start(self, settings: Settings) -> None:
        known = self._identity(settings)
        near, far = self._estimator.card.depth_range
        self.get_logger().info(
            f"model {known['model']} {known['model_version']} ({known['model_path']}), "
            f"input {known['input_size']}, depth {known['output_size']} of {near:g}-{far:g} m, "
            f"{known['engine']}"
        )
        self.get_logger().info(
            f"waiting for images on {self._image_subscription.topic_name} and camera_info on "
            f"{self._info_subscription.topic_name}, "
            f"publishing depth on {self._depth_publisher.topic_name}"
        )

    def _apply_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name == "camera_aware_scale":
                self._estimator.camera_aware = parameter.value
            elif parameter.name == "require_camera_info":
                self._pipeline.require_camera_info = parameter.value
        return SetParametersResult(successful=True)

    def _publish(self, result: DepthResult) -> None:
        """Publish a result; called by the worker."""
        if self._is_first:
            self._is_first = False
            self._log_first(result)
        try:
            info = camera_info_message(result)
            if info is not None:
                self._info_publisher.publish(info)
            self._depth_publisher.publish(depth_message(result))
        except Exception as err:
            if not self.context.ok():
                raise ClosedError from err
            raise
        age = self.get_clock().now().nanoseconds - stamp_ns(result.header)
        self._pipeline.timings.add(image_age=1e-9 * age)

    def _log_first(self, result: DepthResult) -> None:
        height, width = result.depth.shape
        seconds = result.prediction.seconds
        took = 1e3 * (seconds.prepare + seconds.infer + seconds.finish)
        valid = result.depth[np.isfinite(result.depth)]
        what = f"median {np.median(valid):.2f} m" if valid.size else "no valid pixel"
        camera = (
            f"camera scale {result.prediction.scale:.3f}"
            if result.camera_info is not None
            else "for the camera of the model card (no camera_info)"
        )
        self.get_logger().info(f"first depth: {width}x{height}, {what}, {camera}, {took:.1f} ms")

    def _on_fault(self, fault: Fault) -> None:
        """Log a fault, not too often; called by the worker."""
        cause, reason = fault.cause, fault.reason
        key: Any = cause
        period = NOTICE_PERIOD
        if cause is DropCause.UNSUPPORTED_ENCODING:
            key, period = (cause, fault.message.encoding), ONCE
        elif cause is DropCause.NO_CAMERA_INFO:
            reason = f"{reason} on {self._info_subscription.topic_name}; {self._camera_advice()}"
        self._reasons[cause] = reason
        held = self._throttle.admit(key, period)
        if held is None:
            return
        again = f" ({held} more since the last notice)" if held else ""
        text = f"{'frame dropped, ' if fault.is_dropped else ''}{cause.value}: {reason}{again}"
        if cause is DropCause.NO_CAMERA_INFO or not fault.is_dropped:
            self.get_logger().warning(text)
        else:
            self.get_logger().error(text)

    def _camera_advice(self) -> str:
        topic = self._info_subscription.topic_name
        beside = f"{self._image_subscription.topic_name.rpartition('/')[0]}/camera_info"
        known = "nobody publishes it" if not self.count_publishers(topic) else "nothing came yet"
        return (
            f"{known}. Without it neither scale nor K is known: remap camera_info to the topic "
            f"beside the image ({beside}?), or set require_camera_info to false for the depth of "
            "the model card's own camera"
        )

    def _trace(self, event: str, stamp: int) -> None:
        self.get_logger().debug(f"{event} {stamp}")

    def _publish_diagnostics(self) -> None:
        topic = self._image_subscription.topic_name
        status = self._reporter.report(
            monotonic(),
            self._pipeline.counters.snapshot(),
            self._pipeline.timings.summary(),
            Inputs(topic, self.count_publishers(topic)),
            self._reasons,
        )
        message = DiagnosticArray(
            status=[
                DiagnosticStatus(
                    level=bytes([status.level]),
                    name=f"{self.get_fully_qualified_name()}: depth",
                    message=status.message,
                    hardware_id=self._hardware_id,
                    values=[KeyValue(key=k, value=v) for k, v in status.values.items()],
                )
            ]
        )
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop.

    Returns:
        0 after SIGINT, SIGTERM or a shutdown from outside; 1 where a named error (of the model,
        say) or a parameter kept the node from starting; 2 for wrong arguments.

    """
    arguments = sys.argv if arguments is None else [NAME, *arguments]
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Publish metric depth for camera images.",
        epilog="Topics and parameters are set after --ros-args: "
        "-r image:=/camera/image_raw -r camera_info:=/camera/camera_info -p model:=FILE.onnx",
    )
    log_arguments, notice = arguments_without_log_files()
    try:
        parser.parse_args(remove_ros_args(arguments)[1:])
        rclpy.init(args=[*arguments, *log_arguments])
    except Exception as err:  # noqa: BLE001 - several classes of the C layer
        print(f"{NAME}: cannot start ROS: {err}", file=sys.stderr)  # noqa: T201 - no logger yet
        return 2
    if notice:
        get_logger(NAME).warning(notice)
    try:
        return _run()
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    finally:
        rclpy.try_shutdown()


def _run() -> int:
    cv2.setNumThreads(1)  # its share of the work is small, and the CPUs are not ours alone
    try:
        node = DepthNode()
    except ParameterException as err:
        get_logger(NAME).fatal(_one_line(err))
        return 1
    try:
        node.open()
    except FastDepthError as err:
        node.get_logger().fatal(_one_line(err))
        node.destroy_node()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # told to stop
    finally:
        counted = node.close()
        executor.shutdown()
        node.destroy_node()
        # Only now: while it exists, a node whose context was shut down fails to log to /rosout.
        get_logger(NAME).info(counted)
    return 0


def _one_line(err: Exception) -> str:
    return " ".join(str(err).split())


if __name__ == "__main__":
    sys.exit(main())
