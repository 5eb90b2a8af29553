"""`fastdepth bag info|play|from-tum|from-images|to-folder`: look into, play and make rosbags."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from fastdepth.bags import BagReader, BagWriter, find_topics
from fastdepth.bags.making import count_tum, write_pictures, write_tum
from fastdepth.cli.common import add_topic_arguments, parse_intrinsics, progress, track
from fastdepth.cli.main import Verb, load
from fastdepth.errors import BagError
from fastdepth.sources import BagSource, PicturesSource, TumSource, cache_source

PLAY = Verb("fastdepth_ros.bag_play", "ros", "publish the messages of a bag, as they were recorded")


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    if argv and argv[0] == "play":  # the one that needs ROS
        return load("bag play", PLAY)(argv[1:])
    args = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = args.command
    return command(args)


def _info(args: argparse.Namespace) -> int:
    with BagReader(args.bag) as bag:
        seconds = (bag.end - bag.start) / 1e9
        print(f"{bag.path}")
        packed = f", compressed with {bag.compression}" if bag.compression else ""
        print(f"  storage      {bag.storage}{packed}")
        print(f"  recorded by  {bag.distro or 'unknown'}")
        print(f"  start        {_date(bag.start)}")
        print(f"  duration     {seconds:.3f} s")
        print(f"  messages     {bag.message_count}")
        width = max((len(topic.name) for topic in bag.topics), default=0)
        for topic in bag.topics:
            rate = f"{(topic.count - 1) / seconds:8.2f} Hz" if topic.count > 1 and seconds else ""
            latched = "latched" if topic.latched else ""
            line = f"  {topic.name:<{width}}  {topic.type:<28} {topic.count:>7} {rate} {latched}"
            print(line.rstrip())
        try:
            topics = find_topics(bag)
        except BagError:
            print("frames: none (no image topic)")
            return 0
        print("frames:")
        for name, value in topics._asdict().items():
            print(f"  {name:<12} {value or 'none'}")
    return 0


def _from_tum(args: argparse.Namespace) -> int:
    source = TumSource(args.folder)
    if source.camera is None:
        print(
            f"fastdepth bag: the camera of {args.folder} is not known, so the bag gets no "
            "camera_info; put `fx fy cx cy` into intrinsics.txt there to have it",
            file=sys.stderr,
        )
    with BagWriter(args.out, args.storage, compress=args.compress) as bag:
        for _ in track(write_tum(bag, source), count_tum(source), "writing"):
            pass
    print(
        f"{args.out}: {len(source.images)} images, {len(source.depths)} depth images, "
        f"{source.pairs} pairs within 20 ms"
    )
    return 0


def _from_images(args: argparse.Namespace) -> int:
    source = PicturesSource(args.folder, intrinsics=args.intrinsics)
    with BagWriter(args.out, args.storage, compress=args.compress) as bag:
        for _ in track(write_pictures(bag, source, args.rate), len(source), "writing"):
            pass
    print(f"{args.out}: {len(source)} images at {args.rate:g} Hz")
    return 0


def _to_folder(args: argparse.Namespace) -> int:
    bag = BagSource(
        args.bag,
        image=args.image,
        camera_info=args.camera_info,
        depth=args.depth,
        max_dt=args.max_dt,
    )
    with progress(len(bag), "decoding") as show:
        folder = cache_source(bag, args.out, show)
    print(f"{args.out}: {len(folder)} frames with depth, of {len(bag)} images")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bag", description="Look into, play and make rosbags."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    info = verbs.add_parser("info", help="print what a bag holds and which topics make its frames")
    info.add_argument(
        "bag", type=Path, help="a rosbag2 folder, or an .mcap, .db3 or ROS 1 .bag file"
    )
    info.set_defaults(command=_info)

    verbs.add_parser("play", help=PLAY.help)

    tum = verbs.add_parser(
        "from-tum",
        help="make a bag of a TUM RGB-D folder",
        description="Make a bag of a TUM RGB-D folder: images, camera_info and depth (32FC1, "
        "metres) with their own stamps.",
    )
    tum.add_argument("folder", metavar="DIR", type=Path, help="folder with rgb.txt and depth.txt")
    tum.set_defaults(command=_from_tum)

    images = verbs.add_parser(
        "from-images",
        help="make a bag of pictures",
        description="Make a bag of pictures, in the order of their names, at a steady rate.",
    )
    images.add_argument("folder", metavar="DIR", type=Path, help="a folder of pictures")
    images.add_argument("--rate", metavar="HZ", type=_rate, required=True, help="pictures a second")
    images.add_argument(
        "--intrinsics",
        metavar="FX,FY,CX,CY",
        type=parse_intrinsics,
        help="of the camera, pixels; the bag then has camera_info",
    )
    images.set_defaults(command=_from_images)

    folder = verbs.add_parser(
        "to-folder",
        help="decode the frames of a bag that have depth",
        description="Decode the frames of a bag that have registered depth into a folder with "
        "rgb/ (JPEG), depth/ (16-bit PNG, millimetres) and intrinsics.txt, to train on or to look "
        "at.",
    )
    folder.add_argument("bag", metavar="BAG", type=Path, help="as for info")
    folder.add_argument("out", metavar="OUT", type=Path, help="folder to make; must not exist")
    add_topic_arguments(folder)
    folder.set_defaults(command=_to_folder)

    for verb in (tum, images):
        verb.add_argument("out", metavar="OUT", type=Path, help="folder to make; must not exist")
        verb.add_argument(
            "--storage",
            choices=["mcap", "sqlite3"],
            default="mcap",
            help="mcap (default of ROS 2 since Iron) or sqlite3 (Humble)",
        )
        verb.add_argument("--compress", action="store_true", help="compress with zstd")
    return parser


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        msg = f"{text!r} is no rate; expected a positive number of hertz"
        raise argparse.ArgumentTypeError(msg)
    return rate


def _date(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):  # clocks that do not count from 1970
        return f"{seconds}.{rest:09d} s"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03d} UTC ({seconds}.{rest:09d} s)"
