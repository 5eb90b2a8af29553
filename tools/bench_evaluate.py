"""Measure how near `fastdepth evaluate` comes to bare inference, and its memory by bag length.

A VGA bag is generated for each length (raw colour and 16-bit depth, or packed with --packed, which
a long one needs), evaluated by a process of its own, and compared with a loop over
`DepthEstimator.predict_frame` on one thread, run before and after each. Medians.

    python tools/bench_evaluate.py --seconds 60 [--seconds 600 --packed] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from fastdepth.bags import BagWriter
from fastdepth.bags.making import CAMERA_INFO_TOPIC, DEPTH_TOPIC, IMAGE_TOPIC
from fastdepth.bags.topics import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE
from fastdepth.camera import Intrinsics
from fastdepth.estimator import DepthEstimator
from fastdepth.files import write_json
from fastdepth.frame import Frame
from fastdepth.messages import image_fields, intrinsics_fields
from fastdepth.paths import default_model

SIZE = (640, 480)
CAMERA = Intrinsics(*SIZE, 520.0, 520.0, 319.5, 239.5)
RATE = 30
_SCENES = 30
_BARE_FRAMES = 200

# Runs in a process of its own, so that its memory is its own. Prints a line of JSON.
_CHILD = """
import json, resource, sys
from pathlib import Path
from fastdepth.evaluation import Options, evaluate_source
bag, model, out, rate = sys.argv[1:]
options = Options(Path(model), threads=1, record_rate=float(rate))
figures = evaluate_source(Path(bag), options, Path(out), lambda *_: None, lambda: False)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "frames": figures["frames"], "seconds": figures["seconds"], "ms": figures["ms"],
    "peak_mib": usage.ru_maxrss / 1024, "cpu_seconds": usage.ru_utime + usage.ru_stime,
}))
"""


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
    """Return the median wall time of one prediction on one thread."""
    frames = [Frame(image, None, CAMERA) for image, _ in scenes()]
    times = []
    for number in range(_BARE_FRAMES):
        start = perf_counter()
        estimator.predict_frame(frames[number % len(frames)])
        times.append(perf_counter() - start)
    return 1000 * median(times)


def measure(args: argparse.Namespace, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the medians for a bag of this length."""
    bag = folder / f"bag_{seconds:g}"
    frames = write_bag(bag, seconds, packed=args.packed)
    estimator = DepthEstimator.load(args.model, threads=1)
    bare, runs = [bare_milliseconds(estimator)], []
    for _ in range(args.rounds):
        command = [sys.executable, "-c", _CHILD, str(bag), str(args.model), str(folder / "out")]
        done = subprocess.run(
            [*command, str(args.record_rate)], check=True, capture_output=True, text=True
        )
        runs.append(json.loads(done.stdout))
        bare.append(bare_milliseconds(estimator))
    each = median(1000 * run["seconds"] / frames for run in runs)
    return {
        "seconds_of_bag": seconds,
        "frames": frames,
        "bare_ms": median(bare),
        "bare_ms_all": bare,
        "evaluate_ms": each,
        "share_of_bare_rate": median(bare) / each,
        "peak_mib": median(run["peak_mib"] for run in runs),
        "cpu_ms": median(1000 * run["cpu_seconds"] / frames for run in runs),
        "stages_ms": runs[-1]["ms"],
    }


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, action="append", help="length of a bag; repeat")
    parser.add_argument("--rounds", type=int, default=3, help="evaluations of each bag")
    parser.add_argument("--packed", action="store_true", help="JPEG and PNG instead of raw")
    parser.add_argument("--record-rate", type=float, default=5.0, help="as of fastdepth evaluate")
    parser.add_argument("--model", type=Path, help="default: the package's own")
    parser.add_argument("--folder", type=Path, help="where the bags go for the time being")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args(argv)
    args.model = args.model or default_model()
    results = []
    load = os.getloadavg()[0]
    print(f"load before: {load:.2f}, {os.cpu_count()} CPUs, {args.model}")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for seconds in args.seconds or [60.0]:
            result = measure(args, Path(folder), seconds)
            results.append(result)
            print(
                f"{seconds:6.0f} s  {result['frames']:6d} frames   "
                f"bare {result['bare_ms']:.2f} ms  evaluate {result['evaluate_ms']:.2f} ms  "
                f"({result['share_of_bare_rate']:.0%} of the bare rate)   "
                f"CPU {result['cpu_ms']:.2f} ms  peak {result['peak_mib']:.0f} MiB"
            )
    if args.json is not None:
        write_json(args.json, {"load": load, "cpus": os.cpu_count(), "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
