"""A camera driver as a process of its own: `python -m fastdepth_ros.bench.camera`.

It reads commands from standard input, one JSON object a line, and answers each with one:

    {"open": NAMESPACE, "kind": "raw"}            answers when the node there has subscribed
    {"send": [NAMESPACE, ...], "rate": 30, "count": 90}   answers when that many went to each
    {"begin": NAMESPACE, "rate": 30}              answers at once, and goes on until
    {"end": NAMESPACE}
    {"close": NAMESPACE}
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from threading import Event, Thread
from typing import Any, NamedTuple

import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from fastdepth_ros.bench.frames import CameraMessages, Kind
from fastdepth_ros.cdr import Stamp
from fastdepth_ros.memory import keep_memory

PATIENCE = 60.0
_LOOK_EVERY = 0.005
_ENDING = 20.0
_MOST_DELAY = 1.2  # times what sending should take


class _Stream(NamedTuple):
    image: Publisher
    info: Publisher
    messages: CameraMessages

    def publish(self) -> None:
        stamp = Stamp(*divmod(time.time_ns(), 10**9))
        self.info.publish(self.messages.camera_info(stamp))
        self.image.publish(self.messages.image(stamp))


class Camera:
    """Publishes to as many namespaces as it is told."""

    def __init__(self, node: Node) -> None:
        """Publish nothing yet."""
        self._node = node
        self._streams: dict[str, _Stream] = {}
        self._messages: dict[Kind, CameraMessages] = {}
        self._going_on: tuple[Event, Thread]

    def serve(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what a command says and return the answer."""
        if "open" in command:
            self._open(command["open"], command["kind"], is_waited_for=command["wait"])
        elif "send" in command:
            sent, seconds = self._send(command["send"], command["rate"], command["count"])
            return {"sent": sent, "seconds": seconds}
        elif "begin" in command:
            work = partial(self._go_on, self._streams[command["begin"]], command["rate"])
            self._going_on = Event(), Thread(target=work, daemon=True)
            self._going_on[1].start()
        elif "end" in command:
            stop, thread = self._going_on
            stop.set()
            thread.join()
        else:
            stream = self._streams.pop(command["close"])
            self._node.destroy_publisher(stream.image)
            self._node.destroy_publisher(stream.info)
        return {}

    def _open(self, namespace: str, kind: Kind, *, is_waited_for: bool) -> None:
        if kind not in self._messages:
            self._messages[kind] = CameraMessages(kind)
        name, message = f"{namespace}/image", Image
        if kind == "compressed":
            name, message = f"{name}/compressed", CompressedImage
        image = self._node.create_publisher(message, name, qos_profile_sensor_data)
        info = self._node.create_publisher(
            CameraInfo, f"{namespace}/camera_info", qos_profile_sensor_data
        )
        self._streams[namespace] = _Stream(image, info, self._messages[kind])
        end = time.monotonic() + PATIENCE
        while is_waited_for and not (
            image.get_subscription_count() and info.get_subscription_count()
        ):
            if time.monotonic() > end:
                msg = f"no node has subscribed to {name} within {PATIENCE:g} s"
                raise RuntimeError(msg)
            time.sleep(_LOOK_EVERY)

    def _go_on(self, stream: _Stream, rate: float) -> None:
        while not self._going_on[0].wait(1 / rate):
            stream.publish()

    def _send(self, namespaces: Sequence[str], rate: float, count: int) -> tuple[int, float]:
        """Publish in turn, so that not all images leave at the same moment.

        Returns:
            How many were sent to each, fewer where the camera cannot keep up, and the seconds.

        """
        streams = [self._streams[namespace] for namespace in namespaces]
        start = due = time.perf_counter()
        end = start + _MOST_DELAY * count / rate
        sent = 0
        while sent < count and time.perf_counter() < end:
            for stream in streams:
                due += 1 / rate / len(streams)
                time.sleep(max(0.0, due - time.perf_counter()))
                stream.publish()
            sent += 1
        return sent, time.perf_counter() - start


class CameraProcess:
    """The camera as its user sees it."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start the process with this environment."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def open(self, namespace: str, kind: Kind, *, wait: bool = True) -> None:
        """Make the publishers of a namespace and, with `wait`, wait for the node there."""
        self._ask({"open": namespace, "kind": kind, "wait": wait})

    def send(self, namespaces: Sequence[str], rate: float, count: int) -> tuple[int, float]:
        """Publish so many images to each at a rate.

        Returns:
            How many were sent to each, fewer where the camera cannot keep up, and the seconds.

        """
        answer = self._ask({"send": list(namespaces), "rate": rate, "count": count})
        return int(answer["sent"]), float(answer["seconds"])

    def begin(self, namespace: str, rate: float) -> None:
        """Begin to publish, and go on until `end`."""
        self._ask({"begin": namespace, "rate": rate})

    def end(self, namespace: str) -> None:
        """Publish no more."""
        self._ask({"end": namespace})

    def close(self, namespace: str) -> None:
        """Destroy the publishers of a namespace."""
        self._ask({"close": namespace})

    def stop(self) -> None:
        """End the process, in order if it can: a killed one leaves its shared memory behind."""
        try:
            self._process.communicate(timeout=_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        self._write(command)
        return self._read()

    def _write(self, command: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101
        line = self._process.stdout.readline()
        if not line:
            msg = "the camera of the benchmark ended by itself; what it said is above"
            raise RuntimeError(msg)
        answer: dict[str, Any] = json.loads(line)
        return answer


def main() -> int:
    """Serve commands until standard input ends."""
    keep_memory()
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    camera = Camera(rclpy.create_node("bench_camera"))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(camera.serve(json.loads(line))) + "\n")
        sys.stdout.flush()
    rclpy.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
