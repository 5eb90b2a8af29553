"""`fastdepth evaluate SOURCE`: score a model on frames with ground truth."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastdepth.cli.common import (
    add_model_arguments,
    add_topic_arguments,
    metric_lines,
    model_path,
    track,
)
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
        raw_depth=args.raw_depth,
        root=args.root,
        units_per_metre=args.units_per_metre,
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
        "raw_depth": args.raw_depth,
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
        help="a bag; a TUM RGB-D folder; NYU Depth V2 in the Kaggle layout (folder or CSV), as "
        "nyu_depth_v2_labeled.mat, as HDF5 files, or as a text list `rgb depth focal`; SUN RGB-D; "
        "a folder with rgb/, depth/ and intrinsics.txt (docs/data.md tells more)",
    )
    sets = parser.add_argument_group("data sets")
    sets.add_argument("--split", help="which part of it: train, val, test ... as it has them")
    sets.add_argument(
        "--raw-depth",
        action="store_true",
        help="the sensor's own depth, where there is also one with its holes filled (.mat, SUN)",
    )
    sets.add_argument(
        "--root", type=Path, help="folder that the names in a text list start at (default: found)"
    )
    sets.add_argument(
        "--units-per-metre",
        type=int,
        help="of the depth pictures of a text list or of a folder with rgb/ and depth/ "
        "(default: 1000)",
    )
    add_topic_arguments(parser)
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
