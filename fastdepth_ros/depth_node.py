"""Run the depth node: camera images in, metric depth out, over ROS 2."""

from __future__ import annotations

import argparse
import sys
import traceback

import cv2
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from fastdepth_ros.ending import Ending
from fastdepth_ros.log_files import arguments_without_log_files
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.node.node import NAME, DepthNode

_MOST_FAULTS = 100


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop.

    Returns:
        0 after SIGINT, SIGTERM or a shutdown from outside; 1 where a parameter, or with
        `autostart` a named error (of the model, say), kept the node from starting, or where it
        could not end in time; 2 for wrong arguments.

    """
    ending = Ending(NAME)
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
        rclpy.init(
            args=[*arguments, *log_arguments], signal_handler_options=SignalHandlerOptions.NO
        )
    except Exception as err:  # noqa: BLE001 - several classes of the C layer
        print(f"{NAME}: cannot start ROS: {err}", file=sys.stderr)  # noqa: T201 - no logger yet
        return 2
    if notice:
        get_logger(NAME).warning(notice)
    try:
        return _run(ending)
    except ExternalShutdownException:
        return 0
    finally:
        rclpy.try_shutdown()


def _run(ending: Ending) -> int:
    keep_memory()
    cv2.setNumThreads(1)  # its share of the work is small, and the CPUs are not ours alone
    try:
        node = DepthNode()
    except ParameterException as err:
        get_logger(NAME).fatal(" ".join(str(err).split()))
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    code = 0
    try:
        if node.get_parameter("autostart").value and not node.start() and node.context.ok():
            code = 1  # the reason is logged
        else:
            _spin(node, executor, ending)
    except ExternalShutdownException:
        pass
    finally:
        counted = node.close()
        executor.shutdown()
        node.destroy_node()
        if code == 0:
            # By another name: that of a node whose context was shut down fails to reach /rosout.
            get_logger("fastdepth").info(counted)
    return code


class _ToldError(Exception):
    """Leaves the executor; nothing else ends its wait from outside."""


def _spin(node: DepthNode, executor: SingleThreadedExecutor, ending: Ending) -> None:
    """Spin until told to end, and on after an error in a callback.

    A request from outside must not end the node.
    """

    def leave() -> None:
        raise _ToldError

    ending.call_when_told(node.create_guard_condition(leave).trigger)
    try:
        for _ in range(_MOST_FAULTS):
            try:
                executor.spin()
            except (_ToldError, ExternalShutdownException):
                return
            except Exception as err:  # noqa: BLE001 - whatever a callback or the C layer raises
                if ending.is_told or not rclpy.ok():
                    return
                text = f"a callback failed: {type(err).__name__}: {' '.join(str(err).split())}"
                get_logger(NAME).error(text)
                get_logger(NAME).debug(traceback.format_exc())
            else:
                return
        get_logger(NAME).fatal(f"{_MOST_FAULTS} callbacks have failed; this is the end")
    finally:
        ending.call_when_told(None)


if __name__ == "__main__":
    sys.exit(main())
