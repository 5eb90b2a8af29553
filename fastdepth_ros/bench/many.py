"""One process with a depth node for each of several cameras: `python -m fastdepth_ros.bench.many`.

Its arguments are model, threads and the namespaces. All nodes share one executor; each has its own
threads and its own engine, as in a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from fastdepth_ros.ending import Ending
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.node.node import DepthNode

NAME = "fastdepth_ros.bench.many"
_LOOK_EVERY = 0.5  # seconds


def many_command(namespaces: Sequence[str], model: Path, threads: int) -> list[str]:
    """Return the command that starts such a process."""
    return [sys.executable, "-m", NAME, str(model), str(threads), *namespaces]


def main(argv: list[str]) -> int:
    """Run until a signal ends the process."""
    ending = Ending(NAME)
    model, threads, *namespaces = argv
    parameters = ["-p", f"model:={model}", "-p", f"threads:={threads}"]
    rclpy.init(
        args=["--ros-args", *parameters],
        signal_handler_options=SignalHandlerOptions.NO,
    )
    keep_memory()
    cv2.setNumThreads(1)
    nodes = []
    for namespace in namespaces:
        remap = ["--ros-args", "-r", f"/diagnostics:={namespace}/diagnostics"]
        node = DepthNode(namespace=namespace, cli_args=remap)
        nodes.append(node)
        if not node.start():
            return 1
    spin(nodes, ending)
    return 0


def spin(nodes: Sequence[DepthNode], ending: Ending) -> None:
    """Serve started nodes until a signal comes, and end them in order."""
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    while not ending.is_told:
        executor.spin_once(timeout_sec=_LOOK_EVERY)
    for node in nodes:
        node.close()
        node.destroy_node()
    executor.shutdown()
    rclpy.try_shutdown()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
