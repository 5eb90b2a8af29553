"""Measure what the node adds to inference: CPU time a frame from image message to depth message.

The network is replaced by one that returns a stored depth image, everything else is the node's own
code. One thread; medians.

    python tools/bench_depth_path.py [--frames N] [--encoding rgb8] [--size 640x480] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median
from time import thread_time_ns

import cv2
import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from fastdepth.card import InputSpec, ModelCard
from fastdepth.estimator import DepthEstimator
from fastdepth.files import write_json
from fastdepth.frame import F32Array
from fastdepth.masks import DepthMask
from fastdepth.messages import COLOUR_ENCODINGS, camera_from_info
from fastdepth_ros.cdr import read_image
from fastdepth_ros.memory import keep_memory
from fastdepth_ros.node.decoder import ImageDecoder
from fastdepth_ros.node.moulds import DepthMoulds
from fastdepth_ros.pipeline import DepthResult
from fastdepth_ros.processing import DepthMaker

NETWORK = 224  # pixels, width and height
STAGES = ("read", "decode", "prepare and mask", "make messages")


class NoEngine:
    """Returns the same depth for every input, at no cost."""

    description = "none"

    def __init__(self, depth: F32Array) -> None:
        """Keep the 1x1xHxW depth."""
        self._depth = depth

    def run(self, tensor: F32Array) -> F32Array:
        """Return the stored depth."""
        del tensor
        return self._depth


def make_messages(width: int, height: int, encoding: str) -> tuple[bytes, CameraInfo]:
    """Return a frame of noise, serialised, and its camera_info."""
    step = width * COLOUR_ENCODINGS[encoding][1]
    noise = np.random.default_rng(0).integers(0, 256, step * height, np.uint8)
    header = Header(frame_id="camera")
    image = Image(header=header, height=height, width=width, encoding=encoding, step=step)
    image.data = noise.tobytes()
    f, cx, cy = 0.9 * width, (width - 1) / 2, (height - 1) / 2
    info = CameraInfo(header=header, height=height, width=width, d=[0.0] * 5)
    info.k = [f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0]
    info.p = [f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return serialize_message(image), info


def measure(image: bytes, info: CameraInfo, frames: int) -> dict[str, float]:
    """Return the median CPU milliseconds of each stage and of the whole."""
    spec = InputSpec(NETWORK, NETWORK, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    card = ModelCard("bench", "1", spec, focal_length=(200.0, 200.0), depth_range=(0.1, 10.0))
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.05, 11.0, (1, 1, NETWORK, NETWORK)).astype(np.float32)
    maker = DepthMaker(DepthEstimator(NoEngine(depth), card), mask=DepthMask(*card.depth_range))
    decode, moulds = ImageDecoder(), DepthMoulds()
    times: list[list[int]] = []
    for _ in range(frames):
        marks = [thread_time_ns()]
        message = read_image(image)
        marks.append(thread_time_ns())
        pixels = decode(message)
        camera = camera_from_info(info)
        marks.append(thread_time_ns())
        made = maker.make(pixels, camera)
        marks.append(thread_time_ns())
        result = DepthResult(message.header, pixels, made, info)
        moulds.image(result, "32FC1")
        moulds.camera_info(result)
        marks.append(thread_time_ns())
        times.append(marks)
    spans = np.diff(np.array(times), axis=1) / 1e6
    medians = dict(zip(STAGES, np.median(spans, axis=0).tolist(), strict=True))
    return medians | {"total": median(spans.sum(axis=1).tolist())}


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--encoding", choices=sorted(COLOUR_ENCODINGS), default="rgb8")
    parser.add_argument("--size", default="640x480", help="WIDTHxHEIGHT of the frame")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args(argv)
    width, height = map(int, args.size.split("x"))
    keep_memory()
    cv2.setNumThreads(1)
    result = measure(*make_messages(width, height, args.encoding), args.frames)
    title = f"{width}x{height} {args.encoding} -> {NETWORK}x{NETWORK} 32FC1"
    print(f"{title}, {args.frames} frames, OpenCV {cv2.__version__}, NumPy {np.__version__}")
    for name, value in result.items():
        print(f"  {name:<18} {value:7.3f} ms of CPU")
    if args.json is not None:
        figures = {name.replace(" ", "_"): value for name, value in result.items()}
        write_json(args.json, {"frame": title, "frames": args.frames, "cpu_ms": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
