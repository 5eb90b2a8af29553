"""A depth node that says when it has passed each phase of its start.

`python -m fastdepth_ros.bench.watched SINCE --ros-args ...` prints a line of JSON for
each phase: its name, and the seconds since SINCE (of the clock that `time.time` reads).
"""

from __future__ import annotations

import sys
import time

_BEGUN = time.time()  # before all that is imported below

import json  # noqa: E402


def main(argv: list[str]) -> int:
    """Start in the order in which depth_node does, and run until a signal ends the process."""
    since = float(argv[0])

    def passed(phase: str, now: float | None = None) -> None:
        moment = (time.time() if now is None else now) - since
        sys.stdout.write(json.dumps([phase, moment]) + "\n")

    # Imports are what is timed here, so they cannot be at the top.
    passed("interpreter", _BEGUN)
    import cv2  # noqa: PLC0415

    passed("import NumPy and OpenCV")
    import onnxruntime  # noqa: F401, PLC0415

    passed("import onnxruntime")
    import rclpy  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    passed("import rclpy")
    from fastdepth_ros import depth_node  # noqa: F401, PLC0415
    from fastdepth_ros.ending import Ending  # noqa: PLC0415
    from fastdepth_ros.memory import keep_memory  # noqa: PLC0415
    from fastdepth_ros.node.node import DepthNode  # noqa: PLC0415

    passed("import the node")
    ending = Ending("watched")
    rclpy.init(args=argv[1:], signal_handler_options=SignalHandlerOptions.NO)
    passed("rclpy.init")
    keep_memory()
    cv2.setNumThreads(1)
    node = DepthNode()
    passed("make the node")
    node.trigger_configure()
    passed("load and warm up the model")
    node.trigger_activate()
    passed("subscribe")
    sys.stdout.flush()
    from fastdepth_ros.bench.many import spin  # noqa: PLC0415

    spin([node], ending)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
