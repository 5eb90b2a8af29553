"""`fastdepth demo [BAG]`: play a bag through the real node over DDS and score what comes out."""

from __future__ import annotations

import argparse
import math
import signal
from pathlib import Path
from types import FrameType

from fastdepth.cli.common import add_model_arguments, model_path, track
from fastdepth.errors import SourceError
from fastdepth.paths import find_shared
from fastdepth_ros.demo.run import DemoOptions, run_demo

SAMPLE = "samples/rooms"


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    options = DemoOptions(
        bag=args.bag or _sample(),
        model=model_path(args),
        out=args.out,
        rate=args.rate,
        image=args.image,
        camera_info=args.camera_info,
        depth=args.depth,
        threads=args.threads,
        camera_aware=args.camera_aware,
    )
    heading = f"playing {options.bag} through {options.model}, {options.rate:g} times real time"
    print(heading)  # noqa: T201 - the verb's output
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        report, files = run_demo(options, track)
    finally:
        signal.signal(signal.SIGTERM, before)
    print("\n".join(report.lines(options.out, files)))  # noqa: T201 - the verb's output
    return 0


def _sample() -> Path:
    path = find_shared(SAMPLE)
    if path is None:
        msg = f"the sample bag {SAMPLE} is not installed; name a bag: fastdepth demo BAG"
        raise SourceError(msg)
    return path


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End like on Ctrl-C, so that the node is ended and nothing half-written stays."""
    raise KeyboardInterrupt


def _rate(text: str) -> float:
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        msg = f"{text} is not a positive number"
        raise argparse.ArgumentTypeError(msg)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth demo",
        description="Start the depth node, play a bag to it in real time over DDS, record its "
        "depth, score it against the depth in the bag, and draw it.",
    )
    parser.add_argument(
        "bag", nargs="?", type=Path, help="rosbag (default: the sample that comes with the package)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/demo"),
        help="folder for the results (default: out/demo); that of an earlier demo is replaced",
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=1.0,
        help="how fast to play: 2 is twice as fast as recorded (default: 1)",
    )
    for name, what in (
        ("image", "the camera images"),
        ("camera-info", "their camera_info"),
        ("depth", "the ground truth"),
    ):
        parser.add_argument(
            f"--{name}", metavar="TOPIC", help=f"topic of {what} (default: found by type and name)"
        )
    add_model_arguments(parser)
    return parser
