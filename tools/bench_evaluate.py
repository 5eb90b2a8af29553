"""Measure how near `fastdepth evaluate` comes to bare inference, and its memory by bag length.

A VGA bag is generated for each length (raw colour and 16-bit depth, or packed with --packed, which
a long one needs) and evaluated by a process of its own, on one CPU, with everything that is written
by default. The same process runs `DepthEstimator.predict_frame` in a loop before and after. What is
compared is CPU time a frame, which other programs on the machine change less than wall time; the
evaluation's is from opening bag and model to the finished report. Medians over the rounds.

    python tools/bench_evaluate.py --seconds 60 [--seconds 600 --packed] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np

from fastdepth.bags import BagWriter
from fastdepth.bags.making import CAMERA_INFO_TOPIC, DEPTH_TOPIC, IMAGE_TOPIC
from fastdepth.bags.topics import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE
from fastdepth.camera import Intrinsics
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation import Options, evaluate_source
from fastdepth.files import write_json
from fastdepth.frame import Frame
from fastdepth.messages import image_fields, intrinsics_fields
from fastdepth.paths import default_model

SIZE = (640, 480)
CAMERA = Intrinsics(*SIZE, 520.0, 520.0, 319.5, 239.5)
RATE = 30
_SCENES = 30
_BARE_FRAMES = 200


def scenes() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pictures and depth in millimetres: smooth surfaces with noise, like a camera's."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    for _ in range(_SCENES):
        coarse = rng.integers(0, 256, (12, 16, 3), np.uint8)
        image = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
        image = cv2.add(image, rng.integers(0, 6, image.shape, np.uint8))
        depth = cv2.resize(rng.uniform(800, 6000, (6, 8)), SIZE, interpolation=cv2.INTER_LINEAR)
        depth[rng.random((height, width)) < 0.2] = 0
        yield image, depth.astype(np.uint16)


def write_bag(path: Path, seconds: float, *, packed: bool) -> int:
    """Write the bag; return how many frames it has."""
    prepared = [_fields(image, depth, packed=packed) for image, depth in scenes()]
    camera = intrinsics_fields(CAMERA)
    count = round(seconds * RATE)
    with BagWriter(path) as bag:
        for number in range(count):
            at = 1_000_000_000 + number * 1_000_000_000 // RATE
            second, nanosecond = divmod(at, 1_000_000_000)
            header = {"stamp": {"sec": second, "nanosec": nanosecond}, "frame_id": "camera"}
            for topic, kind, fields in prepared[number % _SCENES]:
                bag.write(topic, kind, at, header=header, **fields)
            bag.write(CAMERA_INFO_TOPIC, CAMERA_INFO, at, header=header, **camera)
    return count


def _fields(
    image: np.ndarray, depth: np.ndarray, *, packed: bool
) -> list[tuple[str, str, dict[str, Any]]]:
    if packed:
        jpeg = bytes(cv2.imencode(".jpg", image)[1])
        # compressedDepth: a header of twelve bytes, zero for integers, before the PNG
        png = struct.pack("<iff", 0, 0, 0) + bytes(cv2.imencode(".png", depth)[1])
        return [
            (f"{IMAGE_TOPIC}/compressed", COMPRESSED_IMAGE, {"format": "jpeg", "data": jpeg}),
            (
                f"{DEPTH_TOPIC}/compressedDepth",
                COMPRESSED_IMAGE,
                {"format": "16UC1; compressedDepth png", "data": png},
            ),
        ]
    height, width = depth.shape
    fields = {"height": height, "width": width, "encoding": "16UC1", "step": 2 * width}
    return [
        (IMAGE_TOPIC, IMAGE, image_fields(image)),
        (DEPTH_TOPIC, IMAGE, fields | {"data": depth.tobytes()}),
    ]


def bare_milliseconds(estimator: DepthEstimator) -> float:
    """Return the mean CPU time of one prediction on one thread."""
    frames = [Frame(image, None, CAMERA) for image, _ in scenes()]
    start = process_time()
    for number in range(_BARE_FRAMES):
        estimator.predict_frame(frames[number % len(frames)])
    return 1000 * (process_time() - start) / _BARE_FRAMES


def evaluate(bag: Path, model: Path, out: Path, record_rate: float) -> dict[str, Any]:
    """Evaluate the bag in this process, between two measurements of bare inference."""
    estimator = DepthEstimator.load(model, threads=1)
    before = bare_milliseconds(estimator)
    options = Options(model, threads=1, record_rate=record_rate)
    start, cpu = perf_counter(), process_time()
    figures = evaluate_source(bag, options, out, lambda *_: None, lambda: False)
    cpu, seconds = process_time() - cpu, perf_counter() - start
    return {
        "frames": figures["frames"],
        "wall_ms": 1000 * seconds / figures["total"],
        "cpu_ms": 1000 * cpu / figures["total"],
        "bare_ms": (before + bare_milliseconds(estimator)) / 2,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages_ms": figures["ms"],
    }


def measure(args: argparse.Namespace, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the medians for a bag of this length."""
    bag = folder / f"bag_{seconds:g}"
    frames = write_bag(bag, seconds, packed=args.packed)
    command = [sys.executable, str(Path(__file__).resolve()), "--evaluate", str(bag)]
    command += ["--model", str(args.model), "--folder", str(folder / "out")]
    runs = []
    for _ in range(args.rounds):
        done = subprocess.run(
            [*command, "--record-rate", str(args.record_rate)],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            preexec_fn=_on_one_cpu,
        )
        runs.append(json.loads(done.stdout))
        shutil.rmtree(folder / "out")
    medians = {
        key: median(run[key] for run in runs)
        for key in ("wall_ms", "cpu_ms", "bare_ms", "peak_mib")
    }
    return {
        "seconds_of_bag": seconds,
        "frames": frames,
        **medians,
        "share_of_bare_rate": median(run["bare_ms"] / run["cpu_ms"] for run in runs),
        "runs": runs,
    }


def _on_one_cpu() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, action="append", help="length of a bag; repeat")
    parser.add_argument("--rounds", type=int, default=3, help="evaluations of each bag")
    parser.add_argument("--packed", action="store_true", help="JPEG and PNG instead of raw")
    parser.add_argument("--record-rate", type=float, default=2.0, help="as of fastdepth evaluate")
    parser.add_argument("--model", type=Path, help="default: the package's own")
    parser.add_argument("--folder", type=Path, help="where the bags go for the time being")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--evaluate", type=Path, metavar="BAG", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    args.model = args.model or default_model()
    if args.evaluate:
        found = evaluate(args.evaluate, args.model, args.folder, args.record_rate)
        print(json.dumps(found))
        return 0
    results = []
    load = os.getloadavg()[0]
    print(f"load before: {load:.2f}, {os.cpu_count()} CPUs, {args.model}")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for seconds in args.seconds or [60.0]:
            result = measure(args, Path(folder), seconds)
            results.append(result)
            print(
                f"{seconds:6.0f} s  {result['frames']:6d} frames   CPU a frame: bare inference "
                f"{result['bare_ms']:.2f} ms, evaluation {result['cpu_ms']:.2f} ms: "
                f"{result['share_of_bare_rate']:.0%} of the bare rate   "
                f"wall {result['wall_ms']:.2f} ms   peak {result['peak_mib']:.0f} MiB"
            )
    if args.json is not None:
        write_json(args.json, {"load": load, "cpus": os.cpu_count(), "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
