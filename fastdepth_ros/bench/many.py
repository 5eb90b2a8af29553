"""One process with a depth node for each of several cameras: `python -m fastdepth_ros.bench.many`.

Its arguments are model, threads and the namespaces. All nodes share one executor; each has its own
threads and its own engine, as in a process of its own.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from fastdepth_ros.memory import keep_memory
from fastdepth_ros.node.node import DepthNode

NAME = "fastdepth_ros.bench.many"


def many_command(namespaces: Sequence[str], model: Path, threads: int) -> list[str]:
    """Return the command that starts such a process."""
    return [sys.executable, "-m", NAME, str(model), str(threads), *namespaces]


def main(argv: list[str]) -> int:
    """Run until a signal ends the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    model, threads, *namespaces = argv
    parameters = ["-p", f"model:={model}", "-p", f"threads:={threads}"]
    rclpy.init(
        args=["--ros-args", *parameters],
        signal_handler_options=SignalHandlerOptions.NO,
    )
    keep_memory()
    cv2.setNumThreads(1)
    executor = SingleThreadedExecutor()
    for namespace in namespaces:
        remap = ["--ros-args", "-r", f"/diagnostics:={namespace}/diagnostics"]
        node = DepthNode(namespace=namespace, cli_args=remap)
        executor.add_node(node)
        if not node.start():
            return 1
    executor.spin()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
