"""Score the depth that a depth node publishes, against a ground-truth topic, as it arrives."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from fastdepth.errors import FastDepthError, SourceError
from fastdepth.evaluation import Options, evaluate_source
from fastdepth_ros.live.evaluator import LiveEvaluator
from fastdepth_ros.live.node import NAME, EvaluateNode
from fastdepth_ros.log_files import arguments_without_log_files

_LOOK_EVERY = 0.05


def main(arguments: list[str] | None = None) -> int:
    """Run the evaluation until no image has come for a while, or it is told to stop.

    Returns:
        0 where the report is written, 1 after a named error, 2 for wrong arguments.

    """
    arguments = sys.argv if arguments is None else [NAME, *arguments]
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Score the depth of a depth_node against a ground-truth topic.",
        epilog="Topics and parameters are set after --ros-args: -r image:=/camera/image_raw "
        "-r ground_truth:=/camera/aligned_depth_to_color/image_raw -p out:=FOLDER",
    )
    context = Context()
    log_arguments, _ = arguments_without_log_files()
    try:
        parser.parse_args(remove_ros_args(arguments)[1:])
        rclpy.init(
            args=[*arguments, *log_arguments],
            context=context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except Exception as err:  # noqa: BLE001 - several classes of the C layer
        sys.stderr.write(f"{NAME}: cannot start ROS: {err}\n")
        return 2
    try:
        return _run(context)
    finally:
        rclpy.try_shutdown(context=context)


def _run(context: Context) -> int:
    stop = Event()
    try:
        node = EvaluateNode(context, stop)
    except (FastDepthError, rclpy.exceptions.ParameterException) as err:
        sys.stderr.write(f"{NAME}: {err}\n")
        return 1
    with _spinning(node, context), _stop_on_signals(stop):
        say = node.get_logger()
        try:
            figures = _evaluate(node, stop)
        except FastDepthError as err:
            say.fatal(str(err))
            return 1
        for sentence in (*figures["findings"], *figures["warnings"]):
            say.info(sentence)
        say.info(f"the report is in {node.settings.out}")
        return 0


def _evaluate(node: EvaluateNode, stop: Event) -> dict[str, Any]:
    """Wait for the model, then score what arrives until the end."""
    settings = node.settings
    say = node.get_logger()
    say.info(f"waiting for the model on {node.resolve_topic_name('depth/model')}")
    while node.model is None:
        if stop.wait(_LOOK_EVERY):
            msg = "stopped before a depth node said which model it runs; nothing was scored"
            raise SourceError(msg)
    pairs, model = node.model.pairs, node.model

    def make(path: Path, options: Options, folder: Path) -> LiveEvaluator:
        node.evaluator = LiveEvaluator(path, options, folder, pairs, model)
        return node.evaluator

    def show(done: int, total: int) -> None:
        del done, total  # /diagnostics tell how far this is

    options = Options(model=Path(model.file), record_rate=settings.record_rate)
    figures = evaluate_source(
        Path(pairs.name), options, settings.out, show, lambda: False, make=make
    )
    if not pairs.arrived["image"]:
        say.warning("no image came, so the report is empty")
    return figures


@contextmanager
def _spinning(node: EvaluateNode, context: Context) -> Iterator[None]:
    """Run the node's callbacks on a thread."""
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    over = Event()

    def spin() -> None:
        while not over.is_set():
            executor.spin_once(timeout_sec=0.1)

    thread = Thread(target=spin, name="callbacks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        executor.wake()
        thread.join()
        executor.shutdown()
        node.destroy_node()


@contextmanager
def _stop_on_signals(stop: Event) -> Iterator[None]:
    """Set the event on SIGINT and SIGTERM: what has arrived by then is scored still."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
