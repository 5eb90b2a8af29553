"""`fastdepth evaluate SOURCE`: score a model on frames with ground truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastdepth.cli.common import add_model_arguments, metric_lines, model_path, track
from fastdepth.errors import OutputError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluate import Evaluation, evaluate
from fastdepth.files import write_json
from fastdepth.protocols import ALIGNMENTS, PROTOCOLS
from fastdepth.sources import open_source


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    if args.json is not None and args.json.is_dir():
        msg = f"cannot write {args.json}: it is a folder; name a file"
        raise OutputError(msg)
    source = open_source(
        args.source,
        split=args.split,
        image=args.image,
        camera_info=args.camera_info,
        depth=args.depth,
        max_dt=args.max_dt,
    )
    model = model_path(args)
    estimator = DepthEstimator.load(model, threads=args.threads, camera_aware=args.camera_aware)
    evaluation = Evaluation(args.protocol, args.align)
    scored = evaluate(source, estimator.predict_frame, evaluation)
    for _ in track(scored, len(source), "evaluating"):
        pass
    result = {
        **evaluation.result(),
        "model": estimator.card.name,
        "model_version": estimator.card.version,
        "model_file": str(model),
        "source": source.name,
        "split": args.split,
        "camera_aware": args.camera_aware,
    }
    print(
        f"{estimator.card.name} {estimator.card.version} on {source.name}\n"
        f"protocol {args.protocol}, alignment {args.align}, {result['frames']} frames"
    )
    for reason, count in evaluation.skipped.items():
        print(f"  not scored: {count} ({reason})")
    print("\n".join(metric_lines(result)))
    if args.json is not None:
        write_json(args.json, result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth evaluate",
        description="Score a model on a bag, a data set or a folder of frames with ground truth.",
    )
    parser.add_argument(
        "source",
        type=Path,
        help="a bag, a TUM RGB-D folder, an NYU Depth V2 folder in the Kaggle layout or one of "
        "its CSV files",
    )
    parser.add_argument("--split", help="which list of a data set: reads data/nyu2_SPLIT.csv")
    topics = parser.add_argument_group("bags", "topics are found by type and name unless given")
    topics.add_argument("--image", help="topic of the images")
    topics.add_argument("--camera-info", help="topic of their camera_info")
    topics.add_argument("--depth", help="topic of the ground truth, registered to the images")
    topics.add_argument(
        "--max-dt",
        type=float,
        default=0.02,
        help="most seconds between an image and its ground truth (default: 0.02)",
    )
    parser.add_argument(
        "--protocol",
        choices=sorted(PROTOCOLS),
        default="full",
        help="which pixels count: fastdepth and eigen are for NYU frames of 640x480, full is "
        "every measured pixel (default)",
    )
    parser.add_argument(
        "--align",
        choices=ALIGNMENTS,
        default="none",
        help="scale each prediction to the ground truth first (default: none)",
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    add_model_arguments(parser)
    return parser
