"""Real ROS 2 processes on loopback for tests: the node, and a client."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from fastdepth.frame import U8Array
from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT

DEADLINE = 60.0  # seconds; reached only where something is broken


def wait_until(
    condition: Callable[[], Any],
    what: str | Callable[[], str],
    deadline: float = DEADLINE,
    interval: float = 0.005,
) -> Any:
    """Wait until the condition is true and return its value; fail with `what` at the deadline."""
    end = time.monotonic() + deadline
    while not (value := condition()):
        if time.monotonic() > end:
            text = what if isinstance(what, str) else what()
            msg = f"waited {deadline:g} s in vain for {text}"
            raise AssertionError(msg)
        time.sleep(interval)
    return value


class NodeProcess:
    """A depth node as a process of its own, its output collected line by line."""

    def __init__(
        self, domain: int, *arguments: str, code: str | None = None, **environment: str
    ) -> None:
        """Start it; `code` is run in place of the module."""
        self.lines: list[str] = []
        program = ["-m", "fastdepth_ros.depth_node"] if code is None else ["-c", code]
        self._process = subprocess.Popen(
            [sys.executable, *program, "--ros-args", *arguments],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> NodeProcess:  # noqa: PYI034 - Self is of Python 3.11
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self.lines.extend(line.rstrip("\n") for line in stream)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def matching(self, pattern: str) -> list[str]:
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def wait_for(self, pattern: str) -> str:
        """Return the first line that matches; fail with the whole output if the process ends."""

        def found() -> str | None:
            lines = self.matching(pattern)
            if not lines and not self.is_running:
                self._reader.join(DEADLINE)
                lines = self.matching(pattern)
                assert lines, "the node ended:\n" + "\n".join(self.lines)
            return lines[0] if lines else None

        line: str = wait_until(
            found, lambda: f"a line like {pattern!r}; there is:\n" + "\n".join(self.lines)
        )
        return line

    def wait_for_start(self) -> None:
        self.wait_for("waiting for images on")

    def wait_for_end(self) -> int:
        """Return the exit code."""
        code = self._process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self.wait_for_end()

    def memory_kib(self) -> int:
        """Return the resident memory that is the process's own (no shared mappings)."""
        return self._status("RssAnon")

    def threads(self) -> int:
        return self._status("Threads")

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
        assert found
        return int(found[1])


def stamp_of(message: Any) -> int:
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def header(stamp: int, frame_id: str = "camera_optical_frame") -> Header:
    return Header(stamp=Time(sec=stamp // 10**9, nanosec=stamp % 10**9), frame_id=frame_id)


def image_message(array: U8Array, encoding: str, stamp: int, padding: int = 0) -> Image:
    """Return an image message; each row is followed by `padding` bytes of garbage."""
    height, width = array.shape[:2]
    rows = array.reshape(height, -1).tobytes()
    step = len(rows) // height
    data = b"".join(rows[i * step : (i + 1) * step] + bytes([171]) * padding for i in range(height))
    message = Image(header=header(stamp), height=height, width=width, encoding=encoding)
    message.step = step + padding
    message.data = data
    return message


def camera_info_message(
    width: int, height: int, k: tuple[float, float, float, float], stamp: int
) -> CameraInfo:
    """Return a camera_info of a plain pinhole camera (fx, fy, cx, cy) with a little distortion."""
    fx, fy, cx, cy = k
    return CameraInfo(
        header=header(stamp),
        width=width,
        height=height,
        distortion_model="plumb_bob",
        d=[0.1, -0.2, 0.001, 0.002, 0.0],
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


class Client:
    """A camera and a listener: publishes frames, collects depth, camera_info and diagnostics."""

    def __init__(self, domain: int, namespace: str = "", *, listens: bool = True) -> None:
        """Join; `listens` subscribes to the depth image and its camera_info."""
        self.depths: list[Image] = []
        self.infos: list[CameraInfo] = []
        self.statuses: list[DiagnosticStatus] = []
        self.stamps: list[int] = []  # of the diagnostics
        self.on_depth: Callable[[Image], None] = lambda _: None
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node = rclpy.create_node("client", namespace=namespace, context=self._context)
        self.image = self.node.create_publisher(Image, "image", qos_profile_sensor_data)
        self.camera_info = self.node.create_publisher(
            CameraInfo, "camera_info", qos_profile_sensor_data
        )
        many = QoSProfile(depth=1000)  # reliable, so that a best-effort publisher would not match
        if listens:
            self.node.create_subscription(Image, "depth/image_rect", self._on_depth, many)
            self.node.create_subscription(
                CameraInfo, "depth/camera_info", self._on_camera_info, many
            )
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, many)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def __enter__(self) -> Client:  # noqa: PYI034
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._executor.wake()
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _spin(self) -> None:
        while not self._stop.is_set():
            self._executor.spin_once(timeout_sec=0.2)

    def _on_depth(self, message: Image) -> None:
        self.depths.append(message)
        self.on_depth(message)

    def _on_camera_info(self, message: CameraInfo) -> None:
        self.infos.append(message)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.statuses.extend(message.status)
        self.stamps.append(stamp_of(message))

    def depth_of(self, stamp: int) -> Image | None:
        return next((m for m in list(self.depths) if stamp_of(m) == stamp), None)

    def info_of(self, stamp: int) -> CameraInfo | None:
        return next((m for m in list(self.infos) if stamp_of(m) == stamp), None)

    def show(self, image: Image, info: CameraInfo | None, until: Callable[[], Any]) -> Any:
        """Publish a frame, each time with a later stamp, until the condition holds."""
        stamp = stamp_of(image)

        def is_so() -> Any:
            nonlocal stamp
            stamp += 1_000_000
            image.header = header(stamp)
            if info is not None:
                info.header = image.header
                self.camera_info.publish(info)
            self.image.publish(image)
            return until()

        return wait_until(is_so, "what the frames should lead to", interval=0.05)

    def wait_for_node(self) -> None:
        """Wait until the node hears this client's topics."""
        for publisher in (self.image, self.camera_info):
            wait_until(publisher.get_subscription_count, f"a listener on {publisher.topic_name}")

    def ask(self, image: Image, info: CameraInfo | None = None) -> Image:
        """Publish a frame until its depth comes (best effort may lose it), and return that."""
        stamp = stamp_of(image)
        end = time.monotonic() + DEADLINE
        while True:
            if info is not None:
                self.camera_info.publish(info)
            self.image.publish(image)
            try:
                return wait_until(lambda: self.depth_of(stamp), f"depth of stamp {stamp}", 1.0)
            except AssertionError:
                if time.monotonic() > end:
                    raise

    def latest_value(self, key: str) -> int:
        """Return a counter of the latest diagnostics; 0 before there are any."""
        return int(values_of(self.statuses[-1])[key]) if self.statuses else 0

    def set_parameter(self, name: str, value: Any) -> str:
        """Set a parameter of the node; return why it was refused, or nothing."""
        parameter = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        result = self.call(SetParameters, "set_parameters", request).results[0]
        return "" if result.successful else result.reason or "refused"

    def set_parameters(self, **values: Any) -> str:
        """Set several parameters as one; return why that was refused, or nothing."""
        parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        request = SetParametersAtomically.Request(parameters=parameters)
        answer = self.call(SetParametersAtomically, "set_parameters_atomically", request)
        return "" if answer.result.successful else answer.result.reason or "refused"

    def transit(self, transition: str | int) -> bool:
        """Ask for a transition by its label or id; return whether it succeeded."""
        wanted = Transition(label=transition) if isinstance(transition, str) else Transition()
        if isinstance(transition, int):
            wanted.id = transition
        return bool(
            self.call(ChangeState, "change_state", ChangeState.Request(transition=wanted)).success
        )

    def state(self) -> str:
        """Return the state of the managed node."""
        answer = self.call(GetState, "get_state", GetState.Request())
        return str(answer.current_state.label)

    def collect(self, kind: Any, topic: str, qos: Any = 1000) -> list[Any]:
        """Subscribe; return the list that messages are added to."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        self._executor.wake()
        return messages

    def call(self, kind: Any, service: str, request: Any) -> Any:
        """Call a service of the node and return the answer."""
        client = self.node.create_client(kind, f"/depth_node/{service}")
        wait_until(client.service_is_ready, f"the service {service}")
        future = client.call_async(request)
        wait_until(future.done, f"an answer of {service}")
        self.node.destroy_client(client)
        return future.result()

    def next_status(
        self, condition: Callable[[DiagnosticStatus], bool]
    ) -> tuple[DiagnosticStatus, dict[str, str]]:
        """Return the first diagnostics from now on that fulfil a condition, and their values."""
        start = len(self.statuses)

        def found() -> DiagnosticStatus | None:
            return next((s for s in list(self.statuses[start:]) if condition(s)), None)

        status = wait_until(found, "diagnostics as expected")
        return status, values_of(status)


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}
