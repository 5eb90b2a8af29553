"""Run the depth node for a long time and see that nothing grows, nothing is lost, all is counted.

A camera in this process publishes VGA images at 30 Hz to the node, a process of its own. Meanwhile,
every few seconds, something happens to the node: it is deactivated and activated, cleaned up and
configured, gets another model, other parameters, listeners that come and go. At the end memory,
threads and open files are compared with those after the first round, and the counters must account
for every image. Exits with 1 where anything is wrong.

    python tools/soak.py [--minutes 30] [--model FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header

from fastdepth.files import write_json
from fastdepth.paths import default_model
from fastdepth_ros.demo.environment import node_variables, ros_environment
from fastdepth_ros.demo.session import RosSession

NAMESPACE = f"/soak_{os.getpid()}"  # so that no other node of this domain is meant
RATE = 30.0
WIDTH, HEIGHT = 640, 480
PAUSE = 1.0  # seconds between two events
PATIENCE = 60.0
TWO_ROUNDS = 16  # events; fewer cannot be compared, so a run has at least these
MOST_GROWTH_KIB = 12 * 1024  # what the allocator may keep more of


@dataclass
class Sample:
    """What the node's process holds at one moment."""

    seconds: float
    memory_kib: int
    threads: int
    files: int


@dataclass
class Report:
    """What was found.

    Attributes:
        minutes: how long it ran.
        sent: images that the camera published.
        received: images the node counted.
        published: depth images the node counted.
        dropped: by cause.
        depths: depth images that came here.
        transitions: that were asked for, all of them with success.
        swaps: of the model.
        samples: of the process.
        faults: what is wrong, one sentence each.

    """

    minutes: float
    sent: int = 0
    received: int = 0
    published: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    depths: int = 0
    transitions: int = 0
    swaps: int = 0
    samples: list[Sample] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Camera:
    """Publishes noise at a steady rate on a thread of its own."""

    def __init__(self, node: Node) -> None:
        """Make the publishers."""
        self.sent = 0
        self._image = node.create_publisher(Image, f"{NAMESPACE}/image", qos_profile_sensor_data)
        self._info = node.create_publisher(
            CameraInfo, f"{NAMESPACE}/camera_info", qos_profile_sensor_data
        )
        noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        self._message = Image(
            height=HEIGHT,
            width=WIDTH,
            encoding="rgb8",
            step=3 * WIDTH,
            data=array("B", noise.tobytes()),
        )
        k = [525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0]
        p = [525.0, 0.0, 319.5, 0.0, 0.0, 525.0, 239.5, 0.0, 0.0, 0.0, 1.0, 0.0]
        self._camera = CameraInfo(height=HEIGHT, width=WIDTH, k=k, p=p, d=[0.0] * 5)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """Publish no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            due = max(due + 1 / RATE, time.monotonic() - 1)
            self._stop.wait(max(0.0, due - time.monotonic()))
            now = time.time_ns()
            stamp = Time(sec=now // 10**9, nanosec=now % 10**9)
            self._message.header = self._camera.header = Header(stamp=stamp, frame_id="camera")
            self._info.publish(self._camera)
            self._image.publish(self._message)
            self.sent += 1


class Soak:
    """One run."""

    def __init__(self, session: RosSession, process: subprocess.Popen[bytes], model: Path) -> None:
        """Listen to the node."""
        self.report = Report(0.0)
        self._node = session.node
        self._process = process
        self._model = model
        self._values: dict[str, str] = {}
        self._reports = 0
        self._other: Any = None
        self._node.create_subscription(DiagnosticArray, f"{NAMESPACE}/diagnostics", self._take, 10)
        self._node.create_subscription(Image, f"{NAMESPACE}/depth/image_rect", self._take_depth, 10)
        self._change = self._node.create_client(ChangeState, f"{NAMESPACE}/depth_node/change_state")
        self._set = self._node.create_client(
            SetParameters, f"{NAMESPACE}/depth_node/set_parameters"
        )
        self._camera = Camera(self._node)

    def run(self, minutes: float) -> Report:
        """Run for so long and return what was found."""
        self._wait(lambda: self._values.get("state") == "active", "the node to be active")
        events = self._events()
        start = time.monotonic()
        self._camera.start()
        try:
            while not self.report.faults and (
                time.monotonic() - start < 60 * minutes or len(self.report.samples) < TWO_ROUNDS
            ):
                next(events)()
                self._go_on()
                self.report.samples.append(self._sample(time.monotonic() - start))
        finally:
            self._camera.stop()
        self.report.minutes = round((time.monotonic() - start) / 60, 2)
        self._settle()
        return self.report

    def _go_on(self) -> None:
        """Let frames pass, and see that depth comes of them."""
        depths, sent = self.report.depths, self._camera.sent
        self._wait(lambda: self.report.depths > depths, "further depth")
        self._wait(lambda: self._camera.sent > sent + PAUSE * RATE, "further images")

    def _events(self) -> Iterator[Callable[[], None]]:
        """Return what happens to the node, over and over; a round ends where it began."""
        while True:
            yield lambda: self._transit("deactivate", "activate")
            yield lambda: self._parameter("model", str(self._model))
            yield self._listen
            yield lambda: self._parameter("depth_size", "frame")
            yield lambda: self._transit("deactivate", "cleanup", "configure", "activate")
            yield lambda: self._parameter("depth_size", "network")
            yield self._unlisten
            yield lambda: None

    def _transit(self, *labels: str) -> None:
        for label in labels:
            request = ChangeState.Request(transition=Transition(label=label))
            if not self._ask(self._change, request).success:
                self.report.faults.append(f"the transition {label} failed")
            self.report.transitions += 1

    def _parameter(self, name: str, value: str) -> None:
        parameter = Parameter(name, value=value).to_parameter_msg()
        result = self._ask(self._set, SetParameters.Request(parameters=[parameter])).results[0]
        if not result.successful:
            self.report.faults.append(f"{name} was refused: {result.reason}")
        self.report.swaps += name == "model"

    def _listen(self) -> None:
        self._other = self._node.create_subscription(
            PointCloud2, f"{NAMESPACE}/depth/points", lambda _: None, qos_profile_sensor_data
        )

    def _unlisten(self) -> None:
        self._node.destroy_subscription(self._other)

    def _ask(self, client: Any, request: Any) -> Any:
        self._wait(client.service_is_ready, f"the service {client.srv_name}")
        future = client.call_async(request)
        self._wait(future.done, f"an answer of {client.srv_name}")
        return future.result()

    def _settle(self) -> None:
        """Compare what was counted, and what is held now with the first round."""
        report, seen = self.report, self._reports
        self._wait(
            lambda: self._reports > seen + 1 and self._values.get("in_flight") == "0", "quiet"
        )
        counted = {key: int(value) for key, value in self._values.items() if _is_counter(key)}
        report.sent = self._camera.sent
        report.received, report.published = counted["received"], counted["published"]
        report.dropped = {
            key.removeprefix("dropped."): n
            for key, n in counted.items()
            if key.startswith("dropped.") and n
        }
        if report.received != report.published + sum(report.dropped.values()):
            report.faults.append("the counters do not add up")
        odd = set(report.dropped) - {"overwritten", "deactivated", "no_listener"}
        if odd:
            report.faults.append(f"frames were dropped for {', '.join(sorted(odd))}")
        if report.depths > report.published:
            report.faults.append("more depth came than was published")
        self._compare()

    def _compare(self) -> None:
        samples = self.report.samples
        if len(samples) < TWO_ROUNDS:
            return  # a fault ended the run
        first, last = samples[8:16], samples[-8:]
        for what, most in (("memory_kib", MOST_GROWTH_KIB), ("threads", 0), ("files", 0)):
            before = median(getattr(sample, what) for sample in first)
            after = median(getattr(sample, what) for sample in last)
            if after > before + most:
                self.report.faults.append(f"{what} grew from {before:g} to {after:g}")

    def _sample(self, seconds: float) -> Sample:
        proc = Path(f"/proc/{self._process.pid}")
        text = (proc / "status").read_text(encoding="utf-8")
        found = {
            k: int(v) for k, v in re.findall(r"^(RssAnon|Threads):\s+(\d+)", text, re.MULTILINE)
        }
        files = len(list((proc / "fd").iterdir()))
        return Sample(round(seconds, 1), found["RssAnon"], found["Threads"], files)

    def _take(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._values = {pair.key: pair.value for pair in status.values}
            counted = {k: int(v) for k, v in self._values.items() if _is_counter(k)}
            causes = sum(n for k, n in counted.items() if k.startswith("dropped."))
            if counted["received"] != counted["published"] + causes + counted["in_flight"]:
                self.report.faults.append(f"a report does not add up: {counted}")
        self._reports += 1

    def _take_depth(self, message: Image) -> None:
        del message
        self.report.depths += 1

    def _wait(self, condition: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if self._process.poll() is not None:
                msg = f"the node ended with {self._process.returncode}"
                raise SystemExit(msg)
            if time.monotonic() > end:
                msg = f"waited {PATIENCE:g} s in vain for {what}"
                raise SystemExit(msg)
            time.sleep(0.02)


def _is_counter(key: str) -> bool:
    return key in {"received", "published", "in_flight"} or key.startswith("dropped.")


@contextmanager
def running(model: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run the node; it must end by itself when told to."""
    command = [sys.executable, "-m", "fastdepth_ros.depth_node", "--ros-args"]
    command += ["-r", f"__ns:={NAMESPACE}", "-r", f"/diagnostics:={NAMESPACE}/diagnostics"]
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(
        [*command, "-p", f"model:={model}"], env=os.environ | environment | {"PYTHONPATH": path}
    )
    try:
        yield process
        process.terminate()  # SIGINT is ignored where a shell started this in the background
        if process.wait(PATIENCE):
            msg = f"the node ended with {process.returncode}"
            raise SystemExit(msg)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def main(argv: list[str] | None = None) -> int:
    """Run, print and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--model", type=Path, help="ONNX file; the package's own if not given")
    parser.add_argument("--json", type=Path, help="also write what was found to this file")
    arguments = parser.parse_args(argv)
    model = arguments.model or default_model()
    with tempfile.TemporaryDirectory(prefix="fastdepth_soak_") as scratch:
        environment = ros_environment(Path(scratch))
        with (
            RosSession("soak", environment) as session,
            running(model, node_variables(environment)) as process,
        ):
            report = Soak(session, process, model).run(arguments.minutes)
            if arguments.json is not None:
                write_json(arguments.json, asdict(report))
    first, last = report.samples[0], report.samples[-1]
    print(
        f"{report.minutes:g} minutes, {report.transitions} transitions, {report.swaps} swaps\n"
        f"sent {report.sent}, received {report.received}, published {report.published}, "
        f"dropped {json.dumps(report.dropped)}\n"
        f"memory {first.memory_kib} to {last.memory_kib} KiB, threads {first.threads} to "
        f"{last.threads}, files {first.files} to {last.files}"
    )
    for fault in report.faults:
        print(f"FAULT: {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
