"""Measure what the node costs beside the bare network: CPU time a frame, and latency.

A camera in this process publishes images at a steady rate to the node, a process of its own. In
turn with it, for as many frames at the same rate and with the same threads, another process runs
the network alone on a stored input (`engine`), and everything from the pixels to the depth image
but no ROS (`predict`). So all three see the same machine. Medians over the rounds:

    CPU       of the node's whole process for each image published, over that of engine and predict
    latency   from an image's receipt to its depth being published, over the time of both

    python tools/bench_node.py [--rounds 7] [--seconds 5] [--rate 30] [--model FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from fastdepth.camera import Intrinsics
from fastdepth.files import write_json
from fastdepth.messages import Pixels
from fastdepth.paths import default_model
from fastdepth.preprocess import Preprocessor
from fastdepth_ros.demo.environment import ros_environment
from fastdepth_ros.demo.session import RosSession
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.rig import assemble
from fastdepth_ros.settings import Settings

NAMESPACE = f"/bench_{os.getpid()}"  # so that no other node of this domain is meant
WIDTH, HEIGHT = 640, 480
K = (525.0, 525.0, 319.5, 239.5)
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[1]


def noise() -> np.ndarray[Any, Any]:
    """Return a picture."""
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def paced(count: int, rate: float, work: Callable[[], None]) -> None:
    """Do something so many times at a rate."""
    due = time.perf_counter()
    for _ in range(count):
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        work()


def bare(model: Path, threads: int, rate: float) -> int:
    """Serve the other process: for each line with a number of frames, measure and answer."""
    keep_memory()
    cv2.setNumThreads(1)
    rig = assemble(Settings(model=str(model), threads=threads))
    engine, maker = rig.model.estimator.engine, rig.plan.maker
    pixels, camera = Pixels(noise(), "rgb"), Intrinsics(WIDTH, HEIGHT, *K)
    tensor = Preprocessor(rig.model.card.input)(pixels.array)[0].copy()
    kinds = (lambda: engine.run(tensor), lambda: maker.make(pixels, camera))
    print("ready", flush=True)
    for line in sys.stdin:
        figures = []
        for work in kinds:
            cpu, wall = [], []

            def timed(work: Callable[[], Any] = work, cpu: Any = cpu, wall: Any = wall) -> None:
                begun, start = time.process_time(), time.perf_counter()
                work()
                cpu.append(1e3 * (time.process_time() - begun))
                wall.append(1e3 * (time.perf_counter() - start))

            paced(int(line), rate, timed)
            figures += [sum(cpu) / len(cpu), median(wall)]
        print(*figures, flush=True)
    return 0


class Bench:
    """The camera, the listener, and the two processes that are measured."""

    def __init__(self, arguments: argparse.Namespace, environment: dict[str, str]) -> None:
        """Start everything."""
        self._arguments = arguments
        self._session = RosSession("bench", environment)
        node = self._session.node
        self._image = node.create_publisher(Image, f"{NAMESPACE}/image", qos_profile_sensor_data)
        self._info = node.create_publisher(
            CameraInfo, f"{NAMESPACE}/camera_info", qos_profile_sensor_data
        )
        self._values: dict[str, str] = {}
        self._reports = 0
        node.create_subscription(DiagnosticArray, f"{NAMESPACE}/diagnostics", self._take, 10)
        self.depths = 0
        node.create_subscription(
            Image, f"{NAMESPACE}/depth/image_rect", self._take_depth, 10, raw=True
        )
        node.create_subscription(
            CameraInfo, f"{NAMESPACE}/depth/camera_info", lambda _: None, 10, raw=True
        )
        fx, fy, cx, cy = K
        self._camera = CameraInfo(width=WIDTH, height=HEIGHT, d=[0.0] * 5)
        self._camera.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
        self._camera.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
        data = array("B", noise().tobytes())
        self._frame = Image(width=WIDTH, height=HEIGHT, encoding="rgb8", step=3 * WIDTH, data=data)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        variables = os.environ | environment | {"PYTHONPATH": path}
        self._node = subprocess.Popen(self._command(), env=variables, stdout=subprocess.DEVNULL)
        self._bare = subprocess.Popen(
            [sys.executable, __file__, "--bare", *self._common()],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self) -> list[dict[str, float]]:
        """Return the figures of every round."""
        arguments = self._arguments
        assert self._bare.stdin is not None  # noqa: S101 - for the type checker
        assert self._bare.stdout is not None  # noqa: S101
        self._bare.stdout.readline()
        self._wait(lambda: self._values.get("state") == "active", "the node to be active")
        count = round(arguments.seconds * arguments.rate)
        paced(count, arguments.rate, self._publish)
        rounds = []
        for _ in range(arguments.rounds):
            cpu, depths = self._cpu(), self.depths
            paced(count, arguments.rate, self._publish)
            self._wait(lambda: self._values.get("in_flight") == "0", "the last depth")
            published = self.depths - depths
            figures = {
                "published": published,
                "cpu": 1e3 * (self._cpu() - cpu) / max(published, 1),
                "latency": float(self._values["latency_median_ms"]),
                "infer": float(self._values["infer_ms"]),
            }
            self._bare.stdin.write(f"{count}\n")
            self._bare.stdin.flush()
            measured = map(float, self._bare.stdout.readline().split())
            names = ("engine_cpu", "engine_time", "predict_cpu", "predict_time")
            figures |= dict(zip(names, measured, strict=True))
            for name in ("engine", "predict"):
                figures[f"cpu_over_{name}"] = figures["cpu"] / figures[f"{name}_cpu"]
                figures[f"latency_over_{name}"] = figures["latency"] / figures[f"{name}_time"]
            rounds.append(figures)
            print(
                f"{published}/{count} published; CPU {figures['cpu']:.2f} ms, engine "
                f"{figures['engine_cpu']:.2f}, predict {figures['predict_cpu']:.2f}; latency "
                f"{figures['latency']:.2f} ms, engine {figures['engine_time']:.2f}, predict "
                f"{figures['predict_time']:.2f}",
                flush=True,
            )
        return rounds

    def close(self) -> None:
        """End everything."""
        if self._bare.stdin is not None:
            self._bare.stdin.close()
        self._bare.wait(PATIENCE)
        self._node.terminate()  # SIGINT is ignored where a shell started this in the background
        try:
            self._node.wait(PATIENCE)
        finally:
            self._node.kill()
            self._session.close()

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "fastdepth_ros.depth_node", "--ros-args"]
        command += ["-r", f"__ns:={NAMESPACE}", "-r", f"/diagnostics:={NAMESPACE}/diagnostics"]
        model, threads = self._arguments.model, self._arguments.threads
        return [*command, "-p", f"model:={model}", "-p", f"threads:={threads}"]

    def _common(self) -> list[str]:
        arguments = self._arguments
        return [f"--{name}={getattr(arguments, name)}" for name in ("model", "threads", "rate")]

    def _publish(self) -> None:
        now = time.time_ns()
        stamp = Time(sec=now // 10**9, nanosec=now % 10**9)
        self._frame.header = self._camera.header = Header(stamp=stamp, frame_id="camera")
        self._info.publish(self._camera)
        self._image.publish(self._frame)

    def _cpu(self) -> float:
        """Return the CPU seconds of the node's process (clock_getcpuclockid(3) on Linux)."""
        return time.clock_gettime((~self._node.pid << 3) | 2)

    def _take(self, message: DiagnosticArray) -> None:
        self._values = {pair.key: pair.value for pair in message.status[0].values}

    def _take_depth(self, message: bytes) -> None:
        del message
        self.depths += 1

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if self._node.poll() is not None or time.monotonic() > end:
                msg = f"waited in vain for {what}"
                raise SystemExit(msg)
            time.sleep(0.02)


def main(argv: list[str] | None = None) -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--rate", type=float, default=30.0, help="images a second")
    parser.add_argument("--threads", type=int, default=1, help="of the engine")
    parser.add_argument("--model", type=Path, help="ONNX file; the package's own if not given")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    arguments.model = arguments.model or default_model()
    if arguments.bare:
        return bare(arguments.model, arguments.threads, arguments.rate)
    with tempfile.TemporaryDirectory(prefix="fastdepth_bench_") as scratch:
        bench = Bench(arguments, ros_environment(Path(scratch)))
        try:
            rounds = bench.run()
        finally:
            bench.close()
    result = {name: median(figures[name] for figures in rounds) for name in rounds[0]}
    print(f"medians of {len(rounds)} rounds of {arguments.seconds:g} s at {arguments.rate:g} Hz:")
    for name in ("engine", "predict"):
        print(
            f"  over {name:<8} CPU x {result[f'cpu_over_{name}']:.2f}, "
            f"latency x {result[f'latency_over_{name}']:.2f}"
        )
    if arguments.json is not None:
        write_json(arguments.json, {"medians": result, "rounds": rounds})
    return 0


if __name__ == "__main__":
    sys.exit(main())
