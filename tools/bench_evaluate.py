"""Measure how near `fastdepth evaluate` comes to bare inference, and its memory by bag length.

A VGA bag is generated for each length (raw colour and 16-bit depth, or packed with --packed, which
a long one needs) and evaluated with everything that is written by default, by processes of their
own: in turn one that may use a single CPU and one that may use all. Each also runs
`DepthEstimator.predict_frame` in a loop on one thread, before and after. The evaluation's time is
from opening bag and model to the finished report.

* On one CPU what is compared is CPU time a frame, which other programs change less than wall time.
* On all CPUs it is wall time: the rate at which frames are evaluated over the rate of bare
  inference on one core. That needs a machine with nothing else to do. Given besides is the rate
  between the first frame and the last, without opening and reporting.

Medians over the rounds.

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
from array import array
from collections.abc import Iterator
from functools import partial
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


def bare(estimator: DepthEstimator) -> dict[str, float]:
    """Return wall time and CPU time of one prediction on one thread, milliseconds."""
    frames = [Frame(image, None, CAMERA) for image, _ in scenes()]
    start, cpu = perf_counter(), process_time()
    for number in range(_BARE_FRAMES):
        estimator.predict_frame(frames[number % len(frames)])
    cpu, seconds = process_time() - cpu, perf_counter() - start
    return {"wall_ms": 1000 * seconds / _BARE_FRAMES, "cpu_ms": 1000 * cpu / _BARE_FRAMES}


def evaluate(bag: Path, model: Path, out: Path, record_rate: float) -> dict[str, Any]:
    """Evaluate the bag in this process, between two measurements of bare inference."""
    cv2.setNumThreads(1)
    estimator = DepthEstimator.load(model, threads=1)
    before = bare(estimator)
    options = Options(model, threads=1, record_rate=record_rate)
    shown = array("d")
    start, cpu = perf_counter(), process_time()
    figures = evaluate_source(
        bag, options, out, lambda *_: shown.append(perf_counter()), lambda: False
    )
    cpu, seconds = process_time() - cpu, perf_counter() - start
    after = bare(estimator)
    return {
        "frames": figures["frames"],
        "wall_ms": 1000 * seconds / figures["total"],
        "cpu_ms": 1000 * cpu / figures["total"],
        "steady_wall_ms": 1000 * (shown[-1] - shown[0]) / (len(shown) - 1),
        "before_first_frame_ms": 1000 * (shown[0] - start),
        "after_last_frame_ms": 1000 * (start + seconds - shown[-1]),
        "bare_wall_ms": (before["wall_ms"] + after["wall_ms"]) / 2,
        "bare_cpu_ms": (before["cpu_ms"] + after["cpu_ms"]) / 2,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages_ms": figures["ms"],
    }


def measure(args: argparse.Namespace, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the medians for a bag of this length: on one CPU, and on all where there are more."""
    bag = folder / f"bag_{seconds:g}"
    frames = write_bag(bag, seconds, packed=args.packed)
    command = [sys.executable, str(Path(__file__).resolve()), "--evaluate", str(bag)]
    command += ["--model", str(args.model), "--folder", str(folder / "out")]
    usable = sorted(os.sched_getaffinity(0))
    subjects = {"one_cpu": {usable[0]}}
    if len(usable) > 1:
        subjects["all_cpus"] = set(usable)
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in subjects}
    for _ in range(args.rounds):
        for name, cpus in subjects.items():
            done = subprocess.run(
                [*command, "--record-rate", str(args.record_rate)],
                check=True,
                capture_output=True,
                text=True,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                preexec_fn=partial(os.sched_setaffinity, 0, cpus),
            )
            runs[name].append(json.loads(done.stdout))
            shutil.rmtree(folder / "out")
    return {
        "seconds_of_bag": seconds,
        "frames": frames,
        **{name: _medians(found) for name, found in runs.items()},
        "runs": runs,
    }


def _medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    keys = [key for key, value in runs[0].items() if isinstance(value, float)]
    return {
        **{key: median(run[key] for run in runs) for key in keys},
        "share_of_bare_by_cpu": median(run["bare_cpu_ms"] / run["cpu_ms"] for run in runs),
        "share_of_bare_by_wall": median(run["bare_wall_ms"] / run["wall_ms"] for run in runs),
        "share_of_bare_steady": median(run["bare_wall_ms"] / run["steady_wall_ms"] for run in runs),
    }


def lines(result: dict[str, Any]) -> Iterator[str]:
    """Yield what was found for one bag as text."""
    one = result["one_cpu"]
    yield (
        f"{result['seconds_of_bag']:6.0f} s, {result['frames']} frames, peak {one['peak_mib']:.0f} "
        f"MiB"
    )
    yield (
        f"  one CPU, by CPU time:   bare inference {one['bare_cpu_ms']:.2f} ms, evaluation "
        f"{one['cpu_ms']:.2f} ms a frame: {one['share_of_bare_by_cpu']:.0%} of the bare rate"
    )
    if (every := result.get("all_cpus")) is None:
        return
    yield (
        f"  all CPUs, by wall time: bare inference {every['bare_wall_ms']:.2f} ms, evaluation "
        f"{every['wall_ms']:.2f} ms a frame: {every['share_of_bare_by_wall']:.0%} of the bare rate "
        f"of one core; {every['share_of_bare_steady']:.0%} from the first frame to the last "
        f"({every['before_first_frame_ms']:.0f} ms before, {every['after_last_frame_ms']:.0f} ms "
        f"after); peak {every['peak_mib']:.0f} MiB"
    )


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, action="append", help="length of a bag; repeat")
    parser.add_argument(
        "--rounds", type=int, default=3, help="evaluations of each bag, of either kind"
    )
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
            print("\n".join(lines(result)), flush=True)
    if args.json is not None:
        write_json(args.json, {"load": load, "cpus": os.cpu_count(), "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
